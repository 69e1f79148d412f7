"""Rows of numbers in files: what lies row by row is read where it lies,
and the rest is copied once so that it does.
"""

from __future__ import annotations

from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from shortlist.csv_file import text_lines
from shortlist.loop.errors import LoopError
from shortlist.loop.pool.disk_array import runs
from shortlist.loop.pool.tables.table import BLOCK, VECTOR
from shortlist.npy import NpyFile
from shortlist.pools import open_pool

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

PIECE_BYTES = 32 << 20


class Matrix:
    """Rows of numbers of one width, by place."""

    def __init__(self, path: Path, dtype: Any, shape: tuple[int, int], offset: int) -> None:
        self.path, self.dtype, self.shape, self.offset = path, np.dtype(dtype), shape, offset

    def __len__(self) -> int:
        return self.shape[0]

    def read(self, start: int, stop: int) -> NDArray[Any]:
        """Return the rows from `start` to before `stop`."""
        count, width = max(0, min(stop, len(self)) - start), self.shape[1]
        flat = np.fromfile(
            self.path, self.dtype, count * width, offset=self.offset + start * width * self.dtype.itemsize
        )
        if len(flat) != count * width:
            raise LoopError(f"{self.path} became shorter since it was opened; accepted is a file that stays as it is")
        return flat.reshape(count, width).astype(self.dtype.newbyteorder("="), copy=False)

    def take(self, rows: NDArray[np.int64]) -> NDArray[Any]:
        """Return some rows, in the order of these."""
        found = np.empty((len(rows), self.shape[1]), self.dtype.newbyteorder("="))
        step = max(1, PIECE_BYTES // max(1, self.shape[1] * self.dtype.itemsize))
        order = np.argsort(rows, kind="stable")
        for first, last in runs(rows[order]):
            for start in range(int(rows[order[first]]), int(rows[order[last - 1]]) + 1, step):
                low, high = np.searchsorted(rows[order[first:last]], [start, start + step]) + first
                if high > low:
                    here = rows[order[low:high]]
                    found[order[low:high]] = self.read(int(here[0]), int(here[-1]) + 1)[here - here[0]]
        return found


def open_matrix(path: str | Path, folder: Path, name: str = "pool") -> Matrix:
    """See a file of numbers as a matrix; what is no plain ``.npy`` is copied to the folder once."""
    path = Path(path)
    if path.suffix.lower() == ".npy":
        file = NpyFile(path)
        if len(file.shape) != 2 or file.dtype.kind not in "fiu":
            raise LoopError(
                f"{path} has shape {file.shape} and dtype {file.dtype}; accepted are numbers, (rows, features)"
            )
        if not file.fortran:
            return Matrix(path, file.dtype, (file.shape[0], file.shape[1]), file.offset)
    copy = folder / f"{name}.vectors.npy"
    if not copy.exists():
        pool = open_pool(str(path))
        with copy.open("wb") as out:
            rows, offset = 0, 128
            out.write(b"\0" * offset)
            for block in pool.blocks(BLOCK):
                part = np.ascontiguousarray(pool.kept(block))
                part.tofile(out)
                rows += len(part)
            header = f"{{'descr': '{part.dtype.str}', 'fortran_order': False, 'shape': ({rows}, {part.shape[1]}), }}"
            out.seek(0)
            out.write(b"\x93NUMPY\x01\x00" + (118).to_bytes(2, "little") + header.ljust(117).encode() + b"\n")
    file = NpyFile(copy)
    return Matrix(copy, file.dtype, (file.shape[0], file.shape[1]), file.offset)


class VectorTable:
    """Vectors in one file and their ids in another, row by row."""

    vectors = True

    def __init__(self, matrix: Matrix, ids: Path, name: str) -> None:
        self.name = name
        self.matrix = matrix
        self.rows = len(matrix)
        self.columns: tuple[str, ...] = ("id",)
        self._ids = ids

    def blocks(self, columns: Sequence[str]) -> Iterator[tuple[int, Mapping[str, Any]]]:
        """Yield the first row of each block, and its columns."""
        ids = read_ids(self._ids)
        for start in range(0, self.rows, BLOCK):
            stop = min(start + BLOCK, self.rows)
            found: dict[str, Any] = {}
            if VECTOR in columns:
                found[VECTOR] = self.matrix.read(start, stop)
            if "id" in columns:
                found["id"] = list(islice(ids, stop - start))
                if len(found["id"]) < stop - start:
                    raise self._unequal(start + len(found["id"]))
            yield start, found
        if "id" in columns and (more := sum(1 for _ in ids)):
            raise self._unequal(self.rows + more)

    def take(self, columns: Sequence[str], rows: NDArray[np.int64]) -> Mapping[str, Any]:
        """Return the vectors of some rows, in the order of these."""
        return {column: self.matrix.take(rows) for column in columns if column == VECTOR}

    def where(self, row: int) -> str:
        """Say which row it is."""
        return f"row {row:,} of {self.name}"

    def _unequal(self, ids: int) -> LoopError:
        return LoopError(f"{self.name} has {self.rows:,} rows, and {self._ids} {ids:,} ids; they must be equal")


def read_ids(path: Path) -> Iterator[str]:
    """Yield the ids that a file holds: one a line, or a ``.npy`` of whole numbers or text."""
    if path.suffix.lower() == ".npy":
        array = np.load(path, mmap_mode="r", allow_pickle=False)
        if array.ndim != 1 or array.dtype.kind not in "iuU":
            raise LoopError(
                f"{path} has shape {array.shape} and dtype {array.dtype}; accepted is one whole number or text a row"
            )
        for start in range(0, len(array), BLOCK):
            yield from map(str, array[start : start + BLOCK].tolist())
        return
    for line in text_lines(path):
        yield line.removesuffix("\n")
