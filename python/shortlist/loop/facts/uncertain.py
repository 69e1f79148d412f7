"""How uncertain a model is in each group of the pool."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

UNCERTAINTY = "least_confident"
"""1 less the highest probability: with probabilities that can be trusted,
how often the model is wrong.
"""
PIECE = 1 << 20


def sums_by_group(
    values: NDArray[Any], codes: NDArray[np.int32], groups: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the sum of the values of each group, and how many rows it has.

    Examples
    --------
    >>> import numpy as np
    >>> sums_by_group(np.array([0.5, 0.25, 0.25]), np.array([1, 0, 1], dtype=np.int32), 2)
    (array([0.25, 0.75]), array([1., 2.]))
    """
    sums, counts = np.zeros(groups), np.zeros(groups)
    for start in range(0, len(values), PIECE):
        mine, part = codes[start : start + PIECE][: len(values) - start], values[start : start + PIECE]
        sums += np.bincount(mine, weights=part, minlength=groups)
        counts += np.bincount(mine, minlength=groups)
    return sums, counts
