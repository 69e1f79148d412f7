"""Arguments that more than one function takes, each checked in one place.

What the core takes as it is (temperature, normalize, ties, ...) is checked there.
"""

from __future__ import annotations

import operator
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

Progress: TypeAlias = Callable[[int, int | None], object]
"""Called about ten times a second with (rows done, rows in all or None where unknown)."""

RandomState: TypeAlias = "int | np.random.Generator | np.random.RandomState | None"


def whole(value: Any, name: str, *, least: int = 0) -> int:
    """Return a whole number of at least `least`."""
    accepted = f"a whole number, {least} or more"
    if isinstance(value, bool | np.bool):
        raise TypeError(f"{name} is {value}; accepted is {accepted}")
    try:
        number = operator.index(value)
    except TypeError:
        raise TypeError(f"{name} is {value!r}, a {type(value).__name__}; accepted is {accepted}") from None
    if number < least:
        raise ValueError(f"{name} is {number}; accepted is {accepted}")
    return number


def seed_of(random_state: RandomState) -> int:
    """Return the seed of a hash: the int itself, one draw from a generator, or fresh entropy for None."""
    if random_state is None:
        import secrets

        return secrets.randbits(63)
    if isinstance(random_state, np.random.Generator):
        return int(random_state.integers(2**63 - 1))
    if isinstance(random_state, np.random.RandomState):
        return int(random_state.randint(2**63 - 1, dtype=np.int64))
    seed = whole(random_state, "random_state")
    if seed >= 2**64:
        raise ValueError(f"random_state is {seed}; accepted is a whole number below 2**64")
    return seed


class Exclusion:
    """Rows never to pick, given as ids or as a mask over the whole pool."""

    def __init__(self, exclude: ArrayLike | set[int] | None, rows: int | None) -> None:
        self.ids: NDArray[np.int64] | None = None
        self.mask: NDArray[np.bool] | None = None
        if exclude is None:
            return
        array = np.asarray(sorted(exclude) if isinstance(exclude, set | frozenset) else exclude)
        if array.ndim != 1:
            raise ValueError(f"exclude has shape {array.shape}; accepted are ids or a boolean mask, of one dimension")
        if array.dtype == np.bool:
            if rows is not None and len(array) != rows:
                raise ValueError(
                    f"exclude is a mask of {len(array):,} rows, and the pool has {rows:,}; they must be equal"
                )
            self.mask = np.ascontiguousarray(array)
        elif len(array):
            self.ids = distinct_ids(array, "exclude")
            if rows is not None and self.ids[-1] >= rows:
                raise ValueError(
                    f"exclude has id {self.ids[-1]}; accepted are 0 to {rows - 1}, for a pool of {rows:,} rows"
                )

    def part(self, start: int, rows: int) -> NDArray[np.bool] | None:
        """Return the mask of one block."""
        if self.mask is None:
            return None
        if start + rows > len(self.mask):
            raise ValueError(f"exclude is a mask of {len(self.mask):,} rows, and the pool has more; they must be equal")
        return self.mask[start : start + rows]

    def keeps(self, start: int, rows: int) -> NDArray[np.bool]:
        """Return which rows of a block may be picked."""
        keep = np.ones(rows, dtype=np.bool)
        part = self.part(start, rows)
        if part is not None:
            keep &= ~part
        if self.ids is not None:
            first, last = np.searchsorted(self.ids, [start, start + rows])
            keep[self.ids[first:last] - start] = False
        return keep


def as_ids(values: ArrayLike, name: str) -> NDArray[np.int64]:
    """Return ids as int64: whole numbers of at least 0, in one dimension."""
    array = np.asarray(values)
    if array.dtype.kind not in "iu":
        raise TypeError(f"{name} has dtype {array.dtype}; accepted are whole numbers")
    if array.ndim != 1:
        raise ValueError(f"{name} has shape {array.shape}; accepted is one dimension")
    if len(array) and (int(array.min()) < 0 or int(array.max()) >= 2**63):
        bad = int(array.min()) if int(array.min()) < 0 else int(array.max())
        raise ValueError(f"{name} has id {bad}; accepted are 0 to 2**63 - 1")
    return np.require(array, np.int64, ("C_CONTIGUOUS", "ALIGNED"))


def distinct_ids(values: ArrayLike, name: str) -> NDArray[np.int64]:
    """Return ids in ascending order, none of them twice."""
    ids = np.sort(as_ids(values, name))
    repeated = ids[1:][ids[1:] == ids[:-1]]
    if len(repeated):
        raise ValueError(f"{name} has id {repeated[0]} twice; accepted is each id once (np.unique drops repeats)")
    return ids


class Steps:
    """Passes the progress of one block on as progress of the pool, at most ten times a second."""

    def __init__(self, progress: Progress | None, total: int | None) -> None:
        if progress is not None and not callable(progress):
            raise TypeError(
                f"progress is a {type(progress).__name__}; accepted is a callable of (rows done, rows in all)"
            )
        self._progress = progress
        self._total = total
        self._done = 0
        self._last = time.monotonic()

    @property
    def within(self) -> Callable[[int, int], None] | None:
        """What the core calls while it is inside a block."""
        return None if self._progress is None else self._within

    def _within(self, done: int, _rows: int) -> None:
        self._tell(self._done + done)

    def block(self, rows: int) -> None:
        """Count a finished block."""
        self.reach(self._done + rows)

    def reach(self, done: int) -> None:
        """Take note of how many rows are done by now."""
        self._done = done
        if self._progress is not None and time.monotonic() - self._last > 0.1:
            self._tell(self._done)

    def end(self) -> None:
        """Report the whole."""
        self._tell(self._done)

    def _tell(self, done: int) -> None:
        if self._progress is not None:
            self._last = time.monotonic()
            self._progress(done, self._total)
