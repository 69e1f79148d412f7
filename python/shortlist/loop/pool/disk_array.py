"""Long arrays of one dimension that lie in files: read in pieces, and never whole."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

PIECE = 1 << 16
"""Numbers that are read at once."""
NEAR = 1 << 12
"""Numbers wanted from places closer than this are read together."""


class DiskArray:
    """Numbers of one dtype in a file that holds nothing else."""

    def __init__(self, path: Path, dtype: Any) -> None:
        self.path = path
        self.dtype = np.dtype(dtype)
        self._rows: int = path.stat().st_size // self.dtype.itemsize

    def __len__(self) -> int:
        return self._rows

    def first(self, rows: int) -> DiskArray:
        """Return the first numbers as an array of their own."""
        found = copy.copy(self)
        found._rows = min(rows, len(self))
        return found

    def read(self, start: int, stop: int) -> NDArray[Any]:
        """Return the numbers from `start` to before `stop`."""
        count = max(0, min(stop, len(self)) - start)
        return np.fromfile(self.path, self.dtype, count, offset=start * self.dtype.itemsize)

    def pieces(self, size: int = PIECE) -> Iterator[tuple[int, NDArray[Any]]]:
        """Yield all numbers in order, with the place of the first of each piece."""
        for start in range(0, len(self), size):
            yield start, self.read(start, start + size)

    def take(self, places: NDArray[np.int64]) -> NDArray[Any]:
        """Return the numbers at some places, in the order of these."""
        found = np.empty(len(places), self.dtype)
        order = np.argsort(places, kind="stable")
        for first, last in runs(places[order]):
            here = places[order[first:last]]
            found[order[first:last]] = self.read(int(here[0]), int(here[-1]) + 1)[here - here[0]]
        return found


def runs(places: NDArray[np.int64]) -> Iterator[tuple[int, int]]:
    """Yield ranges of ascending places that lie near each other, and are short enough to be read at once."""
    first = 0
    while first < len(places):
        reach = int(np.searchsorted(places, places[first] + PIECE))
        gaps = np.flatnonzero(np.diff(places[first:reach]) > NEAR)
        last = first + int(gaps[0]) + 1 if len(gaps) else reach
        yield first, last
        first = last
