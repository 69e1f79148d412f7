"""Triggers and guards: conditions on what is known now, for when to train again.
They hold no memory.
"""

from __future__ import annotations

import inspect
import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, cast

from shortlist.arguments import whole
from shortlist.stopping.grammar import Joined, Name, joined, known, made, parse
from shortlist.stopping.limits import inside

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from shortlist.stopping.grammar import Node


@dataclass(frozen=True)
class Facts:
    """What triggers and guards look at; None is not known.

    Attributes
    ----------
    labelled_now : int
        Rows whose labels train now.
    labelled_then : int or None
        Those that trained the last good model; None before the first.
    changed : int
        Rows whose label is not what it was then: new, taken back or corrected.
    corrections : int
        Those of them that had another label then.
    answered_share : float or None
        Share of the round's rows that were answered or skipped.
    round_rows : int or None
        Rows of the round, for saying how many answers are missing.
    days : float or None
        Days since the last good model.
    flips : float or None
        Share of rows on which a cheap stand-in for the model, trained now, differs from itself at
        the last model.
    class_counts : mapping of str to int
        For each class of the specification the rows that train.
    agreement : float or None
        Krippendorff's alpha of the rows labelled by two people or more.
    agreement_rows : int
        How many those are.
    issues_share : float or None
        Share of labels that are suspect.

    Examples
    --------
    >>> from shortlist import stopping
    >>> stopping.Facts(labelled_now=601, labelled_then=541).first
    False
    """

    labelled_now: int = 0
    labelled_then: int | None = None
    changed: int = 0
    corrections: int = 0
    answered_share: float | None = None
    round_rows: int | None = None
    days: float | None = None
    flips: float | None = None
    class_counts: Mapping[str, int] = field(default_factory=dict)
    agreement: float | None = None
    agreement_rows: int = 0
    issues_share: float | None = None

    @property
    def first(self) -> bool:
        """Whether there is no model yet."""
        return not self.labelled_then


@dataclass(frozen=True)
class State:
    """Whether a condition holds, and where it stands.

    Attributes
    ----------
    met : bool
        Whether it holds; what the state counts as in an ``if``.
    said : str
        As ``"growth:0.25 is 0.11"``.
    labels_needed : int or None
        Labels after which it holds: 0 where it does, None where labels alone don't bring it about,
        or nobody knows.

    Examples
    --------
    >>> from shortlist import stopping
    >>> bool(stopping.state_of("changed:50", stopping.Facts(changed=60)))
    True
    """

    met: bool
    said: str
    labels_needed: int | None

    def __bool__(self) -> bool:
        return self.met


Answer: TypeAlias = tuple[bool, str, int | None]
"""Whether a condition holds, where it stands, and the labels that are missing."""


def growth(facts: Facts, share: float) -> Answer:
    """Labels grew by a share since the last model, in whole labels,
    so that no rounding delays it.
    """
    then, now = facts.labelled_then, facts.labelled_now
    if not then:
        return _first(facts)
    needed = max(0, math.ceil(then * (1 + share) - 1e-9) - now)
    return not needed, f"is {_shown(now / then - 1, share, not needed)}", needed


def changed(facts: Facts, rows: int) -> Answer:
    """So many rows have another label than at the last model, or a first one."""
    needed = max(0, rows - facts.changed)
    return not needed, f"is {facts.changed:,}", needed


def answered(facts: Facts, share: float) -> Answer:
    """So much of the round was answered or skipped."""
    now, rows = facts.answered_share, facts.round_rows
    if now is None:
        return False, "has no round to go by", None
    met = now >= share - 1e-12
    needed = None if rows is None else max(0, math.ceil((share - now) * rows - 1e-9))
    return met, f"is {_shown(now, share, met)}", 0 if met else needed


def days(facts: Facts, days: float) -> Answer:
    """So many days passed since the last model."""
    if facts.days is None:
        return _first(facts) if facts.first else (False, "is not known: nobody knows when the model was made", None)
    left = days - facts.days
    return (False, f"in {_span(left)}", None) if left > 0 else (True, f"is {facts.days:.1f}", 0)


def flips(facts: Facts, share: float) -> Answer:
    """Rows on which a cheap stand-in for the model changes its mind are a share of all."""
    if facts.flips is None:
        return _first(facts) if facts.first else (False, "is not known yet", None)
    met = facts.flips >= share
    return met, f"is {_shown(facts.flips, share, met)}", 0 if met else None


def corrections(facts: Facts, rows: int) -> Answer:
    """So many labels that trained the last model were corrected; new labels bring none."""
    if facts.first:
        return _first(facts)
    met = facts.corrections >= rows
    return met, f"is {facts.corrections:,}", 0 if met else None


def every_class(facts: Facts, rows: int) -> Answer:
    """Each class has so many rows that train; the poorest is named."""
    counts = facts.class_counts
    if not counts:
        return False, "has no classes to go by", None
    needed = sum(max(0, rows - count) for count in counts.values())
    if not needed:
        return True, f"holds for all {len(counts)} classes", 0
    enough = sum(count >= rows for count in counts.values())
    poorest = min(counts, key=lambda name: counts[name])
    return False, f"holds for {enough} of {len(counts)} classes ({poorest} has {counts[poorest]})", needed


def agreement(facts: Facts, alpha: float) -> Answer:
    """People who labelled the same rows agree well enough, by Krippendorff's alpha."""
    rows, now = facts.agreement_rows, facts.agreement
    of = f"{rows:,} row{'' if rows == 1 else 's'} labelled twice"
    if now is None:
        return False, f"is not known on {of}", None
    met = now >= alpha
    return met, f"is {_shown(now, alpha, met)} on {of}", 0 if met else None


def issues_below(facts: Facts, share: float) -> Answer:
    """Fewer than a share of labels are suspect; the first model, which finds these,
    needs no wait.
    """
    now = facts.issues_share
    if now is None:
        said = "is not known before the first model" if facts.first else "is not known: suspects were not looked for"
        return facts.first, said, 0 if facts.first else None
    met = now < share
    return met, f"is {_shown(now, share, not met)}", 0 if met else None


def _above_zero(value: float, name: str) -> float:
    return inside(value, name, above=0)


def _share(value: float, name: str) -> float:
    return inside(value, name, above=0, most=1)


def _rows(value: int, name: str) -> int:
    return whole(value, name, least=1)


class Level:
    """A trigger or a guard as it is written: called with its value,
    it returns what judges facts.
    """

    def __init__(self, state: Callable[[Facts, Any], Answer], check: Callable[[Any, str], Any], sample: str) -> None:
        self._state, self._check, self.sample = state, check, sample
        self._value = list(inspect.signature(state).parameters)[1]
        self.__signature__ = inspect.Signature([inspect.Parameter(self._value, inspect.Parameter.POSITIONAL_ONLY)])

    def __call__(self, value: Any) -> Callable[[Facts], Answer]:
        """Return what says whether it holds."""
        checked = self._check(value, self._value)
        return lambda facts: self._state(facts, checked)


TRIGGERS = {
    "growth": Level(growth, _above_zero, "0.25"),
    "changed": Level(changed, _rows, "50"),
    "answered": Level(answered, _share, "0.8"),
    "days": Level(days, _above_zero, "2"),
    "flips": Level(flips, _share, "0.03"),
    "corrections": Level(corrections, _rows, "20"),
}
GUARDS = {
    "every_class": Level(every_class, _rows, "2"),
    "agreement": Level(agreement, _share, "0.6"),
    "issues_below": Level(issues_below, _share, "0.05"),
}
SAMPLES = {name: level.sample for name, level in (TRIGGERS | GUARDS).items()}


def state_of(text: str, facts: Facts) -> State:
    """Return whether triggers or guards hold, and where each stands.

    Parameters
    ----------
    text : str
        Triggers and guards by name, joined by ``&``, ``|`` and parentheses.
    facts : Facts
        What is known now.

    Returns
    -------
    State
        Whether the condition holds, where each part stands, and how many labels are missing.

    Raises
    ------
    ValueError
        A name is unknown, or has arguments it does not accept.
    TypeError
        `text` is no text.

    Examples
    --------
    >>> from shortlist import stopping
    >>> facts = stopping.Facts(labelled_now=601, labelled_then=541, days=1.8)
    >>> stopping.state_of("growth:0.25 | days:2", facts)
    State(met=False, said='growth:0.25 is 0.11 | days:2 in 5 h', labels_needed=76)
    """
    if not isinstance(text, str):
        raise TypeError(f"text is a {type(text).__name__}; accepted are names of triggers and guards")
    said = f"condition is {text!r}"
    return _stands(parse(text, said), facts, said)


def read_levels(text: str, kind: Literal["trigger", "guard"], said: str, elsewhere: Mapping[str, str]) -> None:
    """Raise where a text is not made of triggers, or of guards."""

    def check(node: Node) -> None:
        if isinstance(node, Joined):
            for part in node.parts:
                check(part)
            return
        known(node.name, names, said, elsewhere)
        made(node, names, SAMPLES, said)

    names = TRIGGERS if kind == "trigger" else GUARDS
    check(parse(text, said))


def _stands(node: Node, facts: Facts, said: str) -> State:
    if isinstance(node, Name):
        known(node.name, TRIGGERS | GUARDS, said)
        state = cast("Callable[[Facts], Answer]", made(node, TRIGGERS | GUARDS, SAMPLES, said))
        met, stands, needed = state(facts)
        return State(met, f"{node.text} {stands}", needed)
    states = [_stands(part, facts, said) for part in node.parts]
    text = joined(node.sign, [(s.said, isinstance(part, Joined)) for s, part in zip(states, node.parts, strict=True)])
    needs = [s.labels_needed for s in states]
    if node.sign == "&":
        return State(all(states), text, None if None in needs else max(n for n in needs if n is not None))
    return State(any(states), text, min((n for n in needs if n is not None), default=None))


def _first(facts: Facts) -> tuple[bool, str, int | None]:
    """Answer for a trigger without a model to compare with: whatever can be trained on is new."""
    met = facts.labelled_now > 0
    return met, "holds: there is no model yet" if met else "waits for a first label", 0 if met else 1


def _shown(value: float, threshold: float, reached: bool) -> str:
    """Write a value so that it does not look to be on the other side of the threshold."""
    texts = [f"{value:.{digits}f}" for digits in range(2, 10)]
    return next((text for text in texts if (float(text) >= threshold) == reached), texts[-1])


def _span(days: float) -> str:
    if days >= 2:
        return f"{days:.0f} days"
    if days * 24 >= 1:
        return f"{days * 24:.0f} h"
    return f"{max(1, math.ceil(days * 24 * 60))} min"
