"""Rules about an estimate with an interval: a target that is surely reached,
and people's own agreement.
"""

from __future__ import annotations

import math

from shortlist.arguments import whole
from shortlist.stopping.limits import inside
from shortlist.stopping.rule import Round, Rule


class TargetLower(Rule):
    """Stop once the lower end of the interval of the model's accuracy reaches a target.

    Parameters
    ----------
    accuracy : float
        The target, above 0 and below 1.

    Raises
    ------
    ValueError, TypeError
        `accuracy` is not such a number.

    Notes
    -----
    A score above the target may be luck; the lower end of a 95% interval is so by luck in one of
    forty looks. Looking after each round makes luck likelier: join the rule to `Patience`. Where
    there is no estimate yet, give NaN.

    Examples
    --------
    >>> from shortlist import stopping
    >>> rule = stopping.TargetLower(0.9)
    >>> rule.update(labels=400, low=0.893)
    False
    >>> print(rule)
    go on at 400 labels: lower end of accuracy 0.9 (at 0.893)
    """

    needs = "low"

    def __init__(self, accuracy: float) -> None:
        super().__init__()
        self.accuracy = inside(accuracy, "accuracy", above=0, below=1)

    def judge(self, seen: Round) -> tuple[float, bool]:
        """Compare the lower end with the target."""
        low: float = self.given(seen)
        return low, low >= self.accuracy

    def describe(self) -> str:
        """Name the target."""
        return f"lower end of accuracy {self.accuracy:g}"


class AgreementCeiling(Rule):
    """Stop once the model agrees with people as well as they agree with each other.

    Parameters
    ----------
    slack : float, default=0
        The model may be this much worse.
    rows : int, default=30
        Rows labelled by two people or more below which their agreement is too little known.

    Raises
    ------
    ValueError, TypeError
        `slack` is not a number from 0 to below 1, or `rows` not a whole number of at least 1.

    Notes
    -----
    Compared are the lower end of the interval of the model's accuracy against people's labels, and
    the share of pairs of people who gave a row the same label. Labels can't tell a better model
    from this one: beyond, they measure the people.

    Examples
    --------
    >>> from shortlist import stopping
    >>> rule = stopping.AgreementCeiling()
    >>> rule.update(labels=400, low=0.86, agreement=0.91, agreement_rows=50)
    False
    >>> rule.update(labels=600, low=0.92, agreement=0.91, agreement_rows=60)
    True
    """

    needs = ("low", "agreement", "agreement_rows")

    def __init__(self, slack: float = 0.0, rows: int = 30) -> None:
        super().__init__()
        self.slack = inside(slack, "slack", least=0, below=1)
        self.rows = whole(rows, "rows", least=1)

    def judge(self, seen: Round) -> tuple[float, bool]:
        """Take the people's agreement from the model's:
        that is the value, NaN while too little is known.
        """
        low, agreement, rows = (self.given(seen, name) for name in self.needs)
        if rows < self.rows:
            return math.nan, False
        value = low - agreement
        return value, value >= -self.slack

    def describe(self) -> str:
        """Name the slack."""
        return "accuracy at people's own agreement" + (f" less {self.slack:g}" if self.slack else "")
