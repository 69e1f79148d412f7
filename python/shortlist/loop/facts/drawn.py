"""How good a model is on rows that it never saw,
from those that were picked by it and labelled since.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from shortlist.loop.facts.intervals import FEW, wilson

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike


@dataclass(frozen=True)
class Drawn:
    """The accuracy of a model from rows that it picked, with its 95% interval.

    Attributes
    ----------
    model : int
    value, low, high : float
    rows : int
        Picked rows with an answer.
    random : int
        Those of them that were drawn at random: it is these that the estimate rests on.
    """

    model: int
    value: float
    low: float
    high: float
    rows: int
    random: int

    @property
    def said(self) -> str:
        """As ``"0.853 (0.700 to 0.936) on 190 rows that model 6 picked, 30 of them at random"``."""
        return (
            f"{self.value:.3f} ({self.low:.3f} to {self.high:.3f}) on {self.rows:,} rows that model {self.model} picked, "
            f"{self.random:,} of them at random"
        )


def drawn_estimate(model: int, rounds: Sequence[tuple[ArrayLike, ArrayLike, int]]) -> Drawn | str:
    """Estimate the accuracy of a model on the rows that nobody had been asked about;
    or say why that can't be done.

    Parameters
    ----------
    model : int
        Its number.
    rounds : sequence of (right, random, candidates)
        For each closed round that the model picked, the first one first: of each row with an answer
        whether the model is right, and whether the row was drawn at random; and how many rows could
        be picked. The model must not have been trained on any of them.

    Notes
    -----
    A round draws its random rows before the strategy takes the best of what is left. So each random
    row speaks evenly for all rows that were left at its turn, and what was labelled before speaks
    for itself: a draw gives the losses known by then plus its own times the rows left. That is the
    unbiased estimate of Farquhar, Gal and Rainforth (2021) with an even propensity, and the value
    is the mean over all draws. Picks of the strategy have no share in the draw, and count only as
    rows that are known to the draws of later rounds. The interval is Wilson's of as many rows as
    were drawn. Whether anything is said depends on that number alone: an estimate that is shown
    once some rows are wrong would be too low.

    Examples
    --------
    >>> right, random = [True] * 27 + [False] * 3 + [False] * 70, [True] * 30 + [False] * 70
    >>> drawn_estimate(6, [(right, random, 5000)]).said
    '0.901 (0.744 to 0.966) on 100 rows that model 6 picked, 30 of them at random'
    """
    estimates: list[float] = []
    lost = known = 0
    for right, random, candidates in rounds:
        wrong, drawn = ~np.asarray(right, dtype=np.bool), np.asarray(random, dtype=np.bool)
        explored = wrong[drawn].astype(np.float64)
        left = candidates - np.arange(len(explored), dtype=np.float64)
        before = lost + np.concatenate([[0.0], np.cumsum(explored)])[: len(explored)]
        estimates += ((explored * left + before) / (left + known + np.arange(len(explored)))).tolist()
        lost, known = lost + int(wrong.sum()), known + len(wrong)
    if not known:
        return f"no closed round was picked by model {model} yet"
    if len(estimates) < FEW:
        return (
            f"too few to say: {len(estimates):,} of the {known:,} answered rows that model {model} picked were drawn at random, "
            f"and it takes {FEW}"
        )
    n = len(estimates)
    value = min(1.0, max(0.0, 1 - sum(estimates) / n))
    return Drawn(model, value, *wilson(value * n, n), known, n)
