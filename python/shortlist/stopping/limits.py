"""Rules about money and results: a budget, a target, patience."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from shortlist.arguments import whole
from shortlist.stopping.rule import Round, Rule

if TYPE_CHECKING:
    from typing import Any


class Budget(Rule):
    """Stop once so many labels are paid for.

    Parameters
    ----------
    labels : int
        How many, those of the seed set included.

    Raises
    ------
    ValueError, TypeError
        `labels` is not a whole number of at least 1.

    Examples
    --------
    >>> from shortlist import stopping
    >>> stopping.Budget(100).update(labels=100)
    True
    """

    def __init__(self, labels: int) -> None:
        super().__init__()
        self.labels = whole(labels, "labels", least=1)

    def judge(self, seen: Round) -> tuple[float, bool]:
        """Compare the labels there are with the budget."""
        return float(seen.labels), seen.labels >= self.labels

    def describe(self) -> str:
        """Name the budget."""
        return f"budget {self.labels:,}"


class TargetScore(Rule):
    """Stop once the score on held-out rows reaches a target.

    Parameters
    ----------
    score : float
        The target.
    rounds : int, default=1
        For so many rounds in a row: a single round may be lucky.

    Raises
    ------
    ValueError, TypeError
        `score` is not a finite number, or `rounds` not a whole number of at least 1.

    Examples
    --------
    >>> from shortlist import stopping
    >>> rule = stopping.TargetScore(0.9, rounds=2)
    >>> rounds = [(20, 0.91), (40, 0.89), (60, 0.92), (80, 0.93)]
    >>> [rule.update(labels=labels, score=score) for labels, score in rounds]
    [False, False, False, True]
    """

    needs = "score"

    def __init__(self, score: float, rounds: int = 1) -> None:
        super().__init__()
        self.score = finite(score, "score")
        self.rounds = whole(rounds, "rounds", least=1)

    def reset(self) -> None:
        """Forget what was seen."""
        super().reset()
        self._reached = 0

    def judge(self, seen: Round) -> tuple[float, bool]:
        """Compare the last scores with the target."""
        score = self.given(seen)
        self._reached = self._reached + 1 if score >= self.score else 0
        return score, self._reached >= self.rounds

    def describe(self) -> str:
        """Name the target."""
        return f"target score {self.score:g}" + (f" for {self.rounds} rounds" if self.rounds > 1 else "")


class Patience(Rule):
    """Stop once the best score has not risen for so many rounds.

    Parameters
    ----------
    rounds : int, default=5
        How many.
    min_rise : float, default=0
        A rise of the best score by no more than this does not count.

    Raises
    ------
    ValueError, TypeError
        `rounds` is not a whole number of at least 1, or `min_rise` not a number of at least 0.

    Examples
    --------
    >>> from shortlist import stopping
    >>> rule = stopping.Patience(2)
    >>> rounds = [(20, 0.8), (40, 0.9), (60, 0.9), (80, 0.89)]
    >>> [rule.update(labels=labels, score=score) for labels, score in rounds]
    [False, False, False, True]
    """

    needs = "score"

    def __init__(self, rounds: int = 5, min_rise: float = 0.0) -> None:
        super().__init__()
        self.rounds = whole(rounds, "rounds", least=1)
        self.min_rise = inside(min_rise, "min_rise", least=0)

    def reset(self) -> None:
        """Forget what was seen."""
        super().reset()
        self._best, self._waited = -math.inf, 0

    def judge(self, seen: Round) -> tuple[float, bool]:
        """Count the rounds since the last rise: that is the value in the trace."""
        score = self.given(seen)
        if math.isnan(score):
            return math.nan, False  # no estimate, and so no round that waited
        if score > self._best + self.min_rise:
            self._best, self._waited = score, 0
            return 0.0, False
        self._waited += 1
        return float(self._waited), self._waited >= self.rounds

    def describe(self) -> str:
        """Name the patience."""
        return f"patience {self.rounds}" + (f" (rise of {self.min_rise:g})" if self.min_rise else "")


def inside(
    value: Any,
    name: str,
    *,
    above: float = -math.inf,
    least: float = -math.inf,
    below: float = math.inf,
    most: float = math.inf,
    unit: str = "",
) -> float:
    """Return a finite number in a range, as above 0 and at most 1."""
    number = finite(value, name)
    if not (above < number < below and least <= number <= most):
        low = f"above {above:g}" if above > -math.inf else f"{least:g}"
        high = f" and below {below:g}" if below < math.inf else f" and at most {most:g}" if most < math.inf else ""
        if above == -math.inf:
            high = f" up to {below:g}" if below < math.inf else " or more"
        raise ValueError(f"{name} is {value}; accepted is {low}{high}{unit}")
    return number


def finite(value: Any, name: str) -> float:
    """Return a finite number."""
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise TypeError(f"{name} is {value!r}; accepted is a number") from None
    if not math.isfinite(number):
        raise ValueError(f"{name} is {number}; accepted is a finite number")
    return number
