"""What happened to rows: the entries of the log, each with a key that makes it unique."""

from __future__ import annotations

import hashlib
import json
import os
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeAlias, get_args

from shortlist.labels.values import utc
from shortlist.loop.errors import LoopError
from shortlist.loop.store.times import KEPT, now

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from shortlist.loop.store.database import Database

Kind: TypeAlias = Literal["label", "reject", "skip", "retract", "review", "flag", "consensus"]
KINDS: tuple[Kind, ...] = get_args(Kind)
CONSENSUS: Kind = "consensus"
PART = 20_000
"""Events that are read at once."""
_json = json.JSONEncoder(separators=(",", ":")).encode


class Event(NamedTuple):
    """One entry of the log.

    Attributes
    ----------
    kind : {"label", "reject", "skip", "retract", "review", "flag", "consensus"}
        A class; none of the classes; no answer; the answer so far is taken back; a reviewer's word,
        which decides the row; a remark; what was made of several answers when a model was trained,
        which nobody said.
    row : str
        The row's id.
    annotator : str
        Who it came from; empty where nobody said.
    time : str
        When it happened: ISO 8601. Empty for now, in the order in which they are appended, whatever
        the clock does.
    label : str, optional
        The class of a label or a review (a review without one says "none of these").
    source : str
        Where it came from: the name of a file or tool; "import" for labels from before the loop.
    key : str
        What makes it unique: an event whose key is known is not appended again. Empty for one made
        from the rest.
    payload : mapping
        Anything else, for JSON: ``round`` is the round that the answer belongs to.
    seq : int
        Its place in the log, counted from 1; given by the log.
    kept : str
        When it was appended; given by the log.
    """

    kind: Kind
    row: str
    annotator: str
    time: str
    label: str | None = None
    source: str = ""
    key: str = ""
    payload: Mapping[str, Any] = {}
    seq: int = 0
    kept: str = ""

    @property
    def said(self) -> bool:
        """Whether a person said it."""
        return self.kind != CONSENSUS


class Appended(NamedTuple):
    """How many events were new, and how many were known by their keys."""

    new: int
    known: int


def key_of(*parts: Any) -> str:
    """Return a key for what has none of its own: a hash of what tells it from others."""
    return hashlib.sha256(_json(parts).encode()).hexdigest()[:32]


class Log:
    """The part of a store that holds events."""

    _database: Database

    def append(self, events: Iterable[Event]) -> Appended:
        """Append events in one transaction: on disk before this returns, all of them or none.

        Returns
        -------
        Appended
            How many were new, and how many were known by their keys.
        """
        with self._database.transaction() as connection:
            kept = now()
            rows = [_row_of(event, kept) for event in events]
            before = connection.total_changes
            connection.executemany(
                "INSERT INTO events (kind, row, annotator, time, label, source, key, payload, kept) "
                "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                rows,
            )
            new = connection.total_changes - before
        return Appended(new, len(rows) - new)

    def events(self, after: int = 0, until: int | None = None) -> Iterator[Event]:
        """Yield events in their order: those behind one position of the log, up to another."""
        last = self.position if until is None else until
        while after < last:
            rows = self._database.read(f"{EVENTS} WHERE seq > ? AND seq <= ? ORDER BY seq LIMIT ?", (after, last, PART))
            if not rows:
                return
            yield from _events_of(rows)
            after = rows[-1][-2]

    def events_of(self, rows: Iterable[str]) -> list[Event]:
        """Return the events of some rows, in their order."""
        return sorted(_events_of(some_of(self._database, f"{EVENTS} WHERE row", rows)), key=lambda event: event.seq)

    def known_keys(self, keys: Iterable[str]) -> set[str]:
        """Return which of some keys events have."""
        return {row[0] for row in some_of(self._database, "SELECT key FROM events WHERE key", keys)}

    def rows_allowed(self, kind: str) -> list[str]:
        """Return the rows with an answer that was taken although something of
        this kind was wrong with it.
        """
        rows = self._database.read(
            "SELECT DISTINCT row FROM events WHERE payload LIKE '%allowed%' || ? || '%'", (kind,)
        )
        return [row for (row,) in rows]

    @property
    def position(self) -> int:
        """The place of the last event; 0 where there is none."""
        return int(self._database.value("SELECT max(seq) FROM events") or 0)


EVENTS = "SELECT kind, row, annotator, time, label, source, key, payload, seq, kept FROM events"


def _events_of(rows: Iterable[tuple[Any, ...]]) -> Iterator[Event]:
    payloads: dict[str, Mapping[str, Any]] = {}
    for kind, row, annotator, time, label, source, key, text, seq, kept in rows:
        # Most events of a round have the same payload.
        payload = payloads.get(text)
        if payload is None:
            payload = payloads[text] = json.loads(text)
        yield Event(kind, row, annotator, time, label, source, key, payload, seq, kept)


def some_of(database: Database, query: str, values: Iterable[str]) -> Iterator[tuple[Any, ...]]:
    """Yield rows of a query that ends with the column that must be one of some values."""
    listed = list(values)
    for start in range(0, len(listed), 500):
        part = listed[start : start + 500]
        yield from database.read(f"{query} IN ({', '.join('?' * len(part))})", part)


def _row_of(event: Event, kept: str) -> tuple[Any, ...]:
    if event.kind not in KINDS:
        raise LoopError(f"an event's kind is {event.kind!r}; accepted are {', '.join(KINDS)}")
    if (event.kind == "label") != (event.label is not None) and event.kind not in ("review", "flag", CONSENSUS):
        raise LoopError(
            f"an event of row {event.row!r} is a {event.kind} with the label {event.label!r}; accepted are "
            "labels with one, and rejects, skips and retracts without"
        )
    time = event.time if KEPT.fullmatch(event.time) else utc(event.time) if event.time else kept
    payload = _json(event.payload) if event.payload else "{}"
    key = event.key
    if not key:
        # What happens now is an act of its own, however much it looks like the one before.
        key = key_of(*event[:3], time, event.label, event.source, payload) if event.time else os.urandom(16).hex()
    return (event.kind, event.row, event.annotator, time, event.label, event.source, key, payload, kept)
