"""Intervals of shares, and how many rows they take."""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

FEW = 20
"""Below so many rows a share is too little known to be shown."""


@dataclass(frozen=True)
class Share:
    """A share with its interval; `said` is a few words for people."""

    value: float
    low: float
    high: float
    rows: int

    @property
    def said(self) -> str:
        """As ``"0.871 (0.827 to 0.905) on 286"``."""
        if self.rows < FEW:
            return f"too few to say ({self.rows})"
        return f"{self.value:.3f} ({self.low:.3f} to {self.high:.3f}) on {self.rows:,}"


def wilson(k: float, n: float, level: float = 0.95) -> tuple[float, float]:
    """Return Wilson's interval (1927) of a share, k of n;
    k and n may be fractions, as those of weighted rows are.

    Examples
    --------
    >>> low, high = wilson(81, 263)
    >>> print(f"{low:.4f} to {high:.4f}")
    0.2553 to 0.3662
    """
    _counts(k, n)
    if n == 0:
        return 0.0, 1.0
    z = quantile(level)
    centre, width = k + z * z / 2, z * math.sqrt(k * (n - k) / n + z * z / 4)
    # At the ends the bounds are 0 and 1 exactly; rounding must not say otherwise.
    low = 0.0 if k == 0 else max(0.0, (centre - width) / (n + z * z))
    return low, 1.0 if k == n else min(1.0, (centre + width) / (n + z * z))


def clopper_pearson(k: float, n: float, level: float = 0.95) -> tuple[float, float]:
    """Return Clopper and Pearson's exact interval (1934) of a share, k of n.

    Examples
    --------
    >>> low, high = clopper_pearson(0, 100)
    >>> print(f"{low:.4f} to {high:.4f}")
    0.0000 to 0.0362
    """
    from scipy.special import betaincinv

    _counts(k, n)
    tail = (1 - _level(level)) / 2
    low = 0.0 if k == 0 else float(betaincinv(k, n - k + 1, tail))
    return low, 1.0 if k == n else float(betaincinv(k + 1, n - k, 1 - tail))


def prevalence(k: int, n: int) -> str:
    """Return in words how common a class is, from k of n rows chosen at random.

    Examples
    --------
    >>> prevalence(0, 150)
    'below 2.0%: none in 150 rows'
    >>> prevalence(6, 150)
    '4.0% (1.5% to 8.5%) of 150 rows'
    """
    _counts(k, n)
    if n == 0:
        return "not known: no rows"
    if k == 0:
        return f"below {min(1.0, 3 / n):.1%}: none in {n:,} rows"
    low, high = clopper_pearson(k, n)
    return f"{k / n:.1%} ({low:.1%} to {high:.1%}) of {n:,} rows"


def rows_for_margin(value: float, margin: float = 0.05, level: float = 0.95) -> int:
    """Return the fewest rows for which Wilson's interval of this share is at
    most so far from its middle.
    """
    if not 0 < margin < 1 or not 0 <= value <= 1:
        raise ValueError(f"value is {value} and margin {margin}; accepted are shares, a margin above 0 and below 1")

    def wide(n: int) -> bool:
        low, high = wilson(value * n, n, level)
        return high - low > 2 * margin

    return _fewest(wide)


def rows_for_lower(accuracy: float, level: float = 0.95) -> int:
    """Return the fewest rows with which the lower end can reach this accuracy at all:
    all of them right.
    """
    if not 0 < accuracy < 1:
        raise ValueError(f"accuracy is {accuracy}; accepted is above 0 and below 1")
    return _fewest(lambda n: wilson(n, n, level)[0] < accuracy)


def quantile(level: float) -> float:
    """Return how many standard errors an interval of this level reaches to each side."""
    return NormalDist().inv_cdf((1 + _level(level)) / 2)


def _fewest(too_few: Callable[[int], bool]) -> int:
    most = 1
    while too_few(most):
        most *= 2
    least = most // 2
    while most - least > 1:
        middle = (least + most) // 2
        least, most = (middle, most) if too_few(middle) else (least, middle)
    return most


def _level(level: float) -> float:
    if not 0 < level < 1:
        raise ValueError(f"level is {level}; accepted is above 0 and below 1, as 0.95")
    return level


def _counts(k: float, n: float) -> None:
    if not (n >= 0 and 0 <= k <= n and math.isfinite(n)):
        raise ValueError(f"k is {k} and n is {n}; accepted are 0 or more, and k at most n")
