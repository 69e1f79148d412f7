"""What a stopping rule is, and how two make one."""

from __future__ import annotations

import copy
import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from shortlist.arguments import whole

if TYPE_CHECKING:
    from typing import Any

    from numpy.typing import NDArray


@dataclass(frozen=True)
class Round:
    """What is known after one round of a loop, before the next labels are asked for.

    Attributes
    ----------
    labels : int
        Labels paid for so far, those of the seed set included.
    score : float or None
        How good the model is on held-out rows; higher is better.
    predictions : ndarray of shape (n,) or None
        Labels the model gives to the same n rows in every round: the stop set, or the whole pool.
    unlabelled : ndarray of bool, shape (n,), or None
        Which of those rows have no label yet; None where that is all of them.
    uncertainty : ndarray or None
        Entropy of the model's answer, in nats, for every row that has no label yet.
    low : float or None
        Lower end of the interval of the model's accuracy on rows chosen at random; NaN where there
        is no estimate yet.
    agreement : float or None
        Share of pairs of people who gave a row the same label; NaN where no row has two labels.
    agreement_rows : int or None
        Rows labelled by two people or more.
    found : int or None
        Wanted rows (of a rare class, say) with a label, however they were picked.
    left : int or None
        Rows of the pool that have no label.
    random_part : ndarray of bool or None
        For each row that was drawn at random, in that order, whether it is wanted.

    Examples
    --------
    >>> from shortlist import stopping
    >>> stopping.Round(labels=100, score=0.9).labels
    100
    """

    labels: int
    score: float | None = None
    predictions: NDArray[Any] | None = None
    unlabelled: NDArray[np.bool] | None = None
    uncertainty: NDArray[Any] | None = None
    low: float | None = None
    agreement: float | None = None
    agreement_rows: int | None = None
    found: int | None = None
    left: int | None = None
    random_part: NDArray[np.bool] | None = None


@dataclass(frozen=True)
class Step:
    """One line of a trace.

    Attributes
    ----------
    labels : int
        How many labels there were.
    value : float
        What the rule looked at; NaN where it had too little to go by.
    stop : bool
        Whether it said stop.

    Examples
    --------
    >>> from shortlist import stopping
    >>> rule = stopping.Budget(100)
    >>> _ = rule.update(labels=40)
    >>> rule.trace
    [Step(labels=40, value=40.0, stop=False)]
    """

    labels: int
    value: float
    stop: bool


class Rule(ABC):
    """A condition on the rounds seen so far.

    A rule of your own says by `needs` which fields of a `Round` it looks at, and has `judge` and
    `describe`. Rules combine with ``&`` and ``|``.

    Attributes
    ----------
    trace : list of Step
        One a round. A value is NaN where the rule had too little to go by.
    stopped_at : int or None
        Labels there were when the rule first said stop.

    Examples
    --------
    >>> from shortlist import stopping
    >>> class Even(stopping.Rule):
    ...     def judge(self, seen):
    ...         return seen.labels, seen.labels % 2 == 0
    ...
    ...     def describe(self):
    ...         return "even"
    >>> rule = Even() & stopping.Budget(10)
    >>> rule.update(labels=11), rule.update(labels=12)
    (False, True)
    """

    needs: ClassVar[str | tuple[str, ...]] = ""
    """The field of a `Round`, or the fields, beside `labels`, that the rule looks at."""

    written: str | None = None
    """The rule as it was written, where it was read from a text."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Forget what was seen."""
        self.trace: list[Step] = []

    def update(
        self,
        labels: int,
        *,
        score: float | None = None,
        predictions: Any = None,
        unlabelled: Any = None,
        uncertainty: Any = None,
        low: float | None = None,
        agreement: float | None = None,
        agreement_rows: int | None = None,
        found: int | None = None,
        left: int | None = None,
        random_part: Any = None,
    ) -> bool:
        """Tell the rule about a round.

        Parameters
        ----------
        labels : int
            Labels paid for so far, those of the seed set included.
        score, predictions, unlabelled, uncertainty, low
            As for `Round`. A rule needs some of these and ignores the rest.
        agreement, agreement_rows, found, left, random_part
            Likewise.

        Returns
        -------
        bool
            Whether to stop.

        Raises
        ------
        ValueError
            Where what the rule needs is missing, or not of the shape it had before.
        """
        seen = Round(
            int(labels),
            None if score is None else float(score),
            _column(predictions, "predictions"),
            _column(unlabelled, "unlabelled", np.bool),
            _column(uncertainty, "uncertainty", np.float64),
            None if low is None else float(low),
            None if agreement is None else float(agreement),
            None if agreement_rows is None else whole(agreement_rows, "agreement_rows"),
            None if found is None else whole(found, "found"),
            None if left is None else whole(left, "left"),
            None if random_part is None else _drawn(random_part),
        )
        if seen.predictions is not None and seen.unlabelled is not None:
            _same_length(seen.unlabelled, len(seen.predictions), "unlabelled")
        return self.see(seen)

    def see(self, seen: Round) -> bool:
        """Take in a round and write the trace.

        Parameters
        ----------
        seen : Round

        Returns
        -------
        bool
            Whether to stop.
        """
        value, stop = self.judge(seen)
        self.trace.append(Step(seen.labels, value, stop))
        return stop

    def given(self, seen: Round, name: str | None = None) -> Any:
        """Return what the rule needs of a round.

        Parameters
        ----------
        seen : Round
        name : str, optional
            Which field, where the rule needs several.

        Returns
        -------
        object
            The field's value.

        Raises
        ------
        ValueError
            It is None.
        """
        name = name or str(self.needs)
        value = getattr(seen, name)
        if value is None:
            raise ValueError(f"{type(self).__name__} needs {name}=, and none came")
        return value

    @abstractmethod
    def judge(self, seen: Round) -> tuple[float, bool]:
        """Return the value looked at and whether to stop.

        Parameters
        ----------
        seen : Round

        Returns
        -------
        value : float
            NaN where there is too little to go by.
        stop : bool
        """

    @abstractmethod
    def describe(self) -> str:
        """Return the rule and its threshold in a few words."""

    @property
    def stopped_at(self) -> int | None:
        """Labels there were when the rule first said stop; None if it has not."""
        return next((step.labels for step in self.trace if step.stop), None)

    @property
    def wants(self) -> frozenset[str]:
        """The fields of a `Round` that must be given."""
        needs = {self.needs} if isinstance(self.needs, str) else set(self.needs)
        return frozenset(needs - {""})

    def fresh(self) -> Rule:
        """Return the same rule with nothing seen yet."""
        new = copy.copy(self)
        new.reset()
        return new

    @property
    def name(self) -> str:
        """The rule as it was written, or else in words."""
        return self.written or self.describe()

    @property
    def alternatives(self) -> tuple[Rule, ...]:
        """The rules of which any one would do: those that are joined by ``|``,
        or the rule itself.
        """
        return (self,)

    def stands(self) -> str:
        """Return where the rule stands, as ``"target_lower:0.9 is 0.827"``."""
        value = self.trace[-1].value if self.trace else math.nan
        name = self.name
        if math.isnan(value):
            return f"{name} has too little to go by"
        return f"{name} is {value:,.0f}" if value == round(value) else f"{name} is {value:.4g}"

    def _at(self) -> str:
        value = self.trace[-1].value if self.trace else math.nan
        return self.describe() if math.isnan(value) else f"{self.describe()} (at {value:.4g})"

    def __str__(self) -> str:
        at = self.stopped_at
        if not self.trace:
            return f"nothing seen: {self._at()}"
        return f"{'go on' if at is None else 'stop'} at {at or self.trace[-1].labels:,} labels: {self._at()}"

    def __and__(self, other: Rule) -> Rule:
        return AllOf(self, other) if isinstance(other, Rule) else NotImplemented

    def __or__(self, other: Rule) -> Rule:
        return AnyOf(self, other) if isinstance(other, Rule) else NotImplemented


class _Several(Rule):
    word: ClassVar[str]
    sign: ClassVar[str]

    def __init__(self, *rules: Rule) -> None:
        super().__init__()
        strays = [rule for rule in rules if not isinstance(rule, Rule)]
        if len(rules) < 2 or strays:
            got = f"{strays[0]!r}" if strays else f"{len(rules)}"
            raise ValueError(f"rules came with {got}; accepted are two or more stopping rules")
        self.rules = rules

    def reset(self) -> None:
        """Forget what was seen, in every part."""
        super().reset()
        for rule in getattr(self, "rules", ()):
            rule.reset()

    def judge(self, seen: Round) -> tuple[float, bool]:
        """Ask every part."""
        # Every part sees every round: a rule that compares rounds may not miss one.
        said = [rule.see(seen) for rule in self.rules]
        return float(sum(said)), self.decide(said)

    @abstractmethod
    def decide(self, said: list[bool]) -> bool:
        """Make one answer of those of the parts."""

    def describe(self) -> str:
        """Name the parts."""
        return f" {self.word} ".join(self._inside(rule, rule.describe()) for rule in self.rules)

    @property
    def name(self) -> str:
        """The parts as they were written."""
        return f" {self.sign} ".join(self._inside(rule, rule.name) for rule in self.rules)

    def stands(self) -> str:
        """Return where each part stands."""
        return f" {self.sign} ".join(self._inside(rule, rule.stands()) for rule in self.rules)

    def _inside(self, rule: Rule, text: str) -> str:
        return f"({text})" if isinstance(self, AllOf) and isinstance(rule, AnyOf) else text

    def _at(self) -> str:
        return f" {self.word} ".join(self._inside(rule, rule._at()) for rule in self.rules)

    @property
    def wants(self) -> frozenset[str]:
        """The fields of a `Round` that must be given."""
        return frozenset().union(*(rule.wants for rule in self.rules))

    def fresh(self) -> Rule:
        """Return the same rule with nothing seen yet."""
        return type(self)(*(rule.fresh() for rule in self.rules))


class AllOf(_Several):
    """Stop in the round in which every part says stop; written ``a & b``.

    The trace holds how many parts said so; each part keeps its own in `rules`.

    Parameters
    ----------
    *rules : Rule
        The parts, two or more.

    Raises
    ------
    ValueError
        There are fewer, or one is no rule.

    Examples
    --------
    >>> from shortlist import stopping
    >>> rule = stopping.Budget(10) & stopping.TargetScore(0.9)
    >>> rule.update(labels=10, score=0.8), rule.update(labels=20, score=0.95)
    (False, True)
    """

    word, sign = "and", "&"

    def decide(self, said: list[bool]) -> bool:
        """Whether all said stop."""
        return all(said)


class AnyOf(_Several):
    """Stop in the round in which any part says stop; written ``a | b``.

    The trace holds how many parts said so; each part keeps its own in `rules`.

    Parameters
    ----------
    *rules : Rule
        The parts, two or more.

    Raises
    ------
    ValueError
        There are fewer, or one is no rule.

    Examples
    --------
    >>> from shortlist import stopping
    >>> rule = stopping.Budget(100) | stopping.TargetScore(0.9)
    >>> rule.update(labels=10, score=0.8), rule.update(labels=20, score=0.95)
    (False, True)
    """

    word, sign = "or", "|"

    @property
    def alternatives(self) -> tuple[Rule, ...]:
        """The parts, and theirs where they are alternatives too."""
        return tuple(each for rule in self.rules for each in rule.alternatives)

    def decide(self, said: list[bool]) -> bool:
        """Whether any said stop."""
        return any(said)


def _column(values: Any, name: str, dtype: Any = None) -> Any:
    if values is None:
        return None
    array = np.asarray(values, dtype=dtype)
    if array.ndim != 1 or not len(array):
        raise ValueError(f"{name} has shape {array.shape}; accepted is one value a row, and at least one row")
    if array.dtype == np.float64 and np.isnan(array).any():
        raise ValueError(f"{name} of row {int(np.argmax(np.isnan(array)))} is NaN; accepted are numbers")
    return array


def _drawn(values: Any) -> NDArray[np.bool]:
    """Return the random part, which may still be empty."""
    array = np.asarray(values)
    if array.ndim != 1 or (len(array) and not np.isin(array, (0, 1)).all()):
        raise ValueError("random_part is not one True or False for each row drawn; accepted is just that")
    return array.astype(np.bool)


def _same_length(array: NDArray[Any], rows: int, name: str) -> None:
    if len(array) != rows:
        raise ValueError(f"{name} has {len(array)} rows; accepted are {rows}, one for each prediction")
