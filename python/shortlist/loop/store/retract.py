"""Answers taken back: those of one person, since a time or all of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shortlist.labels.values import utc
from shortlist.loop.errors import LoopError
from shortlist.loop.store.answers import fold
from shortlist.loop.store.events import Event

if TYPE_CHECKING:
    from collections.abc import Iterable

    from shortlist.loop.store.store import Store


def retract(store: Store, annotator: str, *, since: str | None = None, rows: Iterable[str] | None = None) -> int:
    """Take back what a person stands by; return how many answers that were.

    Parameters
    ----------
    store : Store
        The loop's.
    annotator : str
        The person.
    since : str, optional
        Only what was answered at this time or later.
    rows : iterable of str, optional
        Only the answers to these rows.
    """
    try:
        first = "" if since is None else utc(since)
    except ValueError as error:
        raise LoopError(f"since can't be read: {error}") from None
    with store.transaction():
        given = fold(store.events() if rows is None else store.events_of(dict.fromkeys(rows)), store.spec)
        back = [event for event in given.by_annotator.get(annotator, {}).values() if event.time >= first]
        store.append(Event("retract", event.row, annotator, "") for event in back)
    return len(back)
