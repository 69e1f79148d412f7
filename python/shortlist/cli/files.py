"""Files of the command: ids to exclude, and picks written out."""

from __future__ import annotations

import io
import json
import math
import sys
from array import array
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import numpy as np

from shortlist.csv_file import SEPARATORS, CsvFile, text_lines
from shortlist.npy import NpyFile
from shortlist.own_ids import Positions, plain_number
from shortlist.writing import json_text, place_of, told, write_bytes, write_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shortlist.selection import Selection

FORMATS = (".csv", ".jsonl", ".npy")
PLACES = ["index", "id"]
"""Columns of places where no id column is named."""
PICKS = ["rank", "index", "score"]
"""What `--out` writes where rows have no ids of their own."""


def read_ids(path: Path, id_column: str | None = None, encoding: str | None = None) -> Any:
    """Read ids: those of the rows' own where an id column is named,
    and otherwise places in the pool.

    A ``.npy`` holds an array of ids, or a mask; a ``.csv`` or ``.tsv`` a column named like the id
    column, "id" or "index", or one column without a heading; a ``.jsonl`` objects with such a key,
    or bare ids; anything else has one id a line.

    Raises
    ------
    ValueError
        No such column, a line without an id, or where places are wanted, with none: the message
        names file and line.
    """
    if path.suffix.lower() == ".npy":
        return np.array(NpyFile(path).array)
    names = PLACES if id_column is None else list(dict.fromkeys([id_column, "id", "index"]))
    numbers, others = array("q"), list[str]()
    for line, cell in _cells(path, names, encoding, own=id_column is not None):
        number = plain_number(cell)
        if number is not None and (id_column is not None or number >= 0):
            numbers.append(number)
        elif not cell:
            raise ValueError(f"{path} has no id in line {line:,}; accepted is an id in each line")
        elif id_column is not None:
            others.append(cell)
        elif cell.isascii() and cell.isdigit() and len(cell) < 30 and int(cell) < 2**63:
            numbers.append(int(cell))
        else:
            raise ValueError(
                f"{path} has {_short(cell)} in line {line:,}; accepted are whole numbers, 0 or more, the places of rows (ids of "
                "their own need id_column=)"
            )
    whole = np.frombuffer(numbers, dtype=np.int64) if numbers else np.empty(0, np.int64)
    return [*whole.tolist(), *others] if others else whole


def read_places(path: Path, encoding: str | None = None) -> Positions:
    """Read places in the pool, whatever rows are called."""
    return Positions(read_ids(path, None, encoding))


def _cells(path: Path, names: list[str], encoding: str | None, *, own: bool) -> Iterator[tuple[int, str]]:
    """Yield the lines of a file and the ids in them."""
    suffix = path.suffix.lower()
    if suffix in (".jsonl", ".ndjson"):
        yield from _of_json(path, names, encoding, own=own)
        return
    if suffix not in (".csv", ".tsv") and not _has_heading(path, names, encoding):
        yield from ((n, line.strip()) for n, line in enumerate(text_lines(path, encoding), 1) if line.strip())
        return
    with CsvFile(path, names, encoding) as file:
        place = file.column(*names)
        if place is None:
            if len(file.head) > 1 and plain_number(file.head[0]) is None:
                raise ValueError(
                    f"{path} has no column {_listed(names)}; its columns are {', '.join(map(_short, file.head[:10]))}"
                )
            rows: Any = chain([(file.line, file.head)] if file.head else [], file.rows())
            place = 0
        elif own and file.head == PICKS:
            raise _only_places(path)
        else:
            rows = file.rows()
        yield from ((line, row[place].strip()) for line, row in rows)


def _has_heading(path: Path, names: list[str], encoding: str | None) -> bool:
    """Whether a file of no known kind is CSV all the same, by its first line."""
    if not path.is_file():
        return False
    first = next((line for line in text_lines(path, encoding) if line.strip()), "")
    cells = {cell.strip().lower() for separator in SEPARATORS for cell in first.split(separator)}
    return not cells.isdisjoint(name.lower() for name in names)


def _of_json(path: Path, names: list[str], encoding: str | None, *, own: bool) -> Iterator[tuple[int, str]]:
    key = None
    for number, line in enumerate(text_lines(path, encoding), 1):
        if not line.strip():
            continue
        try:
            found = json.loads(line)
        except (ValueError, RecursionError) as error:
            reason = "nested too deep" if isinstance(error, RecursionError) else str(error).partition(":")[0]
            raise ValueError(f"{path} has no JSON in line {number:,} ({reason}); accepted is a value a line") from None
        if isinstance(found, dict):
            if own and list(found) == PICKS:
                raise _only_places(path)
            key = key or next((name for name in names if name in found), None)
            if key is None or key not in found:
                wanted = _listed(names) if key is None else repr(key)
                keys = ", ".join(map(_short, list(found)[:10]))
                raise ValueError(f"{path} has no {wanted} in line {number:,}; its keys are {keys}")
            found = found[key]
        if isinstance(found, float) and math.isfinite(found) and found.is_integer():
            found = int(found)
        if isinstance(found, bool) or not isinstance(found, int | str):
            raise ValueError(f"{path} has {_short(found)} in line {number:,}; accepted are whole numbers and text")
        yield number, found if isinstance(found, str) else _digits(found)


def _digits(number: int) -> str:
    """Return a whole number as text; Python refuses that to those of thousands of digits."""
    return str(number) if abs(number) < 10**100 else hex(number)


def _only_places(path: Path) -> ValueError:
    return ValueError(
        f"{path} has places in the pool (index) and no ids of the rows' own; accepted by --exclude-positions, or picks that were "
        "written with --id-column"
    )


def _listed(names: list[str]) -> str:
    *most, last = map(repr, names)
    return f"{', '.join(most)} or {last}" if most else last


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:50]}... ({len(text):,} characters)"


def format_of(out: str) -> str | None:
    """Return how picks are written to a path: by its suffix, or as CSV where it is no regular file;
    None if by neither.
    """
    suffix = Path(out).suffix
    return suffix if suffix in FORMATS else None if place_of(out).is_file else ".csv"


@contextmanager
def standard_output() -> Iterator[IO[str]]:
    """Give standard output, flushed at the end, where a full disk can still be told."""
    try:
        yield sys.stdout
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        raise told(error, "standard output") from None


def print_json(value: Any) -> None:
    """Write a value to standard output as one JSON document."""
    with standard_output() as target:
        write_text(target, [json_text(value), "\n"])


def write_picks(picks: Selection, out: str, *, spreadsheet: bool) -> None:
    """Write picks by the format of a path, or CSV to standard output for "-"."""
    if out == "-":
        with standard_output() as target:
            picks.to_csv(target, spreadsheet=spreadsheet)
        return
    form = format_of(out)
    if form == ".npy":
        content = io.BytesIO()
        np.save(content, picks.indices)
        write_bytes(out, [content.getvalue()])
    elif form == ".jsonl":
        picks.to_jsonl(out)
    else:
        picks.to_csv(out, spreadsheet=spreadsheet)
