"""Whether a strategy's score finds what the model gets wrong."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from shortlist.loop.facts.intervals import quantile

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

FEWEST_ERRORS = 10
"""Errors, and rows without, below which the area is too little known."""


@dataclass(frozen=True)
class Ranking:
    """How often a row that the model gets wrong scores above one that it gets right:
    the area under the ROC curve.

    Attributes
    ----------
    auroc, low, high : float
        0.5 is what chance gives; DeLong's 95% interval (1988).
    rows, errors : int
    """

    auroc: float
    low: float
    high: float
    rows: int
    errors: int

    @property
    def said(self) -> str:
        """What to make of it."""
        text = f"{self.auroc:.2f} ({self.low:.2f} to {self.high:.2f}) on {self.rows:,} rows, {self.errors:,} of them errors"
        if min(self.errors, self.rows - self.errors) < FEWEST_ERRORS:
            return f"too few to say: {self.errors:,} errors on {self.rows:,} rows"
        if self.high < 0.5:
            return f"{text}: the strategy picks what the model gets right; take random"
        return f"{text}: no better than chance; take random" if self.low <= 0.5 else text


def auroc(scores: ArrayLike, errors: ArrayLike) -> Ranking | None:
    """Return how well scores tell the model's errors; None where it makes none, or nothing else.

    Parameters
    ----------
    scores : array-like of shape (n,)
        What the strategy makes of each validation row: higher is picked sooner. Turn round those of
        measures where the lowest are picked.
    errors : array-like of bool, shape (n,)
        Whether the model is wrong on the row.

    Examples
    --------
    >>> auroc([0.9, 0.8, 0.3, 0.1], [True, False, True, False]).auroc
    0.75
    """
    from scipy.stats import rankdata

    s, wrong = np.asarray(scores, dtype=np.float64), np.asarray(errors, dtype=np.bool)
    if s.ndim != 1 or s.shape != wrong.shape:
        raise ValueError(f"scores have shape {s.shape} and errors {wrong.shape}; accepted is one each a row")
    if np.isnan(s).any():
        raise ValueError(f"the score of row {int(np.argmax(np.isnan(s)))} is NaN; accepted are numbers")
    m, n = int(wrong.sum()), int((~wrong).sum())
    if not m or not n:
        return None
    ranks = rankdata(s)
    # For each row the share of the other kind that it is above, or for one without error below;
    # ties count half.
    above = (ranks[wrong] - rankdata(s[wrong])) / n
    below = 1 - (ranks[~wrong] - rankdata(s[~wrong])) / m
    value = float(above.mean())
    spread = (above.var(ddof=1) / m if m > 1 else 0.25) + (below.var(ddof=1) / n if n > 1 else 0.25)
    reach = quantile(0.95) * math.sqrt(float(spread))
    return Ranking(value, max(0.0, value - reach), min(1.0, value + reach), m + n, m)
