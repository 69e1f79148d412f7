"""Long arrays of one dimension that lie in files: read in pieces, and never whole."""

from __future__ import annotations

import contextlib
import copy
import itertools
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
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

    @contextlib.contextmanager
    def opened(self) -> Iterator[Callable[[int, int], NDArray[Any]]]:
        """Yield what `read` does, for many short pieces: the file is opened once."""
        with self.path.open("rb", buffering=0) as file:

            def read(start: int, stop: int) -> NDArray[Any]:
                file.seek(start * self.dtype.itemsize)
                return np.frombuffer(file.read((stop - start) * self.dtype.itemsize), self.dtype)

            yield read

    def take(self, places: NDArray[np.int64]) -> NDArray[Any]:
        """Return the numbers at some places, in the order of these."""
        found = np.empty(len(places), self.dtype)
        order = np.argsort(places, kind="stable")
        ascending = places[order]
        with self.opened() as read:
            for first, last in runs(ascending):
                here = ascending[first:last]
                found[order[first:last]] = read(int(here[0]), int(here[-1]) + 1)[here - here[0]]
        return found


def runs(places: NDArray[np.int64]) -> Iterator[tuple[int, int]]:
    """Yield ranges of ascending places that lie near each other,
    and are short enough to be read at once.
    """
    cuts = (np.flatnonzero(np.diff(places) > NEAR) + 1).tolist()
    for begin, end in itertools.pairwise([0, *cuts, len(places)] if len(places) else []):
        first = begin
        while first < end:
            last = end
            if places[end - 1] >= places[first] + PIECE:
                last = first + int(np.searchsorted(places[first:end], places[first] + PIECE))
            yield first, last
            first = last
