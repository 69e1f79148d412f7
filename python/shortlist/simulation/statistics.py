"""Intervals and tests over repeats that are paired across strategies."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.stats import wilcoxon

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Array = NDArray[np.float64]

RESAMPLES = 2000
LEVEL = 0.95


def resampled_means(values: Array, seed: int = 0) -> Array:
    """Return means over resampled repeats, ``(RESAMPLES, points)``,
    of values of shape ``(repeats, points)``.

    The resamples depend on the number of repeats and the seed alone: those of two strategies are
    paired.
    """
    repeats = len(values)
    drawn = np.random.default_rng(seed).integers(repeats, size=(RESAMPLES, repeats))
    weights = np.zeros((RESAMPLES, repeats))
    np.add.at(weights, (np.arange(RESAMPLES)[:, None], drawn), 1.0 / repeats)
    # einsum, not a matrix product: its order of summation does not depend on threads.
    means: Array = np.einsum("br,rt->bt", weights, values)
    return means


def interval(resampled: Array) -> tuple[Array, Array]:
    """Return the percentile interval of a statistic over resamples along
    the first axis (Efron 1979).
    """
    tail = 50 * (1 - LEVEL)
    # "lower" and "higher" take values that are there: infinity, for a target that is not reached,
    # stays infinity.
    low = np.percentile(resampled, tail, axis=0, method="lower")
    return low, np.percentile(resampled, 100 - tail, axis=0, method="higher")


def mean_interval(values: Any) -> tuple[float, float, float]:
    """Return the mean of one value a repeat, and its bootstrap interval."""
    column = np.asarray(values, dtype=np.float64)[:, None]
    low, high = interval(resampled_means(column))
    return float(column.mean()), float(low[0]), float(high[0])


def signed_rank(differences: Any) -> float:
    """Return the p value of Wilcoxon's two-sided signed-rank test (1945) on paired differences;
    1 where all are 0.
    """
    values = np.asarray(differences, dtype=np.float64)
    if len(values) <= 13:
        # SciPy is exact here, from 1.15 on with zeros too; before, it warned and approximated.
        values = values[values != 0]
    return float(wilcoxon(values).pvalue) if np.any(values != 0) else 1.0


def holm(p_values: Sequence[float]) -> list[float]:
    """Return p values adjusted for their number by Holm's step-down rule (1979)."""
    order = sorted(range(len(p_values)), key=lambda i: p_values[i])
    adjusted, highest = [0.0] * len(p_values), 0.0
    for rank, i in enumerate(order):
        highest = max(highest, min(1.0, (len(p_values) - rank) * p_values[i]))
        adjusted[i] = highest
    return adjusted
