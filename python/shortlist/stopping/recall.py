"""A rule about how many of the wanted rows were found, from rows drawn at random."""

from __future__ import annotations

import math

from shortlist.arguments import whole
from shortlist.stopping.limits import inside
from shortlist.stopping.rule import Round, Rule


class Recall(Rule):
    """Stop once it is unlikely that fewer than a share of the wanted rows were found.

    Parameters
    ----------
    recall : float
        Share of all wanted rows of the pool that is to be found, above 0 and below 1.
    risk : float, default=0.05
        How likely stopping too soon may be.
    last : int, optional
        Go by the last so many rows of the random part alone; fixed before anything is seen. By
        default by all.

    Raises
    ------
    ValueError, TypeError
        `recall` or `risk` is not above 0 and below 1, or `last` not a whole number of at least 1.

    Notes
    -----
    Callaghan and Müller-Hansen (2020), "Statistical stopping criteria for automated screening in
    systematic reviews". If the recall were missed, more than ``found / recall`` rows would be
    wanted, and those not yet found lie in what is left. The value is the probability that so few of
    the drawn rows would be wanted then: hypergeometric. The paper draws once the strategy has
    ended. Rows drawn between its queries, too, only make the rule more careful, as long as what the
    strategy picks later is at least as rich in wanted rows as what it leaves; `last` keeps to the
    most recent ones. It takes many: with 200 rows found and a recall of 0.95, about a quarter of
    what is left has to be drawn.

    Examples
    --------
    >>> from shortlist import stopping
    >>> rule = stopping.Recall(0.9, 0.05)
    >>> rule.update(labels=800, found=180, left=420, random_part=[False] * 40)
    False
    >>> rule.update(labels=850, found=180, left=350, random_part=[False] * 110)
    True
    """

    needs = ("found", "left", "random_part")

    def __init__(self, recall: float, risk: float = 0.05, last: int | None = None) -> None:
        super().__init__()
        self.recall = inside(recall, "recall", above=0, below=1)
        self.risk = inside(risk, "risk", above=0, below=1)
        self.last = None if last is None else whole(last, "last", least=1)

    def judge(self, seen: Round) -> tuple[float, bool]:
        """Compute the probability of as few wanted rows among those drawn;
        NaN where too few were drawn.
        """
        found, left, drawn = (self.given(seen, name) for name in self.needs)
        positive = int(drawn.sum())
        if found < positive:
            raise ValueError(
                f"found is {found} and random_part has {positive} wanted rows; accepted is that many or more"
            )
        if self.last is not None:
            if len(drawn) < self.last:
                return math.nan, False
            drawn = drawn[-self.last :]
            positive = int(drawn.sum())
        if not found or not len(drawn):
            return math.nan, False
        value = chance_of_missing(found, left, len(drawn), positive, self.recall)
        return value, value < self.risk

    def describe(self) -> str:
        """Name the share and the risk."""
        return f"recall {self.recall:g} at risk {self.risk:g}"


def chance_of_missing(found: int, left: int, drawn: int, positive: int, recall: float) -> float:
    """Return how likely so few positives among the drawn rows are if the
    recall is missed by one row.

    Parameters
    ----------
    found : int
        Wanted rows known in all, those drawn included.
    left : int
        Rows that have no label.
    drawn, positive : int
        Rows drawn at random, out of these and of what is left; how many of them were wanted.
    recall : float
        The share to be found.
    """
    from scipy.stats import hypergeom

    # The fewest wanted rows there can be if the recall is missed; 1e-9 for quotients that are whole
    # but for rounding.
    in_all = math.floor(found / recall + 1e-9) + 1
    unknown_and_drawn = in_all - (found - positive)
    population = left + drawn
    if unknown_and_drawn > population - (drawn - positive):
        return 0.0  # more than there is room for: the recall can't be missed
    return float(hypergeom.cdf(positive, population, unknown_and_drawn, drawn))
