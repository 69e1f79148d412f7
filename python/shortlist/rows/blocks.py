"""A pool in blocks of rows, so that what a model makes of it never exists at once.

``chunk_size="auto"`` aims at `BUDGET` bytes for one block with what a model usually makes of it:
the rows, a copy in double precision, and a few arrays of its outputs. A read-only memory map gives
its pages back after each block, so that a pool on disk does not pile up in memory as it is read.
"""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Callable, Iterator
from typing import Literal, TypeAlias

import numpy as np

from shortlist.arguments import PROGRESS_EVERY
from shortlist.rows.kinds import Rows, count, kind
from shortlist.rows.maps import give_back
from shortlist.rows.take import span

BUDGET = 16 * 2**20

ChunkSize: TypeAlias = int | Literal["auto"] | None
Progress: TypeAlias = Callable[[int, int], object] | bool | None


class Blocks:
    """The blocks of a pool: iterate for ``(first_row, block)``.

    Parameters
    ----------
    X : rows
        See `shortlist.rows`.
    chunk_size : int, "auto" or None, default="auto"
        Rows of a block; None for one block. A pool of one block is passed on as it is.
    outputs : int, default=16
        Numbers a model gives for one row; only ``"auto"`` uses it.
    progress : callable, bool or None, default=None
        Called with rows done and rows in all about twenty times a second; True writes a line to
        standard error.
    """

    def __init__(
        self, X: Rows, chunk_size: ChunkSize = "auto", *, outputs: int = 16, progress: Progress = None
    ) -> None:
        self.rows = count(X)
        self.size = _size(X, self.rows, chunk_size, outputs)
        self.X = X.tocsr() if self.size < self.rows and kind(X) == "sparse" else X
        self._report = _write if progress is True else progress or None

    def __len__(self) -> int:
        return max(1, -(-self.rows // self.size))

    def __iter__(self) -> Iterator[tuple[int, Rows]]:
        if len(self) == 1:
            yield 0, self.X
            if self._report:
                self._report(self.rows, self.rows)
            return
        told = time.monotonic()
        for first in range(0, self.rows, self.size):
            stop = min(first + self.size, self.rows)
            yield first, span(self.X, first, stop)
            give_back(self.X)
            now = time.monotonic()
            if self._report and (now - told > PROGRESS_EVERY or stop == self.rows):
                self._report(stop, self.rows)
                told = now


def blocks(X: Rows, chunk_size: ChunkSize = "auto", *, outputs: int = 16, progress: Progress = None) -> Blocks:
    """Return the blocks of a pool; see `Blocks`."""
    return Blocks(X, chunk_size, outputs=outputs, progress=progress)


def _size(X: Rows, rows: int, chunk_size: ChunkSize, outputs: int) -> int:
    if chunk_size is None:
        return max(rows, 1)
    if chunk_size == "auto":
        per_row = 3 * _row_bytes(X, rows) + 4 * 8 * outputs
        return max(1, BUDGET // max(per_row, 1))
    if not isinstance(chunk_size, int | np.integer) or isinstance(chunk_size, bool) or chunk_size < 1:
        raise ValueError(f'chunk_size came as {chunk_size!r}; accepted are a positive integer, "auto" and None')
    return int(chunk_size)


def _row_bytes(X: Rows, rows: int) -> int:
    """Estimate the bytes of one row."""
    holder = kind(X)
    if rows == 0:
        return 1
    if holder == "dict":
        return sum(_row_bytes(part, rows) for part in X.values())
    if holder == "sparse":
        return int(12 * X.nnz // rows + 8)
    if holder == "arrow":
        return int(X.nbytes) // rows
    if holder == "list":
        return 1024 if isinstance(X[0], str) else 8 * max(1, np.size(X[0]))
    cells = int(math.prod(X.shape[1:]))
    if holder in ("pandas", "polars"):
        return 8 * cells
    width = X.element_size() if holder == "torch" else getattr(getattr(X, "dtype", None), "itemsize", 8)
    return int(cells * width)


def _write(done: int, rows: int) -> None:
    sys.stderr.write(f"\r{done:,} of {rows:,} rows" + ("\n" if done == rows else ""))
    sys.stderr.flush()
