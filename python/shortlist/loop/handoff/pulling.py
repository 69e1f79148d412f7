"""What a tool has for a loop, and what it need not ask people for any more."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

from shortlist.loop.handoff.choosing import handoff_of
from shortlist.loop.store.answers import fold
from shortlist.loop.store.ingest import Ingested, ingest

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from shortlist.loop.ground import Ground
    from shortlist.loop.handoff.label_studio import LabelStudio
    from shortlist.loop.handoff.protocol import Handoff
    from shortlist.loop.store import Store


def pull(store: Store, ground: Ground) -> Ingested:
    """Take in what people have answered in the tool:
    of all rounds, as answers may be corrected later.
    """
    tool = handoff_of(ground.spec, store)
    found = ingest(store, _answers(store, ground, tool), pool=ground.pool)
    return found if ground.spec.handoff.live is None else replace(found, deleted=cast("LabelStudio", tool).pulled())


def _answers(store: Store, ground: Ground, tool: Handoff) -> Iterator[Mapping[str, Any]]:
    for number in [one.number for one in store.rounds()]:
        handed = [step for step in store.handoffs(number) if step["phase"] == "done"]
        if handed and "page" not in handed[-1]:
            state = {name: value for name, value in handed[-1].items() if name not in ("phase", "time")}
            for answer in tool.pull(state):
                yield {"round": number, "source": ground.spec.handoff.tool, **answer}


def withdraw(store: Store, ground: Ground, number: int) -> None:
    """Tell a tool which rows of a closed round nobody is to be asked for any more."""
    if not number:
        return
    rows = [pick.row for pick in store.picks(number)]
    answered = {row for row, _ in fold(store.events_of(rows), ground.spec).current}
    left = [row for row in dict.fromkeys(rows) if row not in answered]
    if left:
        handoff_of(ground.spec, store).withdraw(left)
