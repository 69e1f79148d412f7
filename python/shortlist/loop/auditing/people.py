"""What the people did who label: how far they agree, whose labels are odd,
and rows about which they differ.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from shortlist.loop.facts.agreement import annotator_table, krippendorff_alpha, labelled_twice, raw_agreement

if TYPE_CHECKING:
    from shortlist.loop.auditing.evidence import Evidence
    from shortlist.loop.facts.agreement import Annotator
    from shortlist.loop.facts.intervals import Share

NOBODY = "(no name)"
"""Who answered where nobody said who."""


@dataclass(frozen=True)
class Dispute:
    """A row whose answers differ so that it has no label.

    Attributes
    ----------
    id : str
    answers : dict of str to (str or None)
        What each person said; None is "none of these".
    shown : dict
        What people are shown of the row; empty unless asked for.
    """

    id: str
    answers: dict[str, str | None]
    shown: dict[str, Any] = field(default_factory=dict)

    @property
    def said(self) -> str:
        """As ``"T-17: amy says 'bug', raj says 'billing'"``."""
        return f"{self.id}: {', '.join(f'{who} says {name_of(label)}' for who, label in self.answers.items())}"

    def as_dict(self) -> dict[str, Any]:
        """Return it as plain values."""
        return {"id": self.id, "answers": self.answers, **({"shown": self.shown} if self.shown else {})}


@dataclass(frozen=True)
class People:
    """Those who label.

    Attributes
    ----------
    annotators : list of Annotator
        Whoever labelled most first.
    alpha : float or None
        Krippendorff's alpha, and `twice` the rows labelled by two people or more, on which it
        rests.
    twice : int
    agreement : Share or None
        How often two people give a row the same label.
    disputes : list of Dispute
    """

    annotators: list[Annotator]
    alpha: float | None
    twice: int
    agreement: Share | None
    disputes: list[Dispute]

    @property
    def odd(self) -> list[str]:
        """What is odd about somebody's labels, a sentence each."""
        return [person.said for person in self.annotators if person.said]


def people_of(of: Evidence, show_text: bool = False) -> People:
    """Return what the people did."""
    answers, table = of.answers, of.table
    skips = Counter(who for (_, who), event in answers.current.items() if event.kind == "skip")
    resolved: dict[str, str | None] = {**answers.labels, **dict.fromkeys(answers.rejected)}
    persons = [replace(line, name=line.name or NOBODY) for line in annotator_table(table, resolved, skips)]
    return People(
        persons, krippendorff_alpha(table), labelled_twice(table), raw_agreement(table), disputes_of(of, show_text)
    )


def disputes_of(of: Evidence, show_text: bool = False) -> list[Dispute]:
    """Return the rows about which people differ, by id."""
    rows = of.answers.disputed
    shown = of.shown(rows) if show_text else {}
    return [
        Dispute(row, {who or NOBODY: label for who, label in sorted(of.table.get(row, {}).items())}, shown.get(row, {}))
        for row in rows
    ]


def name_of(label: str | None) -> str:
    """Return a label as it is shown."""
    return "none of these" if label is None else repr(label)
