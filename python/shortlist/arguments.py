"""Arguments that more than one function takes, each checked in one place.

What the core takes as it is (temperature, normalize, ties, ...) is checked there.
"""

from __future__ import annotations

import operator
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from shortlist.own_ids import OwnIds, Picked, Positions, as_mask, one_column

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import ArrayLike, NDArray

    from shortlist.pools import Pool

LARGEST = 2**63 - 1
"""The largest whole number that the core takes."""

MARKED = 32
"""Rows for each of the places that a mask is worth."""

PROGRESS_EVERY = 0.05
"""Seconds between two calls of `progress` at the least; the core keeps to the same."""

Progress: TypeAlias = Callable[[int, int | None], object]
"""Called about twenty times a second with (rows done, rows in all or None where unknown)."""

RandomState: TypeAlias = "int | np.random.Generator | np.random.RandomState | None"


def whole(value: Any, name: str, *, least: int = 0, most: int = LARGEST) -> int:
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
    if number > most:
        shown = number if number < 10**30 else "a number of more than 30 digits"
        raise ValueError(f"{name} is {shown}; accepted is a whole number below 2**{(most + 1).bit_length() - 1}")
    return number


def seed_of(random_state: RandomState) -> int:
    """Return the seed of a hash: the int itself, one draw from a generator,
    or fresh entropy for None.
    """
    if random_state is None:
        import secrets

        return secrets.randbits(63)
    if isinstance(random_state, np.random.Generator):
        return int(random_state.integers(2**63 - 1))
    if isinstance(random_state, np.random.RandomState):
        return int(random_state.randint(2**63 - 1, dtype=np.int64))
    return whole(random_state, "random_state", most=2**64 - 1)


class Exclusion:
    """Rows never to pick: by the ids of an id column, by places where there is none,
    or by a mask over the whole pool.

    Attributes
    ----------
    ids : ndarray of int64 or None
        Places of the rows, ascending.
    mask : ndarray of bool or None
        Over all rows.
    missing : int
        Own ids that no row of the pool has; complete once all rows were read.

    With `to_mark` a mask stands for many places, which need not be sorted for it.
    """

    def __init__(self, exclude: Any, rows: int | None, pool: Pool | None = None, *, to_mark: bool = False) -> None:
        self.ids: NDArray[np.int64] | None = None
        self.mask: NDArray[np.bool] | None = None
        self._own: OwnIds | None = None
        self._coming: Iterator[NDArray[Any]] | None = None
        self._matched = np.empty(0, np.bool)
        if exclude is None:
            return
        self.mask = as_mask(exclude, "exclude")
        if self.mask is not None:
            if rows is not None and len(self.mask) != rows:
                raise ValueError(
                    f"exclude is a mask of {len(self.mask):,} rows, and the pool has {rows:,}; they must be equal"
                )
        elif pool is None or pool.id_blocks is None or by_places(exclude):
            self.mask = marked(exclude, "exclude", rows) if to_mark and rows is not None else None
            self.ids = places(exclude, "exclude", rows) if self.mask is None else None
        else:
            self._own = OwnIds(exclude, "exclude")
            if pool.ids_ahead:
                self.ids = self._own.positions(pool.id_blocks())
            else:
                self._coming = pool.id_blocks()

    @classmethod
    def of_block(cls, exclude: Any, pool: Pool) -> Exclusion:
        """Return the rows of a block never to pick, given by a mask or by ids of their own."""
        found = cls(exclude, pool.rows, pool)
        if found.ids is None:
            return found
        if pool.rows is None or pool.id_blocks is None or not own_ids_of(exclude, "exclude"):
            raise ValueError("exclude has ids; update accepts a mask of the block's rows, and Selector(exclude=) ids")
        inside = np.zeros(pool.rows, dtype=np.bool)
        inside[found.ids] = True
        return cls(inside, pool.rows)

    @property
    def missing(self) -> int:
        """See above."""
        return 0 if self._own is None else self._own.missing

    def part(self, start: int, rows: int) -> NDArray[np.bool] | None:
        """Return the mask of one block; of a stream the blocks come in order."""
        if self._coming is not None and self._own is not None:
            while len(self._matched) < rows:
                self._matched = np.concatenate([self._matched, self._own.among(next(self._coming))])
            part, self._matched = self._matched[:rows], self._matched[rows:]
            return part
        if self.mask is None:
            return None
        if start + rows > len(self.mask):
            raise ValueError(f"exclude is a mask of {len(self.mask):,} rows, and the pool has more; they must be equal")
        return self.mask[start : start + rows]

    def keeps(self, start: int, rows: int) -> NDArray[np.bool]:
        """Return which rows of a block may be picked."""
        if self._coming is not None:
            raise ValueError(
                "exclude has ids of a stream, which are known once its rows come, and quotas by name need them before; "
                "accepted are a table, files, or a dict of label: rows"
            )
        keep = np.ones(rows, dtype=np.bool)
        part = self.part(start, rows)
        if part is not None:
            keep &= ~part
        if self.ids is not None:
            first, last = np.searchsorted(self.ids, [start, start + rows])
            keep[self.ids[first:last] - start] = False
        return keep


def by_places(rows: Any) -> bool:
    """Whether rows are given by their places in the pool, whatever its id column holds."""
    return isinstance(rows, Positions) or (isinstance(rows, Picked) and rows.ids is None)


def own_ids_of(rows: Any, name: str) -> OwnIds | None:
    """Return rows of a pool with an id column as ids of their own;
    None for none, for a mask, and for places.
    """
    return None if rows is None or by_places(rows) or as_mask(rows, name) is not None else OwnIds(rows, name)


def _listed(values: Any, name: str) -> Any:
    """Return places of rows as something like an array."""
    if isinstance(values, Positions):
        values = values.values
    if isinstance(values, Picked):
        values = values.indices
    if isinstance(values, set | frozenset):
        values = list(values)
    return one_column(values, name)


def marked(values: Any, name: str, rows: int) -> NDArray[np.bool] | None:
    """Return a mask of many places of rows; None where they are few, or one is not accepted."""
    values = _listed(values, name)
    if MARKED * np.size(values) < rows:
        return None
    ids = as_ids(values, name)
    if not len(ids) or int(ids.max()) >= rows:
        return None
    mask = np.zeros(rows, dtype=np.bool)
    mask[ids] = True
    return mask if np.count_nonzero(mask) == len(ids) else None


def places(values: Any, name: str, rows: int | None) -> NDArray[np.int64] | None:
    """Return places of rows in ascending order, none of them twice; None where there are none."""
    values = _listed(values, name)
    if not np.size(values):
        return None
    found = distinct_ids(values, name)
    if rows is not None and found[-1] >= rows:
        raise ValueError(f"{name} has id {found[-1]}; accepted are 0 to {rows - 1}, for a pool of {rows:,} rows")
    return found


def as_ids(values: ArrayLike, name: str) -> NDArray[np.int64]:
    """Return ids as int64: whole numbers of at least 0, in one dimension."""
    array = np.asarray(values)
    if array.ndim != 1:
        raise ValueError(f"{name} has shape {array.shape}; accepted is one dimension")
    if not len(array):
        return np.empty(0, np.int64)
    if array.dtype.kind not in "iu":
        hint = (
            " (ids of other kinds go with an id column: Source(..., id_column=))" if array.dtype.kind in "OSUT" else ""
        )
        raise TypeError(f"{name} has dtype {array.dtype}; accepted are whole numbers{hint}")
    if int(array.min()) < 0 or int(array.max()) >= 2**63:
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
    """Passes the progress of one block on as progress of the pool,
    at most every `PROGRESS_EVERY`.
    """

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
        if self._progress is not None and time.monotonic() - self._last > PROGRESS_EVERY:
            self._tell(self._done)

    def end(self) -> None:
        """Report the whole."""
        self._tell(self._done)

    def _tell(self, done: int) -> None:
        if self._progress is not None:
            self._last = time.monotonic()
            self._progress(done, self._total)
