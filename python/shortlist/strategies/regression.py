"""What a regressor says of a pool, block by block."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from shortlist.strategies.asking import check_rows, pool_of

if TYPE_CHECKING:
    from shortlist.rows.blocks import ChunkSize, Progress
    from shortlist.strategies.choice import Array


def mean_and_std(
    regressor: Any,
    X: Any,
    chunk_size: ChunkSize = "auto",
    progress: Progress = None,
    kwargs: dict[str, Any] | None = None,
) -> tuple[Array, Array]:
    """Return predicted means and standard deviations, one of each a row.

    Raises
    ------
    TypeError
        If ``predict`` of the model does not take ``return_std=True``.
    """
    pool = pool_of(regressor, X, chunk_size, progress)
    means, stds = [], []
    for first, block in pool:
        try:
            mean, std = regressor.predict(block, return_std=True, **(kwargs or {}))
        except TypeError as error:
            if "return_std" not in str(error):
                raise
            name = type(getattr(regressor, "estimator", regressor)).__name__
            raise TypeError(
                f"predict of {name} does not take return_std=True; use a GaussianProcessRegressor, a BayesianRidge, "
                "or several models in a CommitteeRegressor"
            ) from error
        if len(pool) > 1:
            check_rows(np.reshape(mean, -1), block, first)
        means.append(np.reshape(mean, -1))
        stds.append(np.reshape(std, -1))
    return np.concatenate(means), np.concatenate(stds)
