"""Zarr arrays and HDF5 datasets, read by their own chunks in the background."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from shortlist.disk import one_line, readable
from shortlist.pools.ahead import ahead
from shortlist.pools.arrays import form_of, key_of_rows, members_of
from shortlist.pools.extras import need
from shortlist.pools.flat import READ
from shortlist.pools.pool import Block, Pool

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from shortlist.pools.source import Reading


UNREADABLE = "is not a readable array"


class ChunkedPool(Pool):
    """Rows of an array that is stored in chunks and read by slices.

    `opened` gives the array and what closes it: a file is opened anew for each walk.
    """

    def __init__(self, opened: Callable[[], tuple[Any, Callable[[], object]]], reading: Reading, name: str) -> None:
        array, close = opened()
        try:
            with readable(name, UNREADABLE):
                _, form = form_of(tuple(array.shape), np.dtype(array.dtype), reading, name)
            super().__init__(name, array.shape[-2], form)
            self._chunk = (getattr(array, "chunks", None) or (1, 1, 1))[-2]
        finally:
            close()
        self._opened = opened

    def blocks(self, limit: int | None = None) -> Iterator[Block]:
        """Yield blocks in row order, of at most `limit` rows each."""
        self.note(f"{self.name} was decoded block by block")
        for block in ahead(self._read()):
            yield from self._pieces(block, limit)

    def _read(self) -> Iterator[Block]:
        rows = self.rows or 0
        # Whole chunks, so that none is decoded twice.
        step = self._chunk * max(1, READ // (self._chunk * self.row_bytes))
        array, close = self._opened()
        start = 0
        try:
            for start in range(0, rows, step):
                part = np.asarray(array[..., start : start + step, :]).astype(self.dtype, copy=False)
                yield members_of(part, True, self.name) if self.members else part
        except Exception as error:  # a damaged file can break its package in many ways
            raise ValueError(f"{self.name} cannot be read from row {start:,} on ({one_line(error)})") from None
        finally:
            close()


def array_like_pool(x: Any, reading: Reading, name: str) -> Pool:
    """See an opened Zarr array or HDF5 dataset as a pool; a group, by its key."""
    reading.only(("key",), "a Zarr or HDF5 array")
    array = x if hasattr(x, "dtype") else _member(x, reading, name)
    return ChunkedPool(lambda: (array, lambda: None), reading, name)


def zarr_pool(path: Path, reading: Reading) -> Pool:
    """See a Zarr store on disk as a pool."""
    reading.only(("key",), "a Zarr store")
    zarr = need("zarr", "zarr", str(path))

    def opened() -> tuple[Any, Callable[[], object]]:
        with readable(str(path), "is not a readable Zarr store"):
            found = zarr.open(str(path), mode="r")
            return found if hasattr(found, "dtype") else _member(found, reading, str(path)), lambda: None

    return ChunkedPool(opened, reading, str(path))


def hdf5_pool(path: Path, reading: Reading) -> Pool:
    """See one dataset of an HDF5 file as a pool."""
    reading.only(("key",), "an HDF5 file")
    h5py = need("h5py", "hdf5", str(path))

    def opened() -> tuple[Any, Callable[[], object]]:
        with readable(str(path), "is not a readable HDF5 file"):
            file = h5py.File(path, "r")
            try:
                return _member(file, reading, str(path)), file.close
            except BaseException:
                file.close()
                raise

    return ChunkedPool(opened, reading, str(path))


def _member(group: Any, reading: Reading, name: str) -> Any:
    """Return the array of a group that was asked for, or the one that can be a pool."""
    arrays = dict(_arrays(group, ""))
    return arrays[key_of_rows(list(arrays), arrays.__getitem__, reading, name)]


def _arrays(group: Any, prefix: str) -> Iterator[tuple[str, Any]]:
    for key in sorted(group.keys()):
        member = group[key]
        if hasattr(member, "dtype") and hasattr(member, "shape"):
            yield prefix + key, member
        elif hasattr(member, "keys"):
            yield from _arrays(member, f"{prefix}{key}/")
