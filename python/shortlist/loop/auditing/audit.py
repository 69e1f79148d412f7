"""The audit of a loop: all that is true of it beside the estimate of its accuracy."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from shortlist.loop.auditing.by_group import groups_of
from shortlist.loop.auditing.classes import ClassLine, classes_of
from shortlist.loop.auditing.people import People, people_of
from shortlist.loop.auditing.picked import picked_estimate
from shortlist.loop.auditing.regions import MOST, Region, regions_of
from shortlist.loop.auditing.scoring import score_finds_errors
from shortlist.loop.auditing.suspects import Suspect, suspects_of
from shortlist.loop.auditing.tables import Look, look_at, sections, text_of
from shortlist.loop.progress import estimate_of

if TYPE_CHECKING:
    from shortlist.loop.auditing.evidence import Evidence
    from shortlist.loop.facts.drawn import Drawn
    from shortlist.loop.facts.estimate import Estimate
    from shortlist.loop.facts.groups import Group
    from shortlist.loop.facts.ranking import Ranking


@dataclass(frozen=True)
class Audit:
    """What is true of a loop so far. Printed, it is a few tables.

    Attributes
    ----------
    name : str
    round : int
        The last one; 0 before the first.
    model : int or None
        The last one.
    strategy : str
    accuracy : Estimate or None
        That of the last model on the validation rows.
    groups : list of Group
        Each group of each column, those picked most unevenly first.
    classes : list of ClassLine
        Each class: how common it is, as far as the validation stratum tells.
    regions : list of Region
        Parts of the pool without a label that trains, the largest first.
    looked_at : int
        Rows of the pool that were looked at for these.
    people : People
        Annotators, their agreement, and the rows about which they differ.
    suspects : list of Suspect or str
        Labels that may be wrong, or why none are told of.
    score : Ranking or str
        How well the strategy's score finds the model's errors, or why that can't be said.
    picked : Drawn or str
        A second estimate of the last model, from rows that it picked, or why there is none.
    notes : list of str
        What had to be read for it.
    texts : dict of str to dict
        What people are shown of the suspect rows and of those of regions; empty unless asked for.
    """

    name: str
    round: int
    model: int | None
    strategy: str
    accuracy: Estimate | None
    groups: list[Group]
    classes: list[ClassLine]
    regions: list[Region]
    looked_at: int
    people: People
    suspects: list[Suspect] | str
    score: Ranking | str
    picked: Drawn | str
    notes: list[str]
    texts: dict[str, dict[str, Any]]

    @property
    def never_given(self) -> list[str]:
        """Classes that nobody has given yet, once there are labels at all."""
        begun = any(line.given for line in self.classes)
        return [line.name for line in self.classes if begun and not line.given]

    @property
    def look_at(self) -> list[Look]:
        """What somebody should look at, what is most urgent first."""
        return look_at(self)

    def __str__(self) -> str:
        return text_of(sections(self))

    def as_dict(self) -> dict[str, Any]:
        """Return all of it as plain values."""
        people, suspects = self.people, self.suspects
        return {
            "name": self.name,
            "round": self.round,
            "model": self.model,
            "estimate": self.accuracy and _plain(self.accuracy),
            "look_at": [each.said for each in self.look_at],
            "groups": [_plain(line) | {"uneven": line.uneven} for line in self.groups],
            "classes": [_plain(line) for line in self.classes],
            "never_given": self.never_given,
            "regions": {"looked_at": self.looked_at, "found": [_plain(region) for region in self.regions]},
            "people": {
                "alpha": people.alpha,
                "twice": people.twice,
                "agreement": people.agreement and _plain(people.agreement),
                "annotators": [_plain(person) for person in people.annotators],
            },
            "disputes": [row.as_dict() for row in people.disputes],
            "suspects": None if isinstance(suspects, str) else [dataclasses.asdict(row) for row in suspects],
            "score": {"strategy": self.strategy, **_plain(self.score)},
            "picked": _plain(self.picked),
            "notes": self.notes,
            **({"texts": self.texts} if self.texts else {}),
        }


def audit_of(of: Evidence, *, show_text: bool = False) -> Audit:
    """Return what is true of a loop so far.

    Parameters
    ----------
    of : Evidence
        The loop as it is now.
    show_text : bool
        Whether what people are shown of the rows that are named is to be there too.
    """
    store, ground, said = of.store, of.ground, of.said
    estimate = estimate_of(store, ground, of.model, said)
    regions, looked_at = regions_of(of)
    people, suspects = people_of(of, show_text), suspects_of(of)
    named = [row for region in regions for row in region.examples]
    named += [] if isinstance(suspects, str) else [row.id for row in suspects]
    return Audit(
        name=ground.spec.name,
        round=of.rounds[-1].number if of.rounds else 0,
        model=None if of.model is None else of.model.number,
        strategy=ground.spec.round.strategy,
        accuracy=estimate,
        groups=groups_of(of, estimate),
        classes=classes_of(of),
        regions=regions,
        looked_at=looked_at,
        people=people,
        suspects=suspects,
        score=score_finds_errors(of),
        picked=picked_estimate(store, ground, of.model, said, of.rounds),
        notes=_notes(of, looked_at),
        texts=of.shown(named) if show_text else {},
    )


def _notes(of: Evidence, looked_at: int) -> list[str]:
    rows, notes = of.ground.pool.rows, []
    if of.ground.spec.pool.groups:
        what = "the groups" if of.model is None else f"the groups, and what model {of.model.number} says"
        notes.append(f"{what} of all {rows:,} rows of the pool were read")
    if looked_at:
        drawn = f"{MOST:,} rows drawn at random, and labelled ones" if looked_at > MOST else "all of them"
        notes.append(f"regions are of rows outside the validation stratum: {drawn} ({looked_at:,} rows)")
    return notes


def _plain(record: Any) -> dict[str, Any]:
    """Return a record with what it says; or what is said in its place."""
    return {"said": record} if isinstance(record, str) else {**dataclasses.asdict(record), "said": record.said}
