"""Rows for whoever decides: those on which people differ, and those that somebody has flagged."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shortlist.loop.store.answers import fold
from shortlist.loop.store.summary import summary

if TYPE_CHECKING:
    from shortlist.loop.spec import Spec
    from shortlist.loop.store import Event, Store

MOST = 50
"""Rows that are listed at once."""


def to_decide(store: Store, spec: Spec) -> dict[str, Any]:
    """Return the rows that wait for a decision: how many,
    and the first of them with what people said.
    """
    disputed = summary(store, spec).disputed
    remarks = store._database.read(
        "SELECT row, max(seq) FROM events AS flag WHERE kind = 'flag' GROUP BY row "
        "HAVING max(seq) > ifnull((SELECT max(seq) FROM events WHERE row = flag.row AND kind = 'review'), 0) ORDER BY 2"
    )
    rows = list(dict.fromkeys([*disputed, *(row for row, _ in remarks)]))
    shown = rows[:MOST]
    answers = fold(store.events_of(shown), spec)
    flagged = {row for row, _ in remarks}
    listed = [
        {
            "id": row,
            "why": [why for why, there in (("disputed", row in disputed), ("flagged", row in flagged)) if there],
            "notes": [_note(answers.flagged[row])] if row in flagged else [],
            "answers": [
                {"annotator": who, "label": event.label, "skip": event.kind == "skip"}
                for who, event in answers.of_row(row).items()
            ],
        }
        for row in shown
    ]
    return {"waiting": len(rows), "rows": listed}


def _note(event: Event) -> dict[str, Any]:
    return {"annotator": event.annotator, "note": event.payload.get("note", "")}
