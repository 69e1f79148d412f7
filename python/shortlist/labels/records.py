"""What the readers of all formats give: answers as mappings,
each with the place where it stands.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from shortlist.tables import visible

if TYPE_CHECKING:
    from pathlib import Path

Records: TypeAlias = Iterator[tuple[str, dict[str, Any]]]
"""Places in a file, as "line 7", and answers: mappings with

``id``, ``label``, ``annotator``, ``time``, ``skip``
    as they were written; without label and skip nobody has answered yet.
``none_of``
    a class that somebody said it is not.
``key``, ``source``
    what a tool calls this version of this answer, and the tool's name.
``round``, ``loop``
    where the tool was told.
``wrong``
    a sentence, where this can't be an answer.
``shown``
    what else came along of the row.
"""
Reader: TypeAlias = "Callable[[Path, Sequence[str], str | None], Records]"
ROW_ID = "row_id"
"""What the id of a row is called in tools that have an ``id`` of their own."""
TOLD = (ROW_ID, "rank", "score", "round", "loop")
"""What goes to a tool beside the columns of a row."""
NOT_SENT = f"it is of a task that was not sent from here (it has no {ROW_ID})"


class Malformed(Exception):  # noqa: N818 -- it never leaves the reading of an answer
    """A part of a record is nothing that its tool writes; the message says which."""


def listed(record: Mapping[str, Any], key: str, kind: type = object) -> list[Any]:
    """Return a list in a record, empty where it is missing.

    Raises
    ------
    Malformed
        It is no list, or one of other values.
    """
    value = record.get(key)
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(one, kind) for one in value):
        accepted = "a list" if kind is object else "a list of objects"
        raise Malformed(f"its {key} is {str(value)[:60]!r}; accepted is {accepted}")
    return value


def own_id(record: Mapping[str, Any], id_names: Sequence[str], *, theirs: bool = False) -> Any:
    """Return the id of a row that was sent to a tool; None where it has none.

    `theirs`: the tool has an ``id`` of its own, which is no row's.
    """
    names = [ROW_ID, *(name for name in id_names if not theirs or name != "id")]
    return next((record[name] for name in names if record.get(name) is not None), None)


def about(record: Mapping[str, Any], id_names: Sequence[str], *, theirs: bool = False) -> dict[str, Any]:
    """Return what a row that comes back from a tool says of itself:
    its id, round and loop, and its columns.
    """
    found: dict[str, Any] = {"id": own_id(record, id_names, theirs=theirs)}
    if isinstance(record.get("round"), int):
        found["round"] = record["round"]
    if isinstance(record.get("loop"), str):
        found["loop"] = record["loop"]
    found["shown"] = {name: value for name, value in record.items() if name not in TOLD}
    return found


def sent_from_here(records: Iterable[tuple[str, dict[str, Any]]], path: Path, tool: str) -> Records:
    """Yield answers; those to rows without an id are wrong, and an error where no row has one.

    Raises
    ------
    ValueError
        The file is of another project: no row has an id.
    """
    held: list[tuple[str, dict[str, Any]]] | None = []
    for where, record in records:
        if record["id"] is None:
            record["wrong"] = NOT_SENT
            if held is not None:
                held.append((where, record))
                continue
        elif held is not None:
            yield from held
            held = None
        yield where, record
    if held:
        where, record = held[0]
        raise ValueError(
            f"{visible(str(path))} is {tool} of other rows: none has a {ROW_ID!r} (that in {where} has "
            f"{visible(', '.join(record['shown'])) or 'nothing'}); accepted are rows that were sent from here, or the name of "
            "the column that has their ids"
        )
