"""The protocol of a pool: rows in blocks, and what is known of them before they are read."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from contextlib import AbstractContextManager

    from numpy.typing import NDArray

Block = Any
"""A 2-D array, or for a committee a list of 2-D arrays, one per member.
Valid until the next one is asked for.
"""

Part = tuple[int, Any]
"""Some rows of a pool that any thread can read:
the first of them, and what the reader needs to know.
"""


class Pool:
    """Rows in blocks, in the order of their ids 0, 1, 2, ...

    Attributes
    ----------
    name : str
        What messages call it: the argument, or the path.
    rows : int or None
        Number of rows; None where only reading to the end tells.
    classes : int
        Number of columns.
    members : int
        Members of the committee; 0 where a row has one model's output.
    dtype : dtype
        Of the blocks, in native byte order.
    bfloat16 : bool
        The blocks are uint16 and hold bfloat16.
    copies : list of str
        One sentence per kind of copy that was made; complete once all blocks were read.
    bytes_read : int
        Bytes of the blocks yielded so far.
    columns : tuple of str
        Names of the columns that are the rows; empty where columns have none.
    recycles : bool
        The memory of a block is used again for one of the next.
    own_ids : callable or None
        Takes an int64 array of rows and returns what the pool's id column holds there; complete
        once all blocks were read. None without such a column.
    id_blocks : callable or None
        Returns an iterator over what the id column holds, in the order of the rows. None without
        such a column.
    ids_ahead : bool
        Whether it can be asked before the rows are read. If not, as of a stream, it has the ids of
        what was read.
    """

    rows: int | None = None
    columns: tuple[str, ...] = ()
    recycles = False
    ids_ahead = True

    def __init__(
        self, name: str, rows: int | None, form: tuple[int, int, np.dtype[Any], bool], copies: list[str] | None = None
    ) -> None:
        self.name = name
        self.rows = rows
        self.members, self.classes, self.dtype, self.bfloat16 = form
        self.copies: list[str] = list(copies or [])
        self.bytes_read = 0
        self.own_ids: Callable[[NDArray[np.int64]], NDArray[Any]] | None = None
        self.id_blocks: Callable[[], Iterator[NDArray[Any]]] | None = None
        self._noting = threading.Lock()

    @property
    def form(self) -> tuple[int, int, np.dtype[Any], bool]:
        """What every block of one pool has in common: members, classes, dtype, bfloat16."""
        return self.members, self.classes, self.dtype, self.bfloat16

    @property
    def score_dtype(self) -> np.dtype[Any]:
        """Dtype of the scores: float64 for float64 input, float32 for everything narrower."""
        return np.dtype(np.float64 if self.dtype == np.float64 else np.float32)

    @property
    def row_bytes(self) -> int:
        """Bytes of one row."""
        return max(1, self.dtype.itemsize * self.classes * max(1, self.members))

    @property
    def unsettled(self) -> bool:
        """Whether its rows do not tell how many numbers a row has:
        there are none, or all are null.
        """
        return False

    def settle(self, like: Pool) -> None:
        """Take what its rows do not tell from another part of the pool."""

    def blocks(self, limit: int | None = None) -> Iterator[Block]:
        """Yield blocks in row order, of at most `limit` rows each."""
        raise NotImplementedError

    def columns_apart(self) -> list[NDArray[Any]] | None:
        """Return all rows as one array for each class, read where it lies;
        None where they do not lie in memory like that.
        """
        return None

    def parts(self, threads: int) -> Iterable[Part] | None:  # noqa: ARG002
        """Return all rows in parts, in order, for so many threads to read;
        None where one thread has to read them all.
        """
        return None

    def reader(self, limit: int | None = None) -> AbstractContextManager[Callable[[Part], Iterator[Block]]]:
        """Return what one thread reads parts with: a function from a part to its blocks,
        of at most `limit` rows each.
        """
        raise NotImplementedError

    def overlaps(self, out: NDArray[Any]) -> bool:  # noqa: ARG002
        """Whether writing to `out` might change the pool."""
        return False

    def kept(self, block: Block) -> NDArray[Any]:
        """One array of a block that any NumPy code reads and may keep."""
        array = array_of(block, self.bfloat16)
        return array.copy() if self.recycles and array is block else array

    def note(self, copy: str) -> None:
        """Report a kind of copy, once."""
        with self._noting:
            if copy not in self.copies:
                self.copies.append(copy)

    def _pieces(self, block: Block, limit: int | None) -> Iterator[Block]:
        """Count what was read, and cut it into blocks of at most `limit` rows."""
        self.bytes_read += rows_of(block) * self.row_bytes
        yield from cut(block, limit)


def cut(block: Block, limit: int | None) -> Iterator[Block]:
    """Cut a block into blocks of at most `limit` rows."""
    rows = rows_of(block)
    if limit is None or rows <= limit:
        yield block
        return
    for start in range(0, rows, limit):
        stop = min(start + limit, rows)
        yield [part[start:stop] for part in block] if isinstance(block, list) else block[start:stop]


def same_form(form: tuple[int, int, np.dtype[Any], bool], pool: Pool) -> None:
    """Refuse a block that has another number of classes or members or another
    dtype than the rows before it.
    """
    what = ("members", "classes", "dtype")
    for label, before, now in zip(what, form, pool.form, strict=False):
        if before != now:
            raise ValueError(
                f"{pool.name} has {label} {now}, and the rows before it {before}; all blocks must have the same"
            )
    if form[3] != pool.bfloat16:
        raise ValueError(
            f"{pool.name} and the rows before it are not both bfloat16; all blocks must have the same dtype"
        )


def same_columns(first: Pool, pool: Pool) -> None:
    """Refuse a table whose columns go by other names than those before it,
    or by the same in another order.
    """
    if first.columns != pool.columns and first.columns and pool.columns:
        at = next((i for i, (a, b) in enumerate(zip(first.columns, pool.columns, strict=False)) if a != b), 0)
        raise ValueError(
            f"{pool.name} has {pool.columns[at]!r} where {first.name} has {first.columns[at]!r}; accepted are the same columns "
            "in the same order, or their names with column="
        )


def array_of(block: Block, bfloat16: bool) -> NDArray[Any]:
    """One array that any NumPy code reads: bfloat16 widened to float32, a committee stacked."""
    if isinstance(block, list):
        return np.stack([array_of(member, bfloat16) for member in block])
    array: NDArray[Any] = block
    return (array.astype(np.uint32) << 16).view(np.float32) if bfloat16 else array


def rows_of(block: Block) -> int:
    """Rows of a block."""
    return int((block[0] if isinstance(block, list) else block).shape[0])
