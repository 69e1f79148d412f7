"""Hashes in ascending order, with the rows they belong to, made in files:
a sixteenth of all is in memory at a time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from shortlist.loop.pool.disk_array import DiskArray

BITS = 4


def ordered(hashes: DiskArray) -> Iterator[tuple[NDArray[np.uint64], NDArray[np.int64]]]:
    """Yield hashes in ascending order with their rows, those of equal hashes ascending;
    equal ones are never split.
    """
    shift = np.uint64(64 - BITS)
    for bucket in range(1 << BITS if len(hashes) > 1 << 16 else 1):
        values, rows = [np.empty(0, np.uint64)], [np.empty(0, np.int64)]
        for start, piece in hashes.pieces():
            mine = np.arange(len(piece)) if len(hashes) <= 1 << 16 else np.flatnonzero(piece >> shift == bucket)
            values.append(piece[mine])
            rows.append(mine + start)
        value, row = np.concatenate(values), np.concatenate(rows)
        order = np.argsort(value, kind="stable")
        yield value[order], row[order]


def write_ordered(hashes: DiskArray, folder: Path, name: str) -> None:
    """Write the hashes in ascending order, and beside them the rows."""
    with (folder / f"{name}.sorted").open("wb") as values, (folder / f"{name}.rows").open("wb") as rows:
        for value, row in ordered(hashes):
            value.tofile(values)
            row.tofile(rows)


def repeats(hashes: DiskArray) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Yield the rows whose hash an earlier row has, and the first such row of each."""
    for value, row in ordered(hashes):
        first = np.flatnonzero(np.concatenate([[True], value[1:] != value[:-1]])[: len(value)])
        starts = np.repeat(row[first], np.diff(np.append(first, len(value))))
        later = starts != row
        yield row[later], starts[later]
