"""A committee in several files: the same rows of all of them are read together,
one file a member.
"""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from shortlist.pools.ahead import ahead
from shortlist.pools.flat import npy_pool
from shortlist.pools.pool import Block, Part, Pool, cut

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from shortlist.pools.flat import FlatPool
    from shortlist.pools.source import Reading

READ = 4 << 20
"""Bytes of all members that are read at once."""


class MembersPool(Pool):
    """Rows whose members lie in a file each."""

    recycles = True

    def __init__(self, files: list[FlatPool], name: str) -> None:
        _, classes, dtype, bfloat16 = files[0].form
        super().__init__(name, files[0].rows, (len(files), classes, dtype, bfloat16))
        self._files = files

    def blocks(self, limit: int | None = None) -> Iterator[Block]:
        """Yield blocks in row order, of at most `limit` rows each."""
        for block in ahead(self._read()):
            yield from self._pieces(block, limit)

    def parts(self, threads: int) -> Iterator[Part]:  # noqa: ARG002
        """Return all rows in parts, in order, for threads to read."""
        rows, step = self.rows or 0, max(1, READ // self.row_bytes)
        for start in range(0, rows, step):
            yield start, min(start + step, rows)

    @contextmanager
    def reader(self, limit: int | None = None) -> Iterator[Callable[[Part], Iterator[Block]]]:
        """Return what one thread reads parts with: a function from a part to its blocks,
        of at most `limit` rows each.
        """
        with ExitStack() as opened:
            readers = [opened.enter_context(file.reader()) for file in self._files]

            def read(part: Part) -> Iterator[Block]:
                yield from cut([member for read in readers for member in read(part)], limit)

            yield read
        self._note_copies()

    def _read(self) -> Iterator[Block]:
        with ExitStack() as opened:
            # Two sets of buffers: one is filled while the other is scored.
            turns = [[opened.enter_context(file.reader()) for file in self._files] for _ in range(2)]
            for number, part in enumerate(self.parts(1)):
                yield [member for read in turns[number % len(turns)] for member in read(part)]
        self._note_copies()

    def _note_copies(self) -> None:
        for file in self._files:
            for copy in file.copies:
                self.note(copy)


def members_pool(paths: list[Path], reading: Reading, name: str) -> MembersPool:
    """See one `.npy` file of (rows, classes) for each member as the pool of a committee."""
    files: list[Any] = [npy_pool(path, replace(reading, committee=False)) for path in paths]
    first = files[0]
    for file in files[1:]:
        if (file.rows, file.form) != (first.rows, first.form):
            raise ValueError(
                f"{file.name} has shape {file.flat.shape} and dtype {file.flat.dtype}, {first.name} has {first.flat.shape} and "
                f"{first.flat.dtype}; all members of a committee must have the same"
            )
    return MembersPool(files, name)
