"""Answers into the log: each is new, known already, or refused for a reason."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from shortlist.loop.store.answers import fold
from shortlist.loop.store.events import Event, key_of
from shortlist.loop.store.fitting import Rows, as_written, of_this_loop, rounds_of
from shortlist.loop.store.incoming import ALLOWED, Answer, Refused, checked_kinds, read_answer, records_of
from shortlist.loop.store.spelling import Spelling, quoted
from shortlist.tables import visible

if TYPE_CHECKING:
    from shortlist.loop.store.store import Store


LONGEST_REASON = 600
"""Characters of a refusal that are shown."""


@dataclass(frozen=True)
class Ingested:
    """What became of answers.

    Attributes
    ----------
    new, known : int
        Answers that were appended to the log, and that were in it.
    refused : list of Refused
        Those that were not taken.
    empty : int
        Rows that nobody has answered yet.
    superseded : list of Refused
        Known answers which the same person has corrected since: the correction stands.
    deleted : int
        Answers that were taken back, as people have deleted them in the tool.
    """

    new: int = 0
    known: int = 0
    refused: list[Refused] = field(default_factory=list)
    empty: int = 0
    superseded: list[Refused] = field(default_factory=list)
    deleted: int = 0

    def lines(self) -> list[str]:
        """Sentences for a person, one for each kind of refusal."""
        lines = [
            f"{self.new:,} new, {self.known:,} known" + (f", {self.empty:,} not answered yet" if self.empty else "")
        ]
        if self.deleted:
            lines.append(f"{self.deleted:,} taken back, which people have deleted")
        total = self.new + self.known + len(self.refused)
        for kind in dict.fromkeys(refused.kind for refused in self.refused):
            same = [refused for refused in self.refused if refused.kind == kind]
            lines.append(
                f"{len(same):,} of {total:,} answers refused: {_short(same[0].reason)}; the first is {visible(same[0].where)}"
                + (f"; to take them all the same, allow {kind}" if kind in ALLOWED else "")
            )
        if self.superseded:
            first = self.superseded[0]
            lines.append(
                f"{len(self.superseded):,} known, and corrected since: {_short(first.reason)}; "
                f"the first is {visible(first.where)}"
            )
        return lines


def _short(reason: str) -> str:
    """Return a reason that fits on a screen, whatever stands in a file."""
    text = visible(reason)
    return text if len(text) <= LONGEST_REASON else f"{text[:LONGEST_REASON]} ..."


def ingest(
    store: Store,
    items: Any,
    *,
    annotator: str | None = None,
    allow: Iterable[str] = (),
    pool: Rows | None = None,
    encoding: str | None = None,
    format: str | None = None,  # noqa: A002 - what people call it
) -> Ingested:
    """Take answers in, in one transaction. The same answer twice is one answer;
    the order doesn't matter.

    Parameters
    ----------
    store : Store
        The loop's.
    items, annotator, allow, encoding, format
        As `Loop.ingest` takes them.
    pool : LoopPool, optional
        Tells rows that are not in the pool from those that were never picked, and texts that have
        changed.

    Raises
    ------
    LoopError
        The items can't be read; nothing is taken.
    """
    allowed = checked_kinds(allow)
    refused: dict[int, Refused] = {}
    empty = 0
    answers: list[Answer] = []
    spelling = Spelling(store.spec.classes)
    acts = isinstance(items, Mapping)
    for number, record in enumerate(records_of(items, store, encoding, format), 1):
        where = record.get("where") or f"answer {number:,}"
        read = read_answer(record, number, where, spelling, annotator, allowed, store)
        if read is None:
            empty += 1
        elif isinstance(read, Refused):
            refused[number] = read
        else:
            answers.append(read)
    # The pool is asked before others have to wait.
    rounds = rounds_of(store, answers)
    answers = as_written(answers, rounds, pool)
    taken = list(of_this_loop(answers, rounds, allowed, pool, refused, store))
    listed = [refused[number] for number in sorted(refused)]
    with store.transaction():
        if acts:
            return _act(store, taken, rounds, listed, empty)
        events = _events(store, taken, rounds)
        appended = store.append(events)
    late = _superseded(store, taken, events) if appended.known else []
    return Ingested(appended.new, appended.known, listed, empty, late)


def _events(store: Store, answers: Sequence[Answer], rounds: Mapping[str, list[int]]) -> list[Event]:
    """Return the events of exports, with keys that are the same for the same answer."""
    keys = _keys_of_old(store, answers, rounds)
    opened = {r.number: r.opened for r in store.rounds()} if any(a.time for a in answers) else {}
    events = []
    for number, answer in enumerate(answers):
        mine = rounds.get(answer.row, [])
        asked = _round_of(answer, mine, opened)
        if answer.key:
            key = answer.key
        elif answer.time:
            key = key_of(answer.row, answer.annotator, answer.kind, answer.label, answer.time)
        else:
            key = keys.get(number) or _key_without_time(answer, asked)
        events.append(_event(answer, asked, key))
    return events


def _round_of(answer: Answer, mine: Sequence[int], opened: Mapping[int, str]) -> int | None:
    """Return the round that an answer belongs to: the one it names,
    or else the last that was open at its time.
    """
    if not mine:
        return None
    if answer.round in mine:
        return answer.round
    if answer.time and len(mine) > 1:
        return next((number for number in reversed(mine) if opened[number] <= answer.time), mine[0])
    return mine[-1]


def _keys_of_old(store: Store, answers: Sequence[Answer], rounds: Mapping[str, list[int]]) -> dict[int, str]:
    """Return the known keys of answers that name neither time nor round,
    of rows that were asked for more than once.

    An export of an old round is still the same export after its rows were asked for again.
    """
    keys: dict[int, list[str]] = {}
    for number, answer in enumerate(answers):
        mine = rounds.get(answer.row, [])
        if not answer.key and not answer.time and len(mine) > 1 and answer.round not in mine:
            keys[number] = [_key_without_time(answer, asked) for asked in mine]
    known = store.known_keys(key for several in keys.values() for key in several)
    return {number: next(key for key in k if key in known) for number, k in keys.items() if known.intersection(k)}


def _key_without_time(answer: Answer, asked: int | None) -> str:
    return key_of(answer.row, answer.annotator, answer.kind, answer.label, asked)


def _event(answer: Answer, asked: int | None, key: str) -> Event:
    payload: dict[str, Any] = {} if asked is None else {"round": asked}
    if answer.allowed:
        payload["allowed"] = list(answer.allowed)
    if answer.none_of is not None:
        payload["none_of"] = answer.none_of
    return Event(answer.kind, answer.row, answer.annotator, answer.time, answer.label, answer.source, key, payload)


def _act(
    store: Store, answers: Sequence[Answer], rounds: Mapping[str, list[int]], refused: list[Refused], empty: int
) -> Ingested:
    """Take what somebody says now: it is known where they stand by it already."""
    current = fold(store.events_of(dict.fromkeys(a.row for a in answers)), store.spec).current
    events = []
    for answer in answers:
        event = _event(answer, _round_of(answer, rounds.get(answer.row, []), {}), "")
        stands = current.get((answer.row, answer.annotator))
        if stands is None or (stands.kind, stands.label, stands.payload) != (event.kind, event.label, event.payload):
            events.append(event)
    appended = store.append(events)
    return Ingested(appended.new, len(answers) - appended.new, refused, empty)


def _superseded(store: Store, answers: Sequence[Answer], events: Sequence[Event]) -> list[Refused]:
    """Return the answers that are known, say no time,
    and are not what the same person says by now.
    """
    last = {(a.row, a.annotator): (a, event.key) for a, event in zip(answers, events, strict=True) if not a.time}
    current = fold(store.events_of(dict.fromkeys(row for row, _ in last)), store.spec).current
    found = []
    for pair, (answer, key) in last.items():
        stands = current.get(pair)
        if stands is not None and stands.key != key and stands.label != answer.label:
            reason = f"row {quoted(answer.row)} was {answer.label!r} before it was {stands.label!r}; to say it again, give a time"
            found.append(Refused(answer.where, answer.row, reason, "superseded"))
    return found
