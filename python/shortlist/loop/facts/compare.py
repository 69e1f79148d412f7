"""Whether one model is better than another on the same rows."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from shortlist.loop.facts.intervals import quantile

if TYPE_CHECKING:
    from numpy.typing import ArrayLike


@dataclass(frozen=True)
class Comparison:
    """How much more often the first model is right than the second.

    Attributes
    ----------
    difference, low, high : float
        Accuracy of the first less that of the second, with its 95% interval.
    p : float
        Of McNemar's exact test: how likely so uneven a split of the rows on which one alone is
        right would be if both were as good.
    rows : int
    """

    difference: float
    low: float
    high: float
    p: float
    rows: int

    @property
    def said(self) -> str:
        """As ``"0.018 (-0.004 to 0.040)"``."""
        return f"{self.difference:.3f} ({self.low:.3f} to {self.high:.3f})"


def mcnemar(a_right: ArrayLike, b_right: ArrayLike, weights: ArrayLike | None = None) -> Comparison:
    """Compare two models by which rows each gets right.

    Parameters
    ----------
    a_right, b_right : array-like of bool, shape (n,)
        For each row whether the first, and the second model is right.
    weights : array-like of shape (n,), optional
        How many equal rows each stands for.

    Notes
    -----
    The interval is that of Agresti and Min (2005): Wald's after half a row is added to each of the
    four cells. The test is exact (binomial) and counts each row once.

    Examples
    --------
    >>> a, b = [True] * 80 + [False] * 20, [True] * 70 + [False] * 15 + [True] * 5 + [False] * 10
    >>> mcnemar(a, b).said
    '0.050 (-0.027 to 0.125)'
    """
    a, b = _bools(a_right, "a_right"), _bools(b_right, "b_right")
    if len(a) != len(b):
        raise ValueError(f"a_right has {len(a)} rows and b_right {len(b)}; accepted are the same rows of both")
    if not len(a):
        raise ValueError("a_right has no rows; accepted is one or more")
    w = multiplicities(weights, len(a))
    effective = float(w.sum() ** 2 / (w * w).sum())
    only_a, only_b = (float(w[one & ~other].sum() / w.sum()) for one, other in ((a, b), (b, a)))
    n = effective + 2
    p_a, p_b = (only_a * effective + 0.5) / n, (only_b * effective + 0.5) / n
    middle, error = p_a - p_b, math.sqrt(max(0.0, p_a + p_b - (p_a - p_b) ** 2) / n)
    reach = quantile(0.95) * error
    split = int((a & ~b).sum()), int((b & ~a).sum())
    return Comparison(only_a - only_b, max(-1.0, middle - reach), min(1.0, middle + reach), _sign_test(*split), len(a))


def _sign_test(one: int, other: int) -> float:
    """Return how likely so uneven a split, or a more uneven one, is by tossing a coin."""
    n = one + other
    # In whole numbers, and without SciPy, which takes longer to import than the status of a loop
    # may.
    return min(1.0, 2 * sum(math.comb(n, k) for k in range(min(one, other) + 1)) / (1 << n))


def multiplicities(weights: ArrayLike | None, rows: int) -> Any:
    """Return how many rows each stands for, as float64: one where nothing is said."""
    if weights is None:
        return np.ones(rows)
    w = np.asarray(weights, dtype=np.float64)
    if w.shape != (rows,):
        raise ValueError(f"weights have shape {w.shape}; accepted is one for each of {rows} rows")
    bad = np.flatnonzero(~((w > 0) & np.isfinite(w)))
    if len(bad):
        raise ValueError(f"the weight of row {bad[0]} is {w[bad[0]]}; accepted is above 0")
    return w


def _bools(values: ArrayLike, name: str) -> Any:
    array = np.asarray(values)
    if array.ndim != 1 or (len(array) and not np.isin(array, (0, 1)).all()):
        raise ValueError(f"{name} is not one True or False a row; accepted is just that")
    return array.astype(np.bool)
