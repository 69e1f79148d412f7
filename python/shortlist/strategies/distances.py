"""Features of rows, and distances that the core does not compute: plain blocks, no N x N matrix."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, TypeAlias

import numpy as np
from sklearn.metrics import pairwise_distances

from shortlist.rows import count, kind, span

Array = np.ndarray[Any, Any]
Metric: TypeAlias = str | Callable[..., Any]
CELLS = 2**21

_CORE = {
    "euclidean": "euclidean",
    "l2": "euclidean",
    "sqeuclidean": "sqeuclidean",
    "cosine": "cosine",
    "manhattan": "manhattan",
    "cityblock": "manhattan",
    "l1": "manhattan",
}


def features(model: Any, X: Any) -> Any:
    """Return rows as a matrix: transformed where the learner says so, and flattened."""
    if getattr(model, "on_transformed", False):
        X = model.transform_without_estimating(X)
    if kind(X) == "sparse":
        return X.tocsr()
    try:
        matrix = np.asarray(X)
        if matrix.dtype.kind in "USmM":
            raise TypeError(f"they are {matrix.dtype}")
        if matrix.dtype.kind == "O":
            matrix = matrix.astype(np.float64)
    except (TypeError, ValueError) as error:
        raise TypeError(
            f"this strategy compares rows as numbers, and some of these are none: {str(error).rstrip('.')}. {_remedy(model)}"
        ) from error
    return matrix.reshape(len(matrix), -1)


def _remedy(model: Any) -> str:
    if getattr(model, "on_transformed", False):
        return "The steps before the last one of the learner's pipeline must make numbers of them"
    return (
        "Make the learner with on_transformed=True and a Pipeline whose first steps make numbers of the rows, "
        "or give it rows of numbers"
    )


def labelled_features(model: Any) -> Any:
    """Return the rows a learner has been taught as a matrix; None without any."""
    known = getattr(model, "X_training", None)
    return features(model, known) if known is not None and count(known) else None


def core_metric(metric: Metric, n_jobs: int | None = None) -> Metric:
    """Return the core's name of a metric, or ``pairwise_distances`` for one it doesn't have."""
    if isinstance(metric, str) and metric in _CORE:
        return _CORE[metric]
    return partial(pairwise_distances, metric=metric, n_jobs=n_jobs)


def reduced(A: Any, B: Any, metric: Metric, n_jobs: int | None, reduce: Callable[[Array], Array]) -> Array:
    """Return ``reduce(distances to B)`` for each row of `A`, in blocks of `CELLS` numbers."""
    rows, step = count(A), max(1, CELLS // max(1, count(B), A.shape[1]))
    out = np.empty(rows)
    for first in range(0, rows, step):
        stop = min(first + step, rows)
        out[first:stop] = reduce(pairwise_distances(span(A, first, stop), B, metric=metric, n_jobs=n_jobs))
    return out
