"""CSV and JSON Lines: copied once into lines of one form whose places are known,
so that any row is read by itself.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np

from shortlist.csv_file import CsvFile, text_lines
from shortlist.loop.errors import LoopError
from shortlist.loop.pool.disk_array import DiskArray, runs
from shortlist.loop.pool.tables.table import BLOCK

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

SUFFIXES = {".csv": "csv", ".tsv": "csv", ".txt": "csv", ".jsonl": "jsonl", ".ndjson": "jsonl"}


class LinesTable:
    """Rows of CSV or JSON Lines, out of the copy that `copy_lines` made."""

    vectors = False

    def __init__(self, folder: Path, name: str) -> None:
        about = json.loads((folder / "lines.json").read_text(encoding="utf-8"))
        self.name = name
        self.columns: tuple[str, ...] = tuple(about["columns"])
        self._files: list[str] = about["files"]
        self._path = folder / "lines"
        self._ends = DiskArray(folder / "lines.ends", np.int64)
        self.rows = len(self._ends)

    def blocks(self, columns: Sequence[str]) -> Iterator[tuple[int, Mapping[str, Any]]]:
        """Yield the first row of each block, and its columns as lists."""
        with self._path.open("rb") as file:
            for start in range(0, self.rows, BLOCK):
                records = [json.loads(file.readline()) for _ in range(min(BLOCK, self.rows - start))]
                yield start, self._columns_of(columns, records)

    def take(self, columns: Sequence[str], rows: NDArray[np.int64]) -> Mapping[str, Any]:
        """Return columns of some rows, in the order of these."""
        return self._columns_of(columns, self._records(rows))

    def where(self, row: int) -> str:
        """Say which line of which file a row begins in."""
        file, line, *_ = self._records(np.array([row]))[0]
        return f"line {line:,} of {self._files[file]}"

    def _records(self, rows: NDArray[np.int64]) -> list[list[Any]]:
        found: list[list[Any]] = [[] for _ in rows]
        order = np.argsort(rows, kind="stable")
        with self._path.open("rb") as file:
            for first, last in runs(rows[order]):
                begin = int(rows[order[first]])
                ends = self._ends.read(max(0, begin - 1), int(rows[order[last - 1]]) + 1)
                starts = ends[:-1] if begin else np.concatenate([[0], ends[:-1]])
                for place in order[first:last].tolist():
                    file.seek(int(starts[int(rows[place]) - begin]))
                    found[place] = json.loads(file.readline())
        return found

    def _columns_of(self, columns: Sequence[str], records: list[list[Any]]) -> dict[str, list[Any]]:
        places = [self.columns.index(column) + 2 for column in columns]
        # A key that came up later in the file is missing from the records before.
        return {
            column: [record[place] if place < len(record) else None for record in records]
            for column, place in zip(columns, places, strict=True)
        }


def copy_lines(files: list[Path], names: Sequence[str], folder: Path) -> None:
    """Copy files into lines ``[file, line, value, ...]``, and note where each ends;
    `names` are columns to look for.
    """
    columns: dict[str, int] = {}
    ends: list[int] = []
    at = 0
    with (folder / "lines").open("wb") as out, (folder / "lines.ends").open("wb") as marks:
        for number, path in enumerate(files):
            reader = _csv_rows if SUFFIXES[path.suffix.lower()] == "csv" else _json_rows
            for line, values in _readable(reader(path, names, columns)):
                at += out.write(json.dumps([number, line, *values], separators=(",", ":")).encode() + b"\n")
                ends.append(at)
                if len(ends) == BLOCK:
                    np.array(ends, np.int64).tofile(marks)
                    ends.clear()
        np.array(ends, np.int64).tofile(marks)
    about = {"columns": list(columns), "files": [str(path) for path in files]}
    (folder / "lines.json").write_text(json.dumps(about), encoding="utf-8")


def _readable(rows: Iterator[tuple[int, list[Any]]]) -> Iterator[tuple[int, list[Any]]]:
    """Yield rows; a file in another encoding is to be saved in one that is known,
    as no key of a specification names one.
    """
    try:
        yield from rows
    except ValueError as error:
        wrong, _, advice = str(error).partition("; accepted ")
        if "encoding=" not in advice:
            raise
        raise LoopError(f"{wrong}; accepted are UTF-8, and UTF-16 with its byte order mark") from None


def _csv_rows(path: Path, names: Sequence[str], columns: dict[str, int]) -> Iterator[tuple[int, list[Any]]]:
    with CsvFile(path, names) as file:
        if not columns:
            columns.update((name, place) for place, name in enumerate(file.head))
            if len(columns) < len(file.head):
                twice = next(name for name in columns if file.head.count(name) > 1)
                raise LoopError(f"{path} has two columns {twice!r}; accepted are distinct names")
        if set(file.head) != set(columns):
            odd = sorted(set(file.head) ^ set(columns))[0]
            raise LoopError(
                f"{path} has other columns than the files before it, as {odd!r}; accepted are the same in all"
            )
        places = [file.head.index(name) for name in columns]
        for line, row in file.rows():
            yield line, [row[place] for place in places]


def _json_rows(path: Path, names: Sequence[str], columns: dict[str, int]) -> Iterator[tuple[int, list[Any]]]:  # noqa: ARG001
    for line, text in enumerate(text_lines(path), 1):
        if not text.strip():
            continue
        try:
            record = json.loads(text)
        except ValueError as error:
            raise LoopError(f"{path} is not JSON in line {line:,} ({error}); accepted is one object a line") from None
        if not isinstance(record, dict):
            raise LoopError(f"{path} has a {type(record).__name__} in line {line:,}; accepted is one object a line")
        for name in record:
            columns.setdefault(name, len(columns))
        yield line, [record.get(name) for name in columns]
