"""Answers as they come: records of any kind, of which each is an answer, none yet, or refused."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeAlias

from shortlist.loop.errors import LoopError
from shortlist.loop.store.spelling import Spelling, label_text, plain_text, quoted
from shortlist.loop.store.times import utc

if TYPE_CHECKING:
    from shortlist.loop.store.events import Kind
    from shortlist.loop.store.store import Store

Why: TypeAlias = Literal["unknown", "unpicked", "loop", "class", "text"]
ALLOWED: tuple[Why, ...] = ("unknown", "unpicked", "loop", "class", "text")


class Refused(NamedTuple):
    """An answer that was not taken: where it stood, its row, and why."""

    where: str
    row: str
    reason: str
    kind: str = ""


class Answer(NamedTuple):
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


def checked_kinds(allow: Iterable[str]) -> frozenset[str]:
    """Return the kinds of answers that are allowed, or say which is unknown."""
    allowed = frozenset([allow] if isinstance(allow, str) else allow)
    for name in sorted(allowed.difference(ALLOWED)):
        raise LoopError(f"allow has {name!r}; accepted are {', '.join(ALLOWED)}")
    return allowed


def read_answer(
    record: Mapping[str, Any],
    number: int,
    where: str,
    spelling: Spelling,
    annotator: str | None,
    allowed: frozenset[str],
    store: Store,
) -> Answer | Refused | None:
    """Read the parts of an answer; None where there is none yet."""
    row = plain_text(record.get("id"))
    if row is None or isinstance(record.get("id"), bool):
        return Refused(where, "", f"its id is {record.get('id')!r}; accepted are text and whole numbers", "id")
    if not row.strip():
        return Refused(where, row, "its id is empty; accepted is that of a row", "id")
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
            return Refused(where, row, f"row {quoted(row)} is of another loop ({str(loop)!r})", "loop")
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
    return Answer(
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
