"""Pools over arrays in memory, or over a map that is there already: read where they lie."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from shortlist import _core
from shortlist.pools.convert import accepted_dtype, one_array
from shortlist.pools.pool import Block, Pool

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

    from shortlist.pools.source import Reading

CONVERTED_BLOCK = 4 << 20
"""Bytes that are converted at once."""

RUN = 4 << 20
"""Bytes of small arrays that are handed to the core at once. Of each that is borrowed NumPy's
binding looks at all others that are, so there must not be many.
"""


class ArrayPool(Pool):
    """Rows of one array, or of one per member of a committee."""

    def __init__(self, members: list[NDArray[Any]], reading: Reading, bfloat16: bool, name: str) -> None:
        first = members[0]
        committee = reading.committee
        form = (len(members) if committee else 0, first.shape[1], first.dtype.newbyteorder("="), bfloat16)
        super().__init__(name, first.shape[0], form)
        self._arrays = members
        self._unready = [a for a in members if not (a.dtype.isnative and a.flags.aligned)]

    def overlaps(self, out: NDArray[Any]) -> bool:
        """Whether writing to `out` might change the pool."""
        return any(np.may_share_memory(out, a) for a in self._arrays)

    def blocks(self, limit: int | None = None) -> Iterator[Block]:
        """Yield blocks in row order, of at most `limit` rows each."""
        rows = self._arrays[0].shape[0]
        step = rows if limit is None else min(rows, limit)
        if self._unready:
            self.note(f"{self.name} was converted from {oddity(self._unready[0])} block by block")
            step = max(1, min(step, CONVERTED_BLOCK // self.row_bytes))
        for start in range(0, rows, max(1, step)):
            parts = [a[start : start + step] for a in self._arrays]
            if self._unready:
                parts = [np.array(a, dtype=self.dtype) for a in parts]
            yield from self._pieces(parts if self.members else parts[0], None)


class ArraysPool(Pool):
    """Rows of arrays that the core reads as they lie, one after the other."""

    def __init__(self, arrays: Sequence[NDArray[Any]], name: str) -> None:
        first = arrays[0]
        super().__init__(name, sum(map(len, arrays)), (0, first.shape[1], first.dtype, False))
        self._arrays = arrays

    def overlaps(self, out: NDArray[Any]) -> bool:
        """Whether writing to `out` might change the pool."""
        return any(np.may_share_memory(out, a) for a in self._arrays)

    def blocks(self, limit: int | None = None) -> Iterator[Block]:
        """Yield blocks in row order, of at most `limit` rows each."""
        for array in self._arrays:
            if len(array):
                yield from self._pieces(array, limit)

    def runs(self) -> Iterator[list[NDArray[Any]]]:
        """Yield arrays that follow each other, as many as take a moment."""
        run: list[NDArray[Any]] = []
        held = 0
        for array in self._arrays:
            if run and held + array.nbytes > RUN:
                yield run
                run, held = [], 0
            run.append(array)
            held += array.nbytes
            self.bytes_read += array.nbytes
        yield run


def of_one_kind(items: Sequence[Any]) -> bool:
    """Whether all are arrays of one dtype and number of classes that the core reads as they lie."""
    return type(items[0]) is np.ndarray and _core.alike(items)


MOST_CLASSES, MOST_MEMBERS = 1 << 24, 1 << 20


def oddity(array: NDArray[Any]) -> str:
    """Name what keeps an array from being read as it is: its byte order, or its alignment."""
    order = "big-endian" if array.dtype.str[0] == ">" else "little-endian"
    return f"{'misaligned' if array.dtype.isnative else order} {array.dtype.name}"


def array_pool(x: Any, reading: Reading, name: str) -> ArrayPool:
    """See an array, a tensor, or anything that becomes an array, as a pool."""
    array, bfloat16, copy = one_array(x, reading.dtype, name)
    pool = ArrayPool(members_of(array, reading.committee, name), reading, bfloat16, name)
    if copy:
        pool.note(copy)
    return pool


def committee_pool(x: list[Any] | tuple[Any, ...], reading: Reading, name: str) -> ArrayPool:
    """See a list of one (rows, classes) array per member as a pool."""
    members: list[NDArray[Any]] = []
    copies: list[str] = []
    flags: list[bool] = []
    for index, member in enumerate(x):
        array, bfloat16, copy = one_array(member, reading.dtype, f"{name}[{index}]")
        members_of(array, False, f"{name}[{index}]")
        if members and (array.shape != members[0].shape or array.dtype != members[0].dtype or bfloat16 != flags[0]):
            raise ValueError(
                f"{name}[{index}] has shape {array.shape} and dtype {array.dtype}, {name}[0] has {members[0].shape} and "
                f"{members[0].dtype}; all members of a committee must have the same"
            )
        members.append(array)
        flags.append(bfloat16)
        copies += [copy] if copy else []
    pool = ArrayPool(members, reading, flags[0], name)
    pool.copies = copies
    return pool


def members_of(array: NDArray[Any], committee: bool, name: str) -> list[NDArray[Any]]:
    """Split an array into one (rows, classes) array per member, after a look at its shape."""
    check_shape(array.shape, committee, name)
    return list(array) if committee else [array]


def form_of(
    shape: tuple[int, ...], dtype: np.dtype[Any], reading: Reading, name: str
) -> tuple[np.dtype[Any], tuple[int, int, np.dtype[Any], bool]]:
    """Return the dtype to read a stored array as, and the form of its pool, both checked."""
    check_shape(shape, reading.committee, name)
    stored, bfloat16 = accepted_dtype(dtype, reading.bfloat16, name)
    return stored, (shape[0] if reading.committee else 0, shape[-1], stored.newbyteorder("="), bfloat16)


def key_of_rows(keys: Sequence[str], array: Callable[[str], Any], reading: Reading, name: str) -> str:
    """Return which array of a file was asked for, or which alone can be a pool."""
    listed = ", ".join(keys) or "none"
    if reading.key is not None:
        key = reading.key.strip("/")
        if key not in keys:
            raise ValueError(f"key is {reading.key!r}, and {name} has no such array; accepted are {listed}")
        return key
    fitting = []
    for key in keys:
        found = array(key)
        dtype = np.dtype(found.dtype)
        floats = dtype.kind == "f" or (dtype.itemsize == 2 and reading.bfloat16)
        if floats and len(found.shape) == (3 if reading.committee else 2):
            fitting.append(key)
    if len(fitting) != 1:
        many = "several" if fitting else "none"
        raise ValueError(f"{name} has {many} of its arrays ({listed}) that could be the rows; name one with key=")
    return fitting[0]


def check_shape(shape: tuple[int, ...], committee: bool, name: str) -> None:
    """Refuse a shape that is not that of a pool."""
    wanted = "(members, rows, classes), or a list of (rows, classes) arrays" if committee else "(rows, classes)"
    if len(shape) != (3 if committee else 2):
        raise ValueError(f"{name} has {len(shape)} dimensions, shape {shape}; accepted is {wanted}")
    if shape[-1] == 0:
        raise ValueError(f"{name} has no classes, shape {shape}; at least one column is needed")
    if committee and shape[0] == 0:
        raise ValueError(f"{name} has no members, shape {shape}; at least one is needed")
    if shape[-1] > MOST_CLASSES:
        raise ValueError(f"{name} has {shape[-1]:,} classes; accepted are up to {MOST_CLASSES:,}")
    if committee and shape[0] > MOST_MEMBERS:
        raise ValueError(f"{name} has {shape[0]:,} members; accepted are up to {MOST_MEMBERS:,}")
