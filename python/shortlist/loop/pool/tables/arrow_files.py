"""Parquet and Arrow files, group of rows by group of rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from shortlist.disk import readable
from shortlist.loop.errors import LoopError
from shortlist.loop.pool.tables.table import BLOCK
from shortlist.pools.extras import need

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

SUFFIXES = (".parquet", ".pq", ".arrow", ".feather", ".ipc", ".arrows")
MAGIC = b"ARROW1"
"""How an Arrow file begins; a stream does not."""


class ArrowFilesTable:
    """Rows of one or several Parquet or Arrow files."""

    vectors = False

    def __init__(self, files: list[Path], name: str) -> None:
        self.name = name
        self._need = need("pyarrow", "arrow", name)
        self._groups: list[tuple[Path, int]] = []
        sizes: list[int] = []
        first: tuple[str, ...] | None = None
        for path in files:
            with readable(str(path), "is not a readable file"):
                columns, counts = self._about(path)
            if first is not None and set(columns) != set(first):
                odd = sorted(set(columns) ^ set(first))[0]
                raise LoopError(
                    f"{path} has other columns than {files[0]}, as {odd!r}; accepted are the same in all files"
                )
            first = first or columns
            sizes += counts
            self._groups += [(path, group) for group in range(len(counts))]
        self.columns: tuple[str, ...] = first or ()
        self._starts = np.cumsum([0, *sizes])
        self.rows = int(self._starts[-1])

    def blocks(self, columns: Sequence[str]) -> Iterator[tuple[int, Mapping[str, Any]]]:
        """Yield the first row of each block, and its columns as lists."""
        for number in range(len(self._groups)):
            start = int(self._starts[number])
            for batch in self._batches(number, list(columns)):
                for low in range(0, batch.num_rows, BLOCK):
                    part = batch.slice(low, BLOCK)
                    yield start + low, {column: part.column(column).to_pylist() for column in columns}
                start += batch.num_rows

    def take(self, columns: Sequence[str], rows: NDArray[np.int64]) -> Mapping[str, Any]:
        """Return columns of some rows, in the order of these."""
        found: dict[str, list[Any]] = {column: [None] * len(rows) for column in columns}
        group_of = np.searchsorted(self._starts, rows, side="right") - 1
        for number in np.unique(group_of).tolist():
            places = np.flatnonzero(group_of == number)
            places = places[np.argsort(rows[places], kind="stable")]
            wanted, start = rows[places] - self._starts[number], 0
            for batch in self._batches(number, list(columns)):
                low, high = np.searchsorted(wanted, [start, start + batch.num_rows])
                if high > low:
                    part = batch.take(self._need.array(wanted[low:high] - start))
                    for column in columns:
                        for place, value in zip(
                            places[low:high].tolist(), part.column(column).to_pylist(), strict=True
                        ):
                            found[column][place] = value
                start += batch.num_rows
        return found

    def where(self, row: int) -> str:
        """Say which row of which file it is."""
        number = int(np.searchsorted(self._starts, row, side="right")) - 1
        path = self._groups[number][0]
        first = next(start for (file, _), start in zip(self._groups, self._starts, strict=False) if file == path)
        return f"row {row - int(first):,} of {path}"

    def _about(self, path: Path) -> tuple[tuple[str, ...], list[int]]:
        if path.suffix.lower() in (".parquet", ".pq"):
            with need("pyarrow.parquet", "arrow", str(path)).ParquetFile(path) as file:
                counts = [file.metadata.row_group(group).num_rows for group in range(file.metadata.num_row_groups)]
                return tuple(file.schema_arrow.names), counts
        ipc = need("pyarrow.ipc", "arrow", str(path))
        if _is_stream(path):
            # One group: a batch is found by reading those before it.
            with path.open("rb") as raw, ipc.open_stream(raw) as file:
                return tuple(file.schema.names), [sum(batch.num_rows for batch in file)]
        with ipc.open_file(path) as file:
            counts = [file.get_batch(number).num_rows for number in range(file.num_record_batches)]
            return tuple(file.schema.names), counts

    def _batches(self, number: int, columns: list[str]) -> Iterator[Any]:
        path, group = self._groups[number]
        with readable(str(path), "cannot be read"):
            if path.suffix.lower() in (".parquet", ".pq"):
                with need("pyarrow.parquet", "arrow", str(path)).ParquetFile(path) as file:
                    yield from file.iter_batches(BLOCK, row_groups=[group], columns=columns)
                return
            ipc = need("pyarrow.ipc", "arrow", str(path))
            if _is_stream(path):
                with path.open("rb") as raw, ipc.open_stream(raw) as file:
                    yield from (batch.select(columns) for batch in file)
                return
            with ipc.open_file(path) as file:
                yield file.get_batch(group).select(columns)


def _is_stream(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(len(MAGIC)) != MAGIC
