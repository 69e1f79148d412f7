"""Answers as they come, into the log: each is new, known already, or refused for a reason."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Protocol, TypeAlias

from shortlist.loop.errors import LoopError
from shortlist.loop.store.answers import fold
from shortlist.loop.store.events import Event, Kind, key_of, some_of
from shortlist.loop.store.spelling import Spelling, label_text, plain_text
from shortlist.loop.store.times import utc
from shortlist.tables import visible

if TYPE_CHECKING:
    from shortlist.loop.store.store import Store

Why: TypeAlias = Literal["unknown", "unpicked", "loop", "class", "text"]
ALLOWED: tuple[Why, ...] = ("unknown", "unpicked", "loop", "class", "text")
LONGEST_CELL = 32_000
"""Spreadsheets cut longer texts."""
WHOLE = re.compile(r"([+-]?)0*(\d+)(\.0*)?")
"""A whole number as a spreadsheet may write an id."""


class Rows(Protocol):
    """What is asked of a pool."""

    def index_of(self, ids: Sequence[str]) -> Any:
        """Return the places of rows by their ids, -1 for what isn't there."""

    def show(self, indices: Any) -> list[dict[str, Any]]:
        """Return what people see of rows."""


class Refused(NamedTuple):
    """An answer that was not taken: where it stood, its row, and why."""

    where: str
    row: str
    reason: str
    kind: str = ""


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
    """

    new: int = 0
    known: int = 0
    refused: list[Refused] = field(default_factory=list)
    empty: int = 0
    superseded: list[Refused] = field(default_factory=list)

    def lines(self) -> list[str]:
        """Sentences for a person, one for each kind of refusal."""
        lines = [
            f"{self.new:,} new, {self.known:,} known" + (f", {self.empty:,} not answered yet" if self.empty else "")
        ]
        total = self.new + self.known + len(self.refused)
        for kind in dict.fromkeys(refused.kind for refused in self.refused):
            same = [refused for refused in self.refused if refused.kind == kind]
            lines.append(
                f"{len(same):,} of {total:,} answers refused: {visible(same[0].reason)}; the first is {visible(same[0].where)}"
            )
        if self.superseded:
            first = self.superseded[0]
            lines.append(
                f"{len(self.superseded):,} known, and corrected since: {visible(first.reason)}; "
                f"the first is {visible(first.where)}"
            )
        return lines


class _Answer(NamedTuple):
    """An answer whose parts were read."""

    number: int
    where: str
    row: str
    kind: Kind
    label: str | None
    annotator: str
    time: str
    source: str
    key: str
    round: int | None
    allowed: tuple[str, ...]
    shown: Mapping[str, Any]


def ingest(
    store: Store,
    items: Any,
    *,
    annotator: str | None = None,
    allow: Iterable[str] = (),
    pool: Rows | None = None,
    encoding: str | None = None,
) -> Ingested:
    """Take answers in, in one transaction. The same answer twice is one answer; the order doesn't matter.

    Parameters
    ----------
    store : Store
        The loop's.
    items : mapping of id to label, path, table, or iterable of records
        A mapping is what somebody says now: it corrects what the same person said before. Records and files are exports:
        mappings with ``id`` and ``label``, perhaps ``annotator``, ``time`` and ``skip``.
    annotator : str, optional
        Who answered, where the items don't say.
    allow : iterable of str
        What is taken all the same: rows "unknown" to the pool, rows "unpicked" so far, rows of another "loop", labels that
        are no "class", and rows whose "text" has changed.
    pool : LoopPool, optional
        Tells rows that are not in the pool from those that were never picked, and texts that have changed.
    encoding : str, optional
        Of a file of text; by default what a byte order mark says, or else UTF-8.

    Raises
    ------
    LoopError
        The items can't be read; nothing is taken.
    """
    allowed = _checked(allow)
    refused: dict[int, Refused] = {}
    empty = 0
    answers: list[_Answer] = []
    spelling = Spelling(store.spec.classes)
    acts = isinstance(items, Mapping)
    for number, record in enumerate(records_of(items, store, encoding), 1):
        where = record.get("where") or f"answer {number:,}"
        read = _read(record, number, where, spelling, annotator, allowed, store)
        if read is None:
            empty += 1
        elif isinstance(read, Refused):
            refused[number] = read
        else:
            answers.append(read)
    # The pool is asked before others have to wait.
    rounds = _rounds_of(store, answers)
    answers = _as_written(answers, rounds, pool)
    taken = list(_of_this_loop(answers, rounds, allowed, pool, refused, store))
    listed = [refused[number] for number in sorted(refused)]
    with store.transaction():
        if acts:
            return _act(store, taken, rounds, listed, empty)
        events = _events(store, taken, rounds)
        appended = store.append(events)
    late = _superseded(store, taken, events) if appended.known else []
    return Ingested(appended.new, appended.known, listed, empty, late)


def records_of(items: Any, store: Store, encoding: str | None = None) -> Iterable[Mapping[str, Any]]:
    """Return items of any kind as records."""
    if isinstance(items, str | os.PathLike):
        from shortlist.loop.handoff.reading import answers_in

        own = store.spec.pool.id
        return answers_in(items, ("id", own) if own else ("id",), encoding)
    if isinstance(items, Mapping):
        return ({"id": row, "label": label} for row, label in items.items())
    for name, arguments in (("to_dicts", ()), ("to_pylist", ()), ("to_dict", ("records",))):
        if hasattr(items, name):  # a table of Polars, Arrow or pandas
            records: list[Mapping[str, Any]] = getattr(items, name)(*arguments)
            return records
    if not isinstance(items, Iterable):
        raise LoopError(
            f"answers are a {type(items).__name__}; accepted are a path, a mapping of id to label, a table, and records"
        )
    return _mappings(items)


def _mappings(items: Iterable[Any]) -> Iterator[Mapping[str, Any]]:
    for number, item in enumerate(items, 1):
        if not isinstance(item, Mapping):
            raise LoopError(
                f"answer {number:,} is a {type(item).__name__}; accepted are mappings with 'id' and 'label'"
            )
        yield item


def _checked(allow: Iterable[str]) -> frozenset[str]:
    allowed = frozenset([allow] if isinstance(allow, str) else allow)
    for name in sorted(allowed.difference(ALLOWED)):
        raise LoopError(f"allow has {name!r}; accepted are {', '.join(ALLOWED)}")
    return allowed


def _read(
    record: Mapping[str, Any],
    number: int,
    where: str,
    spelling: Spelling,
    annotator: str | None,
    allowed: frozenset[str],
    store: Store,
) -> _Answer | Refused | None:
    """Read the parts of an answer; None where there is none yet."""
    row = plain_text(record.get("id"))
    if row is None or isinstance(record.get("id"), bool):
        return Refused(where, "", f"its id is {record.get('id')!r}; accepted are text and whole numbers", "id")
    taken: tuple[str, ...] = ()
    said: tuple[Kind, str | None] | None
    try:
        said = ("skip", None) if _is_yes(record.get("skip")) else spelling.read(record.get("label"))
    except ValueError as error:
        text = _text_or_none(record.get("label")) if "class" in allowed else None
        if text is None:
            return Refused(where, row, str(error), "class")
        said, taken = ("label", text), ("class",)
    if said is None:
        return None
    loop = record.get("loop")
    if loop and loop != store.id:
        if "loop" not in allowed:
            return Refused(where, row, f"row {row!r} is of another loop ({str(loop)!r})", "loop")
        taken += ("loop",)
    given = record.get("time")
    try:
        time = "" if _is_absent(given) else utc(given)
    except ValueError as error:
        return Refused(where, row, str(error), "time")
    who = (_text_or_none(record.get("annotator")) or "").strip() or annotator or ""
    for text in (row, said[1] or "", who):
        if not text.isascii() and text.encode(errors="replace").decode() != text:
            return Refused(where, row, f"{text!a} holds half of a character, which can't be kept", "id")
    source, key = str(record.get("source") or ""), plain_text(record.get("key")) or ""
    shown = record.get("shown") or record
    asked = record.get("round")
    return _Answer(
        number, where, row, *said, who, time, source, f"{source}:{key}" if key else "",
        asked if isinstance(asked, int) else None, taken, shown,
    )  # fmt: skip


def _text_or_none(value: Any) -> str | None:
    try:
        return label_text(value)
    except ValueError:
        return None


def _is_absent(value: Any) -> bool:
    """Return whether nothing is written: tables have many words for that, which are not equal to themselves."""
    return value is None or (not value.strip() if isinstance(value, str) else bool(value != value))


def _is_yes(value: Any) -> bool:
    text = None if value is None else _text_or_none(value)
    return text is not None and text.strip().casefold() not in ("0", "false", "no", "n", "f")


def _rounds_of(store: Store, answers: Sequence[_Answer]) -> dict[str, list[int]]:
    """Return the rounds in which rows were picked, in order, for all the ways in which their ids may be written."""
    rows = dict.fromkeys(name for answer in answers for name in (answer.row, *_other_ways(answer.row)))
    found: dict[str, list[int]] = {}
    for row, number in sorted(some_of(store._database, "SELECT row, round FROM picks WHERE row", rows)):
        if number not in found.setdefault(row, []):
            found[row].append(number)
    return found


def _other_ways(row: str) -> list[str]:
    """Return what an id may have been before a spreadsheet or a reader of text files had it."""
    if "\n" in row:
        return [row.replace("\n", "\r\n"), row.replace("\n", "\r")]
    whole = WHOLE.fullmatch(row)
    plain = whole and ("-" if whole[1] == "-" else "") + whole[2]
    return [plain] if plain and plain != row else []


def _as_written(answers: list[_Answer], rounds: Mapping[str, Any], pool: Rows | None) -> list[_Answer]:
    """Return answers by the ids that rows have: 7.0 is row 7, where no row is called 7.0."""
    other = {a.row for a in answers if a.row not in rounds and any(way in rounds for way in _other_ways(a.row))}
    if not other:
        return answers
    there = _there(pool, other)
    return [
        answer
        if answer.row not in other or answer.row in there
        else answer._replace(row=next(way for way in _other_ways(answer.row) if way in rounds))
        for answer in answers
    ]


def _there(pool: Rows | None, rows: Iterable[str]) -> set[str]:
    """Return which rows the pool has; none where there is no pool to ask."""
    listed = list(rows)
    if pool is None or not listed:
        return set()
    return {row for row, index in zip(listed, pool.index_of(listed), strict=True) if index >= 0}


def _of_this_loop(
    answers: Sequence[_Answer],
    rounds: Mapping[str, list[int]],
    allowed: frozenset[str],
    pool: Rows | None,
    refused: dict[int, Refused],
    store: Store,
) -> Iterator[_Answer]:
    """Yield the answers that can be taken; the others are refused."""
    there = _there(pool, {answer.row for answer in answers if answer.row not in rounds})
    changed = set() if pool is None else _changed(answers, rounds, pool, store.spec.pool.text)
    for number, answer in enumerate(answers):
        why: Why | None = None
        if answer.row not in rounds:
            if pool is None or answer.row in there:
                why, reason = "unpicked", f"row {answer.row!r} was never picked in this loop"
            else:
                why, reason = "unknown", f"row {answer.row!r} is not in the pool"
        elif number in changed:
            why, reason = "text", f"the text of row {answer.row!r} is no longer the one in the pool"
        if why is None:
            yield answer
        elif why in allowed:
            yield answer._replace(allowed=(*answer.allowed, why))
        else:
            refused[answer.number] = Refused(answer.where, answer.row, reason, why)


def _changed(answers: Sequence[_Answer], rounds: Mapping[str, Any], pool: Rows, column: str | None) -> set[int]:
    """Return which answers came with a text that isn't that of their row."""
    if not column:
        return set()
    numbers = [n for n, answer in enumerate(answers) if answer.row in rounds and column in answer.shown]
    rows = list(dict.fromkeys(answers[n].row for n in numbers))
    shown = dict(zip(rows, pool.show(pool.index_of(rows)), strict=True)) if rows else {}
    return {
        n for n in numbers if not _same_text(answers[n].shown[column], shown[answers[n].row].get(column))
    }  # fmt: skip


def _same_text(given: Any, own: Any) -> bool:
    if not isinstance(given, str) or not isinstance(own, str) or given == own:
        return True
    left, right = " ".join(given.split()), " ".join(own.split())
    # An apostrophe may stand in front of what a spreadsheet would take for a formula.
    return right in (left, left.removeprefix("'")) or (len(given) >= LONGEST_CELL and right.startswith(left))


def _events(store: Store, answers: Sequence[_Answer], rounds: Mapping[str, list[int]]) -> list[Event]:
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


def _round_of(answer: _Answer, mine: Sequence[int], opened: Mapping[int, str]) -> int | None:
    """Return the round that an answer belongs to: the one it names, or else the last that was open at its time."""
    if not mine:
        return None
    if answer.round in mine:
        return answer.round
    if answer.time and len(mine) > 1:
        return next((number for number in reversed(mine) if opened[number] <= answer.time), mine[0])
    return mine[-1]


def _keys_of_old(store: Store, answers: Sequence[_Answer], rounds: Mapping[str, list[int]]) -> dict[int, str]:
    """Return the known keys of answers that name neither time nor round, of rows that were asked for more than once.

    An export of an old round is still the same export after its rows were asked for again.
    """
    keys: dict[int, list[str]] = {}
    for number, answer in enumerate(answers):
        mine = rounds.get(answer.row, [])
        if not answer.key and not answer.time and len(mine) > 1 and answer.round not in mine:
            keys[number] = [_key_without_time(answer, asked) for asked in mine]
    known = store.known_keys(key for several in keys.values() for key in several)
    return {number: next(key for key in k if key in known) for number, k in keys.items() if known.intersection(k)}


def _key_without_time(answer: _Answer, asked: int | None) -> str:
    return key_of(answer.row, answer.annotator, answer.kind, answer.label, asked)


def _event(answer: _Answer, asked: int | None, key: str) -> Event:
    payload: dict[str, Any] = {} if asked is None else {"round": asked}
    if answer.allowed:
        payload["allowed"] = list(answer.allowed)
    return Event(answer.kind, answer.row, answer.annotator, answer.time, answer.label, answer.source, key, payload)


def _act(
    store: Store, answers: Sequence[_Answer], rounds: Mapping[str, list[int]], refused: list[Refused], empty: int
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


def _superseded(store: Store, answers: Sequence[_Answer], events: Sequence[Event]) -> list[Refused]:
    """Return the answers that are known, say no time, and are not what the same person says by now."""
    last = {(a.row, a.annotator): (a, event.key) for a, event in zip(answers, events, strict=True) if not a.time}
    current = fold(store.events_of(dict.fromkeys(row for row, _ in last)), store.spec).current
    found = []
    for pair, (answer, key) in last.items():
        stands = current.get(pair)
        if stands is not None and stands.key != key and stands.label != answer.label:
            reason = (
                f"row {answer.row!r} was {answer.label!r} before it was {stands.label!r}; to say it again, give a time"
            )
            found.append(Refused(answer.where, answer.row, reason, "superseded"))
    return found
