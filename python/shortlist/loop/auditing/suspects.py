"""Labels that confident learning finds suspect, and that nobody has looked at again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from shortlist.loop.auditing.evidence import Evidence


@dataclass(frozen=True)
class Suspect:
    """A row whose label may be wrong.

    Attributes
    ----------
    id : str
    label : str or None
        What it is labelled now; None where people now differ about it.
    asked : bool
        Whether it was sent back to people since.
    """

    id: str
    label: str | None
    asked: bool


def suspects_of(of: Evidence) -> list[Suspect] | str:
    """Return the suspect labels of the last model, the most suspect first,
    or why there are none to tell of.
    """
    spec, model = of.ground.spec, of.model
    found = None if model is None else model.estimate.get("suspects")
    if model is None or found is None:
        if spec.check.issues is None and not spec.round.relabel:
            return 'nothing looks for them; [check] issues = "builtin", or a share to relabel, does'
        return (
            "no model yet" if model is None else f"model {model.number} says nothing of rows that it wasn't trained on"
        )
    news = {event.row for event in of.store.events(model.position) if event.said}
    asked = {
        pick.row
        for each in of.rounds
        if each.model == model.number
        for pick in of.picks[each.number]
        if pick.share == "relabel"
    }
    labels = of.answers.labels
    return [Suspect(row, labels.get(row), row in asked) for row in found if row not in news]
