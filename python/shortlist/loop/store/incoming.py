"""Answers as they come: records of any kind, of which each is an answer, none yet, or refused."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeAlias

from shortlist.labels.reading import answers_in, answers_of, the_other
from shortlist.labels.values import is_absent, is_yes, plain_text, text_or_none, utc
from shortlist.loop.errors import LoopError
from shortlist.loop.store.spelling import quoted

if TYPE_CHECKING:
    from shortlist.loop.store.events import Kind
    from shortlist.loop.store.spelling import Spelling
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
    none_of: str | None = None


def records_of(
    items: Any,
    store: Store,
    encoding: str | None = None,
    format: str | None = None,  # noqa: A002
) -> Iterable[Mapping[str, Any]]:
    """Return items of any kind as records."""
    own = store.spec.pool.id
    names = ("id", own) if own else ("id",)
    if isinstance(items, str | os.PathLike):
        return answers_in(items, names, encoding, format)
    if format is not None:
        return answers_of(items, format, names)
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
        reason = record.get("wrong") or f"its id is {record.get('id')!r}; accepted are text and whole numbers"
        return Refused(where, "", reason, "id")
    if not row.strip():
        return Refused(where, row, "its id is empty; accepted is that of a row", "id")
    if record.get("wrong"):
        return Refused(where, row, str(record["wrong"]), "class")
    taken: tuple[str, ...] = ()
    none_of: str | None = None
    said: tuple[Kind, str | None] | None
    try:
        skip = record.get("skip", record.get("skipped"))
        said = ("skip", None) if is_yes(skip) else spelling.read(record.get("label"))
        none_of = _refused_class(record, spelling) if said is None else None
        if none_of is not None:
            other = the_other(none_of, spelling.classes)
            # Of several classes one is ruled out: nothing to train on, but this person has seen the
            # row.
            said, none_of = (("label", other), None) if other else (("skip", None), none_of)
    except ValueError as error:
        text = text_or_none(record.get("label")) if "class" in allowed else None
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
        time = "" if is_absent(given) else utc(given)
    except ValueError as error:
        return Refused(where, row, str(error), "time")
    who = (text_or_none(record.get("annotator")) or "").strip() or annotator or ""
    for text in (row, said[1] or "", who):
        if not text.isascii() and text.encode(errors="replace").decode() != text:
            return Refused(where, row, f"{text!a} holds half of a character, which can't be kept", "id")
    source, key = str(record.get("source") or ""), plain_text(record.get("key")) or ""
    shown = record.get("shown") or record
    asked = record.get("round")
    return Answer(
        number, where, row, *said, who, time, source, f"{source}:{key}" if key else "",
        asked if isinstance(asked, int) else None, taken, shown, none_of,
    )  # fmt: skip


def _refused_class(record: Mapping[str, Any], spelling: Spelling) -> str | None:
    """Return the class that somebody said it is not."""
    found = spelling.read(record.get("none_of"))
    return found[1] if found and found[0] == "label" else None
