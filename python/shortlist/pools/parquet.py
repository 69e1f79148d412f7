"""Parquet files, row group by row group: one a thread, or a large one in pieces."""

from __future__ import annotations

from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from shortlist.disk import one_line, readable
from shortlist.pools.ahead import ahead, in_order
from shortlist.pools.arrow import TablePool, block_of, columns_of, id_blocks_of, measured, taken_by_part
from shortlist.pools.columns import choose
from shortlist.pools.extras import need
from shortlist.pools.flat import READ
from shortlist.pools.pool import Block, Part, cut
from shortlist.threads import thread_count

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from shortlist.pools.source import Reading

FIRST = 1024
"""Rows that are read at once to find a list."""
WHOLE = 64 << 20
"""Row groups up to so many bytes are read whole, several at once; larger ones in pieces."""
READERS = 4
"""Most row groups read at once: memory grows with them."""


class ParquetPool(TablePool):
    """Rows of one Parquet file."""

    def __init__(self, path: Path, reading: Reading) -> None:
        self._pq = need("pyarrow.parquet", "arrow", str(path))
        self.path = path
        with readable(str(path), "is not a readable Parquet file"), self._pq.ParquetFile(path) as file:
            self._about, schema = file.metadata, file.schema_arrow
            sizes = [self._about.row_group(i).num_rows for i in range(self._about.num_row_groups)]
            if min(sizes, default=0) < 0 or sum(sizes) != self._about.num_rows:
                raise ValueError(f"row groups of {sizes} rows, and {self._about.num_rows} in all")
            self._starts = np.cumsum([0, *sizes])
            choice = choose(columns_of(schema), reading, str(path))
            choice = measured(choice, file.iter_batches(FIRST, columns=list(choice.names)), str(path))
        super().__init__(str(path), self._about.num_rows, choice, reading.id_column)

    def blocks(self, limit: int | None = None) -> Iterator[Block]:
        """Yield blocks in row order, of at most `limit` rows each."""
        self.note(f"{self.name} was decoded block by block")
        done = 0
        for batch in self._batches():
            yield from self._pieces(block_of(batch, self.choice, done, self.name, self.note), limit)
            done += batch.num_rows

    def parts(self, threads: int) -> list[Part] | None:  # noqa: ARG002
        """Return all rows in parts, in order, for threads to read;
        None where a row group is too large for that.
        """
        return list(zip(self._starts[:-1].tolist(), range(self._groups), strict=True)) if self._small else None

    @contextmanager
    def reader(self, limit: int | None = None) -> Iterator[Callable[[Part], Iterator[Block]]]:
        """Return what one thread reads parts with: a function from a part to its blocks,
        of at most `limit` rows each.
        """
        self.note(f"{self.name} was decoded block by block")

        def read(part: Part) -> Iterator[Block]:
            done, number = part
            for batch in self._cut(self._group(number, self._columns, use_threads=False)):
                yield from cut(block_of(batch, self.choice, done, self.name, self.note), limit)
                done += batch.num_rows

        yield read

    def _batches(self) -> Iterator[Any]:
        if not self._small:
            yield from ahead(self._in_pieces())
            return
        readers = min(READERS, thread_count(None), self._groups)
        wide = not self.choice.lists
        tasks = [partial(self._group, number, self._columns, use_threads=wide) for number in range(self._groups)]
        for table in in_order(tasks, readers):
            yield from self._cut(table)

    @property
    def _groups(self) -> int:
        return len(self._starts) - 1

    @property
    def _small(self) -> bool:
        """Whether row groups are read whole."""
        return int(np.diff(self._starts).max(initial=0)) * self.row_bytes <= WHOLE

    @property
    def _columns(self) -> list[str]:
        return list(self.choice.names)

    def _step(self) -> int:
        return max(1, READ // self.row_bytes)

    def _cut(self, table: Any) -> list[Any]:
        """Cut a table into batches: lists are read where they lie, but columns are put together,
        which is to stay in cache.
        """
        batches: list[Any] = table.to_batches(max_chunksize=None if self.choice.lists else self._step())
        return batches

    def _group(self, number: int, columns: list[str], *, use_threads: bool) -> Any:
        """Read one row group whole."""
        try:
            # Readers are not shared between threads; the footer is.
            with self._pq.ParquetFile(self.path, metadata=self._about, pre_buffer=True) as file:
                return file.read_row_group(number, columns=columns, use_threads=use_threads)
        except Exception as error:  # a damaged file can break the reader in many ways
            raise self._unreadable(number, error) from None

    def _in_pieces(self) -> Iterator[Any]:
        """Read row groups in pieces, so that a large one takes no more memory than a small one."""
        number = 0
        try:
            with self._pq.ParquetFile(self.path, metadata=self._about) as file:
                for number in range(self._groups):
                    yield from file.iter_batches(
                        self._step(), row_groups=[number], columns=self._columns, use_threads=not self.choice.lists
                    )
        except Exception as error:  # a damaged file can break the reader in many ways
            raise self._unreadable(number, error) from None

    def _unreadable(self, number: int, error: BaseException) -> ValueError:
        why = one_line(error)
        if "all lists to be of size" in why:  # Arrow's issue 35692
            why += "; pyarrow below 26 cannot read a column of lists of a fixed length where one is null"
        return ValueError(
            f"{self.name} cannot be read in row group {number}, rows {self._starts[number]:,} to "
            f"{self._starts[number + 1] - 1:,} ({why})"
        )

    def _ids_at(self, rows: NDArray[np.int64]) -> NDArray[Any]:
        """Read the id column of the row groups that the rows are in."""
        return taken_by_part(rows, self._starts, self._ids_of, self.name)

    def _id_blocks(self) -> Iterator[NDArray[Any]]:
        for number in range(self._groups):
            yield from id_blocks_of(self._ids_of(number).chunks, self.name)

    def _ids_of(self, number: int) -> Any:
        return self._group(number, [str(self._id_column)], use_threads=True).column(0)


def parquet_pool(path: Path, reading: Reading) -> ParquetPool:
    """See one Parquet file as a pool."""
    reading.only(("column", "id_column"), "a Parquet file")
    return ParquetPool(path, reading)
