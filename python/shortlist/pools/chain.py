"""Pools one after the other: lists and iterators of blocks, and several files."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

from shortlist.pools.pool import Block, Part, Pool, rows_of, same_columns, same_form

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from numpy.typing import NDArray


class ChainPool(Pool):
    """Pools one after the other, each opened only when it is reached."""

    def __init__(self, pools: Iterable[Pool], rows: int | None, name: str) -> None:
        self._opened = pools if isinstance(pools, list) else None
        self._rest = iter(pools)
        # Up to the first part that tells what a row is.
        self._begun: list[Pool] = []
        for pool in self._rest:
            self._begun.append(pool)
            if not pool.unsettled:
                break
        if not self._begun:
            raise ValueError(f"{name} is empty: it has no blocks; at least one row is needed")
        for pool in self._begun:
            pool.settle(self._begun[-1])
        self._first = self._begun[0]
        super().__init__(name, rows, self._first.form)
        self._parts: list[tuple[int, Any]] = []
        if self._first.own_ids is not None:
            self.own_ids, self.id_blocks = self._ids_at, self._id_blocks
        self._reached: list[Pool] = []
        self.ids_ahead = self._opened is not None and all(pool.ids_ahead for pool in self._opened)

    @property
    def unsettled(self) -> bool:
        """Whether no part tells how many numbers a row has."""
        return self._first.unsettled

    @property
    def recycles(self) -> bool:  # type: ignore[override]
        """Whether the memory of a block is used again for one of the next."""
        return self._first.recycles

    def blocks(self, limit: int | None = None) -> Iterator[Block]:
        """Yield blocks in row order, of at most `limit` rows each."""
        done = 0
        self._parts, self._reached = [], []
        for pool in self._pools():
            self._reached.append(pool)
            same_form(self.form, pool)
            same_columns(self._first, pool)
            first, before = done, self.bytes_read
            for block in pool.blocks(limit):
                self.bytes_read = before + pool.bytes_read
                done += rows_of(block)
                yield block
            if self.own_ids is not None:
                self._parts.append((first, pool.own_ids))
            self._note_copies_of(pool)
        self.ids_ahead = True

    def parts(self, threads: int) -> Iterator[Part] | None:
        """Return all rows in parts, in order, for so many threads to read;
        None where one thread has to read them all.
        """
        if self._opened is None:
            return None
        inner = [(pool, pool.parts(threads)) for pool in self._opened]
        return None if any(parts is None for _, parts in inner) else self._parts_of(inner)

    def _parts_of(self, inner: list[tuple[Pool, Any]]) -> Iterator[Part]:
        first = 0
        self._parts = []
        for pool, parts in inner:
            self._parts.append((first, pool.own_ids))
            for part in parts:
                yield first + part[0], (pool, part)
            first += pool.rows or 0

    @contextmanager
    def reader(self, limit: int | None = None) -> Iterator[Callable[[Part], Iterator[Block]]]:
        """Return what one thread reads parts with: a function from a part to its blocks,
        of at most `limit` rows each.
        """
        reader: tuple[Pool, Callable[[Part], Iterator[Block]]] | None = None
        with ExitStack() as present:

            def read(part: Part) -> Iterator[Block]:
                nonlocal reader
                pool, own = part[1]
                if reader is None or reader[0] is not pool:
                    present.close()
                    reader = pool, present.enter_context(pool.reader(limit))
                    present.callback(self._note_copies_of, pool)
                yield from reader[1](own)

            yield read

    def overlaps(self, out: NDArray[Any]) -> bool:
        """Whether writing to `out` might change the pool; looks at the first block."""
        return self._first.overlaps(out)

    def _note_copies_of(self, pool: Pool) -> None:
        for copy in pool.copies:
            self.note(copy.replace(pool.name, f"each part of {self.name}", 1))

    def _pools(self) -> Iterator[Pool]:
        yield from self._begun
        for pool in self._rest:
            pool.settle(self._first)
            yield pool

    def _ids_at(self, rows: NDArray[np.int64]) -> NDArray[Any]:
        starts = np.array([start for start, _ in self._parts])
        part_of = np.searchsorted(starts, rows, side="right") - 1
        pieces = [self._parts[part][1](rows[part_of == part] - starts[part]) for part in np.unique(part_of)]
        if not pieces:
            return np.empty(0, object)
        found = np.empty(len(rows), np.result_type(*pieces) if all(p.dtype.kind in "iu" for p in pieces) else object)
        for part, piece in zip(np.unique(part_of), pieces, strict=True):
            found[part_of == part] = piece
        return found

    def _id_blocks(self) -> Iterator[NDArray[Any]]:
        number = 0
        pools = self._reached if self._opened is None else self._opened
        while number < len(pools) or not self.ids_ahead:
            ids = pools[number].id_blocks
            if ids is None:
                raise ValueError(f"{pools[number].name} has no id column, and {self._first.name} has one")
            yield from ids()
            number += 1
