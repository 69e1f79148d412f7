"""Files of the command: ids to exclude, and picks written out."""

from __future__ import annotations

import csv
import io
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from shortlist.npy import NpyFile
from shortlist.writing import place_of, told, write_bytes

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from shortlist.selection import Selection

FORMATS = (".csv", ".jsonl", ".npy")


def read_ids(path: Path) -> NDArray[Any]:
    """Read ids, one a line or in the column "index" of what `--out` writes, or a .npy of ids or a mask."""
    if path.suffix == ".npy":
        return np.array(NpyFile(path).array)
    if path.is_dir():
        raise IsADirectoryError(f"{path} is a directory; accepted is a file of ids")
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        raise FileNotFoundError(f"there is no file {path} (looked from {Path.cwd()})") from None
    except UnicodeDecodeError:
        raise ValueError(f"{path} is not text; accepted are .npy, .csv, .jsonl and text with one id a line") from None
    lines = [line for line in lines if line.strip()]
    cells = [_index(line) for line in lines] if path.suffix == ".jsonl" else _column(lines)
    for number, cell in enumerate(cells, 1):
        if not cell.isdecimal() or int(cell) >= 2**63:
            raise ValueError(f"{path} has {cell!r} as id {number}; accepted are whole numbers, 0 or more")
    return np.array([int(cell) for cell in cells], dtype=np.int64)


def _index(line: str) -> str:
    """Return the id in a line of JSON, or the line where there is none."""
    try:
        return str(json.loads(line)["index"])
    except (ValueError, TypeError, KeyError):
        return line


def _column(lines: list[str]) -> list[str]:
    """Return the cells of the column of ids; of rows that are too short, all there is."""
    rows = [[cell.strip() for cell in row] for row in csv.reader(lines)]
    head = [cell.lower() for cell in rows[0]] if rows else []
    place = next((head.index(name) for name in ("index", "id") if name in head), None)
    if place is None:
        return [row[0] for row in rows]
    return [row[place] if place < len(row) else ",".join(row) + " (too few cells)" for row in rows[1:]]


def format_of(out: str) -> str | None:
    """Return how picks are written to a path: by its suffix, or as CSV where it is no regular file; None if by neither."""
    suffix = Path(out).suffix
    return suffix if suffix in FORMATS else None if place_of(out).is_file else ".csv"


def write_picks(picks: Selection, out: str, *, spreadsheet: bool) -> None:
    """Write picks by the format of a path, or CSV to standard output for "-"."""
    if out == "-":
        try:
            picks.to_csv(sys.stdout, spreadsheet=spreadsheet)
            sys.stdout.flush()  # here, where a full disk can still be told
        except BrokenPipeError:
            raise
        except OSError as error:
            raise told(error, "standard output") from None
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
