"""Answers taken back: those of one person, since a time or all of them."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Any

from shortlist.labels.values import utc
from shortlist.loop.errors import LoopError
from shortlist.loop.store.answers import fold
from shortlist.loop.store.events import Event

if TYPE_CHECKING:
    from collections.abc import Iterable

    from shortlist.loop.store.store import Store


def retract(store: Store, annotator: str, *, since: Any = None, rows: Iterable[str] | None = None) -> int:
    """Take back what a person stands by, as a reviewer too; return on how many rows that was.

    Parameters
    ----------
    store : Store
        The loop's.
    annotator : str
        The person.
    since : str, datetime or number, optional
        Only what was answered at this time or later.
    rows : iterable of str, optional
        Only the answers to these rows.

    Raises
    ------
    LoopError
        A time that is none, or a person who has never answered.
    """
    if isinstance(rows, str):
        raise LoopError(f"rows is the text {rows!r}; accepted is a list of ids")
    try:
        first = "" if since is None else utc(since)
    except ValueError as error:
        raise LoopError(f"since can't be read: {error}") from None
    with store.transaction():
        events = list(store.events() if rows is None else store.events_of(dict.fromkeys(rows)))
        standing = fold(events, store.spec).by_annotator.get(annotator, {}) | _reviews(events, annotator)
        if not standing:
            _check_known(store, annotator)
        back = [row for row, event in standing.items() if event.time >= first]
        store.append(Event("retract", row, annotator, "") for row in back)
    return len(back)


def _reviews(events: Iterable[Event], annotator: str) -> dict[str, Event]:
    """Return the last review of each row that a person stands by."""
    found: dict[str, Event] = {}
    for event in events:
        if event.annotator == annotator and event.kind == "review":
            found[event.row] = event
        elif event.annotator == annotator and event.kind == "retract":
            found.pop(event.row, None)
    return found


def _check_known(store: Store, annotator: str) -> None:
    names = sorted({event.annotator for event in store.events() if event.said})
    if annotator in names:
        return
    near = difflib.get_close_matches(annotator, names, n=1)
    listed = ", ".join(name or "(nobody named)" for name in names) or "nobody yet"
    hint = f"; did you mean {near[0]!r}?" if near else ""
    raise LoopError(f"annotator is {annotator!r}, who has answered nothing here; those who have are {listed}{hint}")
