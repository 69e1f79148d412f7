"""Polars frames: a column of arrays or lists, or numeric columns,
in memory or from a lazy query in batches.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from shortlist.pools.ahead import ahead
from shortlist.pools.arrow import IDS, TablePool, as_own_ids, missing, stored
from shortlist.pools.columns import Column, choose
from shortlist.pools.flat import READ

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from shortlist.pools.pool import Block, Pool
    from shortlist.pools.source import Reading


class PolarsPool(TablePool):
    """Rows of a DataFrame, or of a LazyFrame that is collected in batches."""

    def __init__(self, frame: Any, reading: Reading, name: str) -> None:
        import polars as pl

        self._lazy = isinstance(frame, pl.LazyFrame)
        schema = frame.collect_schema()
        columns = [_column(column, kind) for column, kind in schema.items()]
        choice = choose(columns, reading, name)
        if choice.lists and not choice.classes and not choice.void:
            lengths = [pl.col(column).list.len().drop_nulls().first() for column in choice.names]
            found = {length for length in frame.lazy().select(lengths).collect().row(0) if length is not None}
            if len(found) > 1 or 0 in found:
                listed = " and of ".join(map(str, sorted(found)))
                raise ValueError(
                    f"{name} has lists of {listed} numbers in its first rows; accepted are lists of one length"
                )
            choice = replace(choice, classes=next(iter(found), 0))
        super().__init__(name, None if self._lazy else frame.height, choice, reading.id_column)
        self._frame = frame
        self.ids_ahead = not self._lazy

    def columns_apart(self) -> list[NDArray[Any]] | None:
        """Return all rows as one array for each class, where Polars keeps each in one piece."""
        if self._lazy or self.choice.lists or self.choice.bfloat16:
            return None
        columns = [self._frame.get_column(name) for name in self.choice.names]
        if any(column.n_chunks() != 1 or column.null_count() for column in columns):
            return None
        arrays = [column.to_numpy() for column in columns]
        return arrays if all(array.dtype == self.dtype for array in arrays) else None

    def blocks(self, limit: int | None = None) -> Iterator[Block]:
        """Yield blocks in row order, of at most `limit` rows each."""
        step, done = max(1, READ // self.row_bytes), 0
        for frame in self._frames(step):
            if self._id_column is not None and self._lazy:
                self._ids.append(frame.get_column(self._id_column))
            if self.choice.lists:
                parts = [self._rows_of(frame.get_column(column), done) for column in self.choice.names]
                yield from self._pieces(parts if self.choice.members else parts[0], limit)
                done += frame.height
                continue
            self.note(f"{self.name} was put together from {self.classes} columns block by block")
            wide = frame.select(self.choice.names)
            for start in range(0, frame.height, step):
                block = wide.slice(start, step).to_numpy(order="fortran")
                yield from self._pieces(stored(block, self.choice), limit)
        self.ids_ahead = True

    def _rows_of(self, column: Any, first_row: int) -> NDArray[Any]:
        """See a column of arrays or lists as a matrix; one that is null counts as a row of NaN."""
        import polars as pl

        if isinstance(column.dtype, pl.Array):
            rows = stored(column.rechunk().to_numpy(), self.choice)
            if column.null_count():  # Polars 1.34 shows what lies below a null
                rows = np.where(column.is_null().to_numpy()[:, None], self.dtype.type(missing(self.choice)), rows)
            return rows
        out = np.full((len(column), self.classes), missing(self.choice), self.dtype)
        if column.null_count() == len(column):
            return out
        lengths = column.list.len()
        odd = (lengths != self.classes).fill_null(value=False).arg_true()
        if len(odd):
            raise ValueError(
                f"column {column.name!r} of {self.name} has a list of {lengths[odd[0]]} numbers at row {first_row + odd[0]:,}, "
                f"and the rows before it {self.classes}; all must be of one length"
            )
        self.note(f"{self.name} was copied from lists block by block")
        values = stored(column.drop_nulls().explode().to_numpy(), self.choice)
        out[column.is_not_null().to_numpy()] = values.reshape(-1, self.classes)
        return out

    def _frames(self, step: int) -> Iterator[Any]:
        if not self._lazy:
            # Slices at the bounds of chunks need no copy.
            yield from self._frame.iter_slices(max(1, self._frame.height)) if self._in_one_piece() else self._chunks()
            return
        wanted = [*self.choice.names, *([self._id_column] if self._id_column else [])]
        query = self._frame.select(list(dict.fromkeys(wanted)))
        if not hasattr(query, "collect_batches"):
            raise TypeError(
                f"{self.name} is a LazyFrame, and this Polars cannot collect one in batches; pass .collect()"
            )
        yield from ahead(query.collect_batches(chunk_size=step))

    def _in_one_piece(self) -> bool:
        return not self.choice.lists or all(self._frame.get_column(name).n_chunks() == 1 for name in self.choice.names)

    def _chunks(self) -> Iterator[Any]:
        """Cut the frame where the first column's chunks end."""
        start = 0
        for length in self._frame.get_column(self.choice.names[0]).chunk_lengths():
            yield self._frame.slice(start, length)
            start += length

    def _ids_at(self, rows: NDArray[np.int64]) -> NDArray[Any]:
        import polars as pl

        column = pl.concat(self._ids) if self._lazy else self._frame.get_column(self._id_column)
        return as_own_ids(column.gather(rows).to_list())

    def _id_blocks(self) -> Iterator[NDArray[Any]]:
        for ids in self._read_so_far() if self._lazy else [self._frame.get_column(self._id_column)]:
            for part in ids.to_frame().iter_slices(IDS):
                column = part.to_series()
                whole = column.dtype.is_integer() and not column.null_count()
                yield column.to_numpy() if whole else as_own_ids(column.to_list())


def polars_pool(x: Any, reading: Reading, name: str) -> Pool:
    """See a DataFrame, LazyFrame or Series as a pool."""
    reading.only(("column", "id_column"), "a Polars frame")
    import polars as pl

    if isinstance(x, pl.Series):
        x = x.to_frame(x.name or "x")
    if not isinstance(x, pl.DataFrame | pl.LazyFrame):
        raise TypeError(f"{name} is a polars {type(x).__name__}; accepted are DataFrame, LazyFrame and Series")
    return PolarsPool(x, reading, name)


def _column(name: str, kind: Any) -> Column:
    import polars as pl

    if isinstance(kind, pl.Array) and not isinstance(kind.inner, pl.Array):
        return Column(name, "list", _numbers(kind.inner), int(kind.size), str(kind))
    if isinstance(kind, pl.Null) or (isinstance(kind, pl.List) and isinstance(kind.inner, pl.Null)):
        return Column(name, "void", None, 0, str(kind))
    if isinstance(kind, pl.List):
        return Column(name, "ragged", _numbers(kind.inner), 0, str(kind))
    dtype = _numbers(kind)
    return Column(name, "number" if dtype is not None else "other", dtype, 0, str(kind))


@cache
def _numbers(kind: Any) -> np.dtype[Any] | None:
    import polars as pl

    return pl.Series([], dtype=kind).to_numpy().dtype if kind.is_float() or kind.is_integer() else None
