"""Arrays that lie in a file byte for byte: `.npy`, stored members of `.npz`, raw binary.

They are read by positioned reads into a few buffers: by several threads, each of which works on
what it has read, or by one in the background. That takes the same memory for a file of any size,
keeps what is read in cache until it is scored, and a file that shrinks meanwhile is an error rather
than a bus error, as it would be through a memory map.
"""

from __future__ import annotations

import os
import threading
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np

from shortlist.disk import check_regular, fill, open_file
from shortlist.npy import NpyFile
from shortlist.pools.ahead import ahead
from shortlist.pools.arrays import form_of, oddity
from shortlist.pools.convert import accepted_dtype
from shortlist.pools.pool import Block, Part, Pool, cut

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from shortlist.pools.source import Reading

READ = 4 << 20
"""Bytes that are read at once. Three such buffers stay in cache,
and calls are rare enough to cost nothing.
"""
BUFFERS, LEAST = 64 << 20, 1 << 20
"""Bytes that the buffers of all threads take together, as long as each has the least."""
RUN = 64 << 10
"""Bytes of one column that are read at once where columns lie together,
as long as a buffer stays below `COLUMNS_READ`.
"""
COLUMNS_READ = 32 << 20
DEPTH = 2


@dataclass(frozen=True)
class Flat:
    """Where an array lies in a file."""

    path: Path
    offset: int
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    fortran: bool


class OneFile:
    """A file that threads have open together, so that the kernel reads ahead of all of
    them as it does of one reader.

    With a file of its own, each would seem to skip what the others read. Where there are no
    positioned reads, each has one.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._file: BinaryIO | None = None
        self._users = 0

    @contextmanager
    def opened(self) -> Iterator[BinaryIO]:
        """Open the file, or share the one that is open; the last to leave closes it."""
        if not hasattr(os, "preadv"):
            with open_file(self._path) as own:
                yield own
            return
        with self._lock:
            file: BinaryIO = self._file or open_file(self._path)
            self._file = file
            self._users += 1
        try:
            yield file
        finally:
            with self._lock:
                self._users -= 1
                if not self._users:
                    self._file = None
                    file.close()


class FlatPool(Pool):
    """Rows of an array in a file, read ahead in flat memory."""

    recycles = True

    def __init__(self, flat: Flat, reading: Reading, name: str) -> None:
        self._stored, form = form_of(flat.shape, flat.dtype, reading, name)
        super().__init__(name, flat.shape[-2], form)
        self.flat = flat
        self._file = OneFile(flat.path)

    def blocks(self, limit: int | None = None) -> Iterator[Block]:
        """Yield blocks in row order, of at most `limit` rows each."""
        for block in ahead(self._read(), DEPTH):
            yield from self._pieces(self._native(block), limit)

    def parts(self, threads: int) -> Iterator[Part]:
        """Return all rows in parts, in order, for so many threads to read."""
        rows = self.flat.shape[-2]
        size = min(READ, max(LEAST, BUFFERS // threads))
        if self.flat.fortran:
            size = max(size, min(RUN // self.dtype.itemsize * self.row_bytes, COLUMNS_READ // threads))
        step = min(rows, max(1, size // self.row_bytes))
        for start in range(0, rows, max(1, step)):
            yield start, min(start + step, rows)

    @contextmanager
    def reader(self, limit: int | None = None) -> Iterator[Callable[[Part], Iterator[Block]]]:
        """Return what one thread reads parts with: a function from a part to its blocks,
        of at most `limit` rows each.
        """
        buffer = np.empty(0, self._stored)
        with self._file.opened() as file:

            def read(part: Part) -> Iterator[Block]:
                nonlocal buffer
                buffer = self._room(part, buffer)
                yield from cut(self._native(self._block(file, part, buffer)), limit)

            yield read

    def _read(self) -> Iterator[NDArray[Any]]:
        ring = [np.empty(0, self._stored) for _ in range(DEPTH + 1)]
        with self._file.opened() as file:
            for number, part in enumerate(self.parts(1)):
                place = number % len(ring)
                ring[place] = self._room(part, ring[place])
                yield self._block(file, part, ring[place])

    def _room(self, part: Part, buffer: NDArray[Any]) -> NDArray[Any]:
        """Return a buffer for a part: the one there is, if it is large enough."""
        start, stop = part
        needed = (stop - start) * self.row_bytes // self.dtype.itemsize
        return buffer if len(buffer) >= needed else np.empty(needed, self._stored)

    def _block(self, file: BinaryIO, part: Part, buffer: NDArray[Any]) -> NDArray[Any]:
        start, stop = part
        shape = (*self.flat.shape[:-2], stop - start, self.flat.shape[-1])
        buffer = buffer[: int(np.prod(shape))]
        self._fill(file, buffer, start, stop)
        block: NDArray[Any] = buffer.reshape(shape, order="F" if self.flat.fortran else "C")
        return block

    def _native(self, block: NDArray[Any]) -> Block:
        """See what was read as a block: in native byte order,
        and for a committee as a list of its members.
        """
        if not self._stored.isnative:
            self.note(f"{self.name} was converted from {oddity(np.empty(0, self._stored))} block by block")
            block = block.astype(self.dtype)
        return list(block) if self.members else block

    def _fill(self, file: BinaryIO, buffer: NDArray[Any], start: int, stop: int) -> None:
        """Read a range of rows: one run of bytes, or one for each member or
        column where these lie apart.
        """
        flat = self.flat
        inner = flat.shape[:-1] if flat.fortran else flat.shape[-2:]
        row = int(np.prod(inner)) // flat.shape[-2] * flat.dtype.itemsize
        apart = flat.shape[-1] if flat.fortran else int(np.prod(flat.shape[:-2]))
        view = memoryview(buffer).cast("B")  # type: ignore[arg-type]
        run = (stop - start) * row
        for number in range(apart):
            offset = flat.offset + (number * flat.shape[-2] + start) * row
            part = view[number * run : (number + 1) * run]
            fill(file, part, offset, f"{self.name} ended while rows {start:,} to {stop - 1:,} were read")


def npy_pool(path: Path, reading: Reading) -> FlatPool:
    """See one `.npy` file as a pool."""
    reading.only((), "a .npy file")
    file = NpyFile(path)
    return FlatPool(Flat(path, file.offset, file.shape, file.dtype, file.fortran), reading, str(path))


def raw_pool(path: Path, reading: Reading) -> FlatPool:
    """See a file of nothing but numbers as a pool, by the shape and dtype that the caller knows."""
    reading.only(("shape", "dtype", "order", "offset"), "raw binary")
    shape = reading.shape
    if shape is None or reading.dtype is None:
        raise ValueError(
            f"{path} has no known suffix, so it would be raw binary, which needs a shape and a dtype; accepted is "
            f'Source("{path.name}", shape=(-1, classes), dtype="float32"), or .npy, .npz, .parquet, .arrow, .h5, .zarr'
        )
    if reading.order not in ("C", "F"):
        raise ValueError(f'order is {reading.order!r}; accepted are "C" and "F"')
    brain = reading.dtype.lstrip("<>=") == "bfloat16"
    try:
        dtype = np.dtype(reading.dtype.replace("bfloat16", "u2"))
    except TypeError:
        raise TypeError(f"dtype is {reading.dtype!r}; accepted are float16, float32, float64 and bfloat16") from None
    accepted_dtype(dtype, brain, str(path))
    if len(shape) not in (2, 3) or any(n < 0 for n in (*shape[:-2], shape[-1])) or shape[-2] < -1:
        raise ValueError(f"shape is {shape}; accepted is (rows, classes) or (members, rows, classes), with -1 for rows")
    if reading.offset < 0:
        raise ValueError(f"offset is {reading.offset}; accepted is 0 or more bytes")
    check_regular(path)
    held = path.stat().st_size - reading.offset
    row = int(np.prod((*shape[:-2], shape[-1]))) * dtype.itemsize
    rows = shape[-2] if shape[-2] >= 0 else max(0, held) // max(1, row)
    if held != rows * row:
        raise ValueError(
            f"{path} holds {max(0, held):,} bytes after the first {reading.offset:,}, and shape {shape} of {reading.dtype} is "
            f"{rows * row:,}; they must be equal"
        )
    whole = (*shape[:-2], rows, shape[-1])
    reading = replace(reading, dtype="bfloat16" if brain else None)
    return FlatPool(Flat(path, reading.offset, whole, dtype, reading.order == "F"), reading, str(path))
