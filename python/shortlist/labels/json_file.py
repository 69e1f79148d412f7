"""Objects in files of JSON, one a line or in a list, each with the place where it stands."""

from __future__ import annotations

import json
from contextlib import closing
from typing import TYPE_CHECKING, Any

from shortlist.csv_file import text_lines
from shortlist.tables import visible
from shortlist.writing import json_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path


def objects_in(path: Path, encoding: str | None = None) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the objects of a file: of its lines, or of the list that it holds.

    Raises
    ------
    ValueError
        It is no JSON, ends in the middle, or holds something else.
    """
    with closing(text_lines(path, encoding)) as lines:
        number, first = next(((n, line) for n, line in enumerate(lines, 1) if line.strip()), (0, ""))
        if not first.lstrip().startswith("["):
            yield from _of_lines(path, number, first, lines)
            return
        try:
            found = json.loads(first + "".join(lines))
        except RecursionError:
            raise ValueError(f"{visible(str(path))} is nested too deep; accepted is a list of objects") from None
        except json.JSONDecodeError as error:
            if not error.doc[error.pos :].strip() or "Unterminated" in error.msg:
                last = number + error.doc.count("\n")
                raise ValueError(
                    f"{visible(str(path))} ends in the middle of its list, in line {last:,}, as a file that was cut does; "
                    "accepted is a whole one: export it again"
                ) from None
            raise ValueError(
                f"{visible(str(path))} is not JSON in line {number - 1 + error.lineno:,} ({error.msg})"
            ) from None
        for place, record in enumerate(found, 1):
            if not isinstance(record, dict):
                raise ValueError(
                    f"{visible(str(path))} has no object at item {place:,}; accepted are objects, one a line or in a list"
                )
            yield f"item {place:,}", record


def list_lines(records: Iterable[dict[str, Any]]) -> Iterator[str]:
    """Yield a list in JSON, an item a line."""
    before = "[\n"
    for record in records:
        yield before + json_text(record)
        before = ",\n"
    yield "[]\n" if before == "[\n" else "\n]\n"


def object_lines(records: Iterable[dict[str, Any]]) -> Iterator[str]:
    """Yield lines of JSON, an object each."""
    return (json_text(record) + "\n" for record in records)


def _of_lines(path: Path, number: int, first: str, rest: Iterator[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    line = first
    while line:
        if line.strip():
            try:
                record = json.loads(line)
            except (ValueError, RecursionError) as error:
                cut = not line.endswith("\n") and number > 1
                more = "; it is the last one, and was cut: export the file again" if cut else ""
                raise ValueError(f"{visible(str(path))} is not JSON in line {number:,} ({error}){more}") from None
            if not isinstance(record, dict):
                raise ValueError(
                    f"{visible(str(path))} has no object in line {number:,}; accepted is one object a line"
                )
            yield f"line {number:,}", record
        number, line = number + 1, next(rest, "")
