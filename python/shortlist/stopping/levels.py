"""Triggers and guards: conditions on what is known now, for when to train again. They hold no memory."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, Protocol, cast

from shortlist.arguments import whole
from shortlist.stopping.grammar import Joined, Name, joined, known, made, parse
from shortlist.stopping.limits import finite

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
        Share of rows on which a cheap stand-in for the model, trained now, differs from itself at the last model.
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
        Labels after which it holds: 0 where it does, None where labels alone don't bring it about, or
        nobody knows.

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


class Level(Protocol):
    """What a trigger and a guard have in common."""

    def state(self, facts: Facts) -> tuple[bool, str, int | None]:
        """Return whether it holds, where it stands, and the labels that are missing."""


class Growth:
    """Labels grew by a share since the last model."""

    def __init__(self, share: float) -> None:
        self.share = _above_zero(share, "share")

    def state(self, facts: Facts) -> tuple[bool, str, int | None]:
        """Compare in whole labels, so that no rounding delays what is due."""
        then, now = facts.labelled_then, facts.labelled_now
        if not then:
            return _first(facts)
        needed = max(0, math.ceil(then * (1 + self.share) - 1e-9) - now)
        return not needed, f"is {_shown(now / then - 1, self.share, not needed)}", needed


class Changed:
    """So many rows have another label than at the last model, or a first one."""

    def __init__(self, rows: int) -> None:
        self.rows = whole(rows, "rows", least=1)

    def state(self, facts: Facts) -> tuple[bool, str, int | None]:
        """Count them."""
        needed = max(0, self.rows - facts.changed)
        return not needed, f"is {facts.changed:,}", needed


class Answered:
    """So much of the round was answered or skipped."""

    def __init__(self, share: float) -> None:
        self.share = _share(share, "share")

    def state(self, facts: Facts) -> tuple[bool, str, int | None]:
        """Compare shares."""
        share, rows = facts.answered_share, facts.round_rows
        if share is None:
            return False, "has no round to go by", None
        met = share >= self.share - 1e-12
        needed = None if rows is None else max(0, math.ceil((self.share - share) * rows - 1e-9))
        return met, f"is {_shown(share, self.share, met)}", 0 if met else needed


class Days:
    """So many days passed since the last model."""

    def __init__(self, days: float) -> None:
        self.days = _above_zero(days, "days")

    def state(self, facts: Facts) -> tuple[bool, str, int | None]:
        """Say how much longer, or how long it has been."""
        if facts.days is None:
            return _first(facts) if facts.first else (False, "is not known: nobody knows when the model was made", None)
        left = self.days - facts.days
        if left > 0:
            return False, f"in {_span(left)}", None
        return True, f"is {facts.days:.1f}", 0


class Flips:
    """A cheap stand-in for the model changes its mind on a share of the rows."""

    def __init__(self, share: float) -> None:
        self.share = _share(share, "share")

    def state(self, facts: Facts) -> tuple[bool, str, int | None]:
        """Compare shares."""
        if facts.flips is None:
            return _first(facts) if facts.first else (False, "is not known yet", None)
        met = facts.flips >= self.share
        return met, f"is {_shown(facts.flips, self.share, met)}", 0 if met else None


class Corrections:
    """So many labels that trained the last model were corrected."""

    def __init__(self, rows: int) -> None:
        self.rows = whole(rows, "rows", least=1)

    def state(self, facts: Facts) -> tuple[bool, str, int | None]:
        """Count them; new labels bring none."""
        if facts.first:
            return _first(facts)
        met = facts.corrections >= self.rows
        return met, f"is {facts.corrections:,}", 0 if met else None


class EveryClass:
    """Each class has so many rows that train."""

    def __init__(self, rows: int) -> None:
        self.rows = whole(rows, "rows", least=1)

    def state(self, facts: Facts) -> tuple[bool, str, int | None]:
        """Count the classes that have them, and name the poorest."""
        counts = facts.class_counts
        if not counts:
            return False, "has no classes to go by", None
        needed = sum(max(0, self.rows - count) for count in counts.values())
        if not needed:
            return True, f"holds for all {len(counts)} classes", 0
        enough = sum(count >= self.rows for count in counts.values())
        poorest = min(counts, key=lambda name: counts[name])
        return False, f"holds for {enough} of {len(counts)} classes ({poorest} has {counts[poorest]})", needed


class Agreement:
    """People who labelled the same rows agree well enough."""

    def __init__(self, alpha: float) -> None:
        self.alpha = _share(alpha, "alpha")

    def state(self, facts: Facts) -> tuple[bool, str, int | None]:
        """Compare Krippendorff's alpha."""
        rows, alpha = facts.agreement_rows, facts.agreement
        of = f"{rows:,} row{'' if rows == 1 else 's'} labelled twice"
        if alpha is None:
            return False, f"is not known on {of}", None
        met = alpha >= self.alpha
        return met, f"is {_shown(alpha, self.alpha, met)} on {of}", 0 if met else None


class IssuesBelow:
    """Fewer than a share of the labels are suspect."""

    def __init__(self, share: float) -> None:
        self.share = _share(share, "share")

    def state(self, facts: Facts) -> tuple[bool, str, int | None]:
        """Compare shares; the first model is what finds suspects, so it need not wait for them."""
        share = facts.issues_share
        if share is None:
            said = (
                "is not known before the first model" if facts.first else "is not known: suspects were not looked for"
            )
            return facts.first, said, 0 if facts.first else None
        met = share < self.share
        return met, f"is {_shown(share, self.share, not met)}", 0 if met else None


TRIGGERS: dict[str, Callable[..., Level]] = {
    "growth": Growth,
    "changed": Changed,
    "answered": Answered,
    "days": Days,
    "flips": Flips,
    "corrections": Corrections,
}
GUARDS: dict[str, Callable[..., Level]] = {
    "every_class": EveryClass,
    "agreement": Agreement,
    "issues_below": IssuesBelow,
}
LEVEL_SAMPLES = {
    "growth": "0.25",
    "changed": "50",
    "answered": "0.8",
    "days": "2",
    "flips": "0.03",
    "corrections": "20",
    "every_class": "2",
    "agreement": "0.6",
    "issues_below": "0.05",
}


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
        made(node, names, LEVEL_SAMPLES, said)

    names = TRIGGERS if kind == "trigger" else GUARDS
    check(parse(text, said))


def _stands(node: Node, facts: Facts, said: str) -> State:
    if isinstance(node, Name):
        known(node.name, TRIGGERS | GUARDS, said)
        level = cast("Level", made(node, TRIGGERS | GUARDS, LEVEL_SAMPLES, said))
        met, stands, needed = level.state(facts)
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


def _above_zero(value: float, name: str) -> float:
    number = finite(value, name)
    if number <= 0:
        raise ValueError(f"{name} is {value}; accepted is above 0")
    return number


def _share(value: float, name: str) -> float:
    number = finite(value, name)
    if not 0 < number <= 1:
        raise ValueError(f"{name} is {value}; accepted is above 0 and at most 1")
    return number
