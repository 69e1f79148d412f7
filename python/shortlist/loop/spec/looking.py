"""The first rows of a pool, whatever kind of file it is: enough to guess what its columns are."""

from __future__ import annotations

import csv
import glob
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from shortlist.csv_file import SEPARATORS, CsvFile, text_lines
from shortlist.disk import check_regular, no_file, readable
from shortlist.loop.errors import LoopError
from shortlist.loop.spec.names import ARRAYS, TABLES
from shortlist.own_ids import is_missing
from shortlist.pools import open_pool
from shortlist.pools.extras import need

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

MOST = 5_000
"""Rows that are looked at."""
BATCH = 1_000
"""Rows of a Parquet file that are decoded at once."""


@dataclass
class Sample:
    """Rows of a pool as columns.

    Attributes
    ----------
    columns : dict of list
        Values by column, None where a row has none; columns without a name, or with one that others
        have too, are left out.
    rows : int
        Rows that were seen; of an array, all.
    more : bool
        Whether the pool has more.
    array : Path or None
        The first file, where it holds an array, which has no columns.
    """

    columns: dict[str, list[Any]] = field(default_factory=dict)
    rows: int = 0
    more: bool = False
    array: Path | None = None

    def add(self, row: Mapping[str, Any]) -> None:
        """Take in one row."""
        for name in row:
            if name not in self.columns:
                self.columns[name] = [None] * self.rows
        for name, values in self.columns.items():
            values.append(_plain(row.get(name)))
        self.rows += 1


def look(path: Path) -> Sample:
    """Return the first rows of a pool.

    Raises
    ------
    LoopError
        There is no such pool, or it can't be read.
    """
    sample = Sample()
    try:
        for file in _files_of(path):
            if file.suffix.lower() in ARRAYS:
                sample.array = sample.array or file
                sample.rows += open_pool(file).rows or 0
                continue
            for row in _rows(file):
                if sample.rows == MOST:
                    sample.more = True
                    return sample
                sample.add(row)
    except LoopError:
        raise
    except (ValueError, TypeError, OSError, ImportError) as error:
        raise LoopError(str(error)) from None
    if not sample.rows:
        raise LoopError(f"{path} has no rows; a loop needs some to choose from")
    return sample


def _files_of(path: Path) -> list[Path]:
    """Return the files of a pool: those a glob matches, or those of a folder, by name."""
    if path.is_dir() and path.suffix.lower() not in ARRAYS:
        inside = (file for file in path.rglob("*") if not any(p[0] in "._" for p in file.relative_to(path).parts))
        found = [file for file in inside if file.suffix.lower() in TABLES + ARRAYS]
    elif not path.exists() and glob.has_magic(str(path)):
        found = [Path(name) for name in glob.glob(str(path), recursive=True)]  # noqa: PTH207 -- takes absolute patterns
    elif not path.exists():
        raise no_file(path)
    else:
        found = [path]
    other = next((file for file in found if file.suffix.lower() not in TABLES + ARRAYS), None)
    if other is not None or not found:
        what = f"{other} is no pool" if other else f"{path} has no pool in it"
        raise LoopError(f"{what}; accepted are files of the kinds {', '.join(TABLES + ARRAYS)}")
    kinds = sorted({file.suffix.lower() for file in found})
    if len(kinds) > 1:
        raise LoopError(f"{path} has files of the kinds {' and '.join(kinds)}; accepted are files of one kind")
    return sorted(found)


def _rows(path: Path) -> Iterable[dict[str, Any]]:
    check_regular(path)
    suffix = path.suffix.lower()
    if suffix in (".csv", ".tsv"):
        return _csv(path)
    if suffix in (".jsonl", ".ndjson"):
        return _jsonl(path)
    return _arrow(path, suffix)


def _csv(path: Path) -> Iterator[dict[str, Any]]:
    first = next((line for line in text_lines(path) if line.strip()), "")
    # The separator that makes the most of the heading: CsvFile wants names to look for, and none
    # are known yet.
    heads: list[list[str]] = [next(csv.reader([first], delimiter=separator), []) for separator in SEPARATORS]
    widest = max(heads, key=len)
    with CsvFile(path, widest) as file:
        names = [name if name and file.head.count(name) == 1 else None for name in file.head]
        for _, row in file.rows():
            yield {name: cell for name, cell in zip(names, row, strict=True) if name is not None}


def _jsonl(path: Path) -> Iterator[dict[str, Any]]:
    for number, line in enumerate(text_lines(path), 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError):
            raise LoopError(f"{path} has no JSON in line {number:,}; accepted is an object a line") from None
        if not isinstance(row, dict):
            raise LoopError(f"{path} has a {type(row).__name__} in line {number:,}; accepted is an object a line")
        yield {name: value for name, value in row.items() if name.strip()}


def _arrow(path: Path, suffix: str) -> Iterator[dict[str, Any]]:
    if suffix in (".parquet", ".pq"):
        parquet = need("pyarrow.parquet", "arrow", str(path))
        with readable(str(path), "is not a readable Parquet file"), parquet.ParquetFile(path) as file:
            for batch in file.iter_batches(BATCH, columns=_simple(file.schema_arrow)):
                yield from _few(batch).to_pylist()
        return
    ipc = need("pyarrow.ipc", "arrow", str(path))
    with readable(str(path), "is not a readable Arrow file"), path.open("rb") as raw:
        stream = suffix == ".arrows"
        reader = ipc.open_stream(raw) if stream else ipc.open_file(raw)
        batches = reader if stream else (reader.get_batch(number) for number in range(reader.num_record_batches))
        for batch in batches:
            yield from _few(batch.select(_simple(batch.schema)).slice(0, MOST + 1)).to_pylist()


def _simple(schema: Any) -> list[str]:
    """Return the columns that a guess can be made from:
    no bytes, which may be pictures, and nothing nested but lists.
    """
    types = need("pyarrow.types", "arrow", "a table")
    unfit = (types.is_binary, types.is_large_binary, types.is_fixed_size_binary, types.is_struct, types.is_map)
    return [
        field.name
        for field in schema
        if not any(test(field.type) for test in unfit) and field.name.strip() and schema.names.count(field.name) == 1
    ]


def _few(batch: Any) -> Any:
    """Return a batch with lists cut short: what they hold shows in the first values."""
    types, compute = need("pyarrow.types", "arrow", "a table"), need("pyarrow.compute", "arrow", "a table")
    for place, column in enumerate(batch.columns):
        kind = column.type
        if types.is_list(kind) or types.is_large_list(kind) or types.is_fixed_size_list(kind):
            short = compute.list_slice(column, 0, 5, return_fixed_size_list=False)
            batch = batch.set_column(place, batch.schema.names[place], short)
    return batch


def _plain(value: Any) -> Any:
    """Return a value that is there; None for a blank."""
    if isinstance(value, str):
        return value.strip() or None
    return None if is_missing(value) else value
