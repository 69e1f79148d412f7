"""Tables in Arrow's format: pyarrow's own, and whatever offers its C interface (DuckDB,
Polars, ADBC, nanoarrow, ...).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from shortlist.disk import one_line, readable
from shortlist.pools.ahead import ahead
from shortlist.pools.columns import Choice, Column, choose
from shortlist.pools.extras import need
from shortlist.pools.flat import READ
from shortlist.pools.pool import Block, Pool

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from numpy.typing import NDArray

    from shortlist.pools.source import Reading

IDS = 1 << 16
"""Ids that are looked at together."""
ALONE = "x"
"""Name of the column of an array that is no table."""
DAMAGED = "holds other than it claims, so it is damaged"


class TablePool(Pool):
    """Rows of a table, of which some columns were chosen."""

    def __init__(self, name: str, rows: int | None, choice: Choice, id_column: str | None = None) -> None:
        super().__init__(name, rows, choice.form)
        self.choice, self.columns, self._id_column = choice, choice.names, id_column
        # Of what is read in order and only once: the ids of what was read.
        self._ids: list[Any] = []
        if id_column is not None:
            self.own_ids, self.id_blocks = self._ids_at, self._id_blocks

    @property
    def unsettled(self) -> bool:
        """Whether its rows do not tell how many numbers a row has, or of which dtype:
        there are none, or all are null.
        """
        return not self.choice.classes or self.choice.void

    def settle(self, like: Pool) -> None:
        """Take what its rows do not tell from another part of the pool."""
        if not self.unsettled:
            return
        dtype, bfloat16 = (like.dtype, like.bfloat16) if self.choice.void else (self.dtype, self.bfloat16)
        self.choice = replace(
            self.choice, classes=self.choice.classes or like.classes, dtype=dtype, bfloat16=bfloat16, void=False
        )
        self.members, self.classes, self.dtype, self.bfloat16 = self.choice.form

    def _ids_at(self, rows: NDArray[np.int64]) -> NDArray[Any]:
        """Return what the id column holds for some rows."""
        raise NotImplementedError

    def _id_blocks(self) -> Iterator[NDArray[Any]]:
        """Yield what the id column holds, in order."""
        raise NotImplementedError

    def _read_so_far(self) -> Iterator[Any]:
        """Yield the ids of what was read, as long as anything is read."""
        number = 0
        while number < len(self._ids) or not self.ids_ahead:
            yield self._ids[number]
            number += 1


class ArrowPool(TablePool):
    """Rows of a table, or of a stream of record batches."""

    def __init__(self, table: Any, reading: Reading, name: str) -> None:
        pa = pyarrow(name)
        self._stream = isinstance(table, pa.RecordBatchReader)
        self._table = table
        self._read_before: list[Any] = []
        choice = choose(columns_of(table.schema), reading, name)
        with readable(name, DAMAGED):
            choice = measured(choice, self._first_batches(), name)
        super().__init__(name, None if self._stream else table.num_rows, choice, reading.id_column)
        self.ids_ahead = not self._stream

    def columns_apart(self) -> list[NDArray[Any]] | None:
        """Return all rows as one array for each class, where Arrow has each in one piece."""
        if self._stream or self.choice.lists or self.choice.bfloat16 or len(self.choice.names) == 1:
            return None
        columns = [self._table.column(name) for name in self.choice.names]
        if any(column.num_chunks != 1 or column.null_count for column in columns):
            return None
        arrays = [checked(column.chunk(0), self.name) for column in columns]
        if any(_numbers(array.type) != self.dtype for array in arrays):
            return None
        return [array.to_numpy() for array in arrays]

    def blocks(self, limit: int | None = None) -> Iterator[Block]:
        """Yield blocks in row order, of at most `limit` rows each."""
        done = 0
        rows = None if self.choice.lists else max(1, READ // self.row_bytes)
        for batch in self._batches(rows):
            if self._id_column is not None and self._stream:
                self._ids.append(batch.column(self._id_column))
            yield from self._pieces(block_of(batch, self.choice, done, self.name, self.note), limit)
            done += batch.num_rows
        self.ids_ahead = True

    def _batches(self, rows: int | None) -> Iterator[Any]:
        if not self._stream:
            yield from self._table.select(list(self.choice.names)).to_batches(max_chunksize=rows)
            return
        yield from self._read_before
        self._read_before = []
        with readable(self.name, f"cannot be read after {self.bytes_read:,} bytes"):
            yield from ahead(self._table)

    def _first_batches(self) -> Iterator[Any]:
        """Yield batches without losing those of a stream."""
        if not self._stream:
            yield from self._table.to_batches()
            return
        for batch in self._table:
            self._read_before.append(batch)
            yield batch

    def _ids_at(self, rows: NDArray[np.int64]) -> NDArray[Any]:
        pa = pyarrow(self.name)
        column = pa.chunked_array(self._ids) if self._stream else self._table.column(self._id_column)
        return taken(column, rows, self.name)

    def _id_blocks(self) -> Iterator[NDArray[Any]]:
        chunks = self._read_so_far() if self._stream else self._table.column(self._id_column).chunks
        yield from id_blocks_of(chunks, self.name)


def arrow_pool(x: Any, reading: Reading, name: str) -> Pool:
    """See anything with Arrow's C interface as a pool."""
    reading.only(("column", "id_column"), "a table")
    pa = pyarrow(f"{name}, a {type(x).__name__},")
    if isinstance(x, pa.RecordBatch):
        x = pa.Table.from_batches([x])
    elif isinstance(x, pa.Array | pa.ChunkedArray):
        x = pa.table({ALONE: x})
    elif not isinstance(x, pa.Table | pa.RecordBatchReader):
        try:
            x = (
                pa.RecordBatchReader.from_stream(x)
                if hasattr(x, "__arrow_c_stream__")
                else pa.table([pa.array(x)], [ALONE])
            )
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
            raise ValueError(
                f"{name} is no table in Arrow's format ({one_line(error)}); accepted is a stream of structs"
            ) from None
    return ArrowPool(x, reading, name)


def pyarrow(what: str) -> Any:
    """Import pyarrow, or say how to get it."""
    return need("pyarrow", "arrow", what)


def columns_of(schema: Any) -> list[Column]:
    """Describe the columns of an Arrow schema."""
    return [describe(field.name, field.type) for field in schema]


def describe(name: str, kind: Any) -> Column:
    """Describe a column by its Arrow type."""
    pa = pyarrow("a table")
    kind = getattr(kind, "storage_type", kind)
    types = pa.types
    if types.is_fixed_size_list(kind):
        return Column(name, "list", _numbers(kind.value_type), kind.list_size, str(kind))
    if types.is_null(kind) or (is_list(kind) and types.is_null(kind.value_type)):
        return Column(name, "void", None, 0, str(kind))
    if is_list(kind):
        return Column(name, "ragged", _numbers(kind.value_type), 0, str(kind))
    dtype = _numbers(kind)
    return Column(name, "number" if dtype is not None else "other", dtype, 0, str(kind))


def is_list(kind: Any) -> bool:
    """Whether a type is that of lists of any length."""
    types = pyarrow("a table").types
    return bool(types.is_list(kind) or types.is_large_list(kind))


def _numbers(kind: Any) -> np.dtype[Any] | None:
    types = pyarrow("a table").types
    return np.dtype(kind.to_pandas_dtype()) if types.is_floating(kind) or types.is_integer(kind) else None


def measured(choice: Choice, batches: Iterable[Any], name: str) -> Choice:
    """Complete a choice by the length of the first list that is not null;
    leave it where there is none.
    """
    if choice.classes:
        return choice
    widths: dict[str, int] = {}
    for batch in batches:
        for column in choice.names:
            if column not in widths and len(values := checked(batch.column(column), name).drop_null()):
                widths[column] = len(values[0])
        if len(widths) == len(choice.names):
            break
    if len(set(widths.values())) > 1:
        listed = " and of ".join(str(width) for width in dict.fromkeys(widths.values()))
        raise ValueError(f"{name} has lists of {listed} numbers in its first rows; all must be of one length")
    if 0 in widths.values():
        raise ValueError(
            f"column {next(iter(widths))!r} of {name} has no numbers in its first list; accepted are lists of one length"
        )
    return replace(choice, classes=next(iter(widths.values()), 0))


def checked(column: Any, name: str) -> Any:
    """Return a column whose buffers hold what it claims; else it would be read past their end.

    Raises
    ------
    ValueError
        Which claim does not hold.
    """
    with readable(name, DAMAGED):
        column.validate(full=True)
    return column


def block_of(batch: Any, choice: Choice, first_row: int, name: str, note: Callable[[str], None]) -> Block:
    """See a record batch as a block: lists where they lie, numeric columns put together."""
    if choice.lists:
        parts = [
            _rows_of(checked(batch.column(column), name), column, choice, first_row, name, note)
            for column in choice.names
        ]
        return parts if choice.members else parts[0]
    if len(choice.names) == 1:
        return _values(checked(batch.column(choice.names[0]), name), choice, note, name)[:, None]
    note(f"{name} was put together from {len(choice.names)} columns block by block")
    out = np.empty((len(choice.names), batch.num_rows), choice.dtype)
    for place, column in zip(out, choice.names, strict=True):
        place[:] = _values(checked(batch.column(column), name), choice, note, name)
    return out.T


def _rows_of(
    lists: Any, column: str, choice: Choice, first_row: int, name: str, note: Callable[[str], None]
) -> NDArray[Any]:
    """See a column of lists as a matrix; a list that is null counts as a row of NaN."""
    lists = getattr(lists, "storage", lists)
    if not hasattr(lists, "flatten"):
        note(f"{name} was copied block by block, for its missing rows, which count as NaN")
        return np.full((len(lists), choice.classes), missing(choice), choice.dtype)
    valid = lists.drop_null() if lists.null_count else lists
    if hasattr(valid, "offsets"):
        lengths = np.diff(valid.offsets.to_numpy())
        odd = np.flatnonzero(lengths != choice.classes)
        if len(odd):
            row = int(np.flatnonzero(np.asarray(lists.is_valid()))[odd[0]]) + first_row
            raise ValueError(
                f"column {column!r} of {name} has a list of {lengths[odd[0]]} numbers at row {row:,}, and the rows before it "
                f"{choice.classes}; all must be of one length"
            )
    rows = _values(valid.flatten(), choice, note, name).reshape(len(valid), choice.classes)
    if valid is lists:
        return rows
    note(f"{name} was copied block by block, for its missing rows, which count as NaN")
    out = np.full((len(lists), choice.classes), missing(choice), choice.dtype)
    out[np.asarray(lists.is_valid())] = rows
    return out


def _values(array: Any, choice: Choice, note: Callable[[str], None], name: str) -> NDArray[Any]:
    if array.null_count:
        note(f"{name} was copied block by block, for its missing numbers, which count as NaN")
    if pyarrow(name).types.is_null(array.type):
        return np.full(len(array), missing(choice), choice.dtype)
    found: NDArray[Any] = array.to_numpy(zero_copy_only=False)
    if found.dtype != choice.dtype and not choice.bfloat16:
        note(f"{name} was converted from {found.dtype} to {choice.dtype} block by block")
    return stored(found, choice)


def stored(values: NDArray[Any], choice: Choice) -> NDArray[Any]:
    """Return numbers in the dtype of their column. Bits of which some are missing come as floats,
    with NaN for those.
    """
    if choice.bfloat16 and values.dtype.kind == "f":
        values = np.where(np.isnan(values), missing(choice), values)
    return values.astype(choice.dtype, copy=False)


def missing(choice: Choice) -> float:
    """Return what stands for a number that is not there: NaN, or its bits."""
    return 0x7FC0 if choice.bfloat16 else np.nan


def taken(column: Any, rows: NDArray[np.int64], name: str) -> NDArray[Any]:
    """Return the values of an id column at some rows:
    int64 where all are whole numbers, else objects.
    """
    return as_own_ids(checked(column, name).take(rows).to_pylist())


def taken_by_part(
    rows: NDArray[np.int64], starts: NDArray[np.int64], column: Callable[[int], Any], name: str
) -> NDArray[Any]:
    """Return what `taken` does of an id column in parts, which begin at these rows."""
    part_of = np.searchsorted(starts, rows, side="right") - 1
    found = np.empty(len(rows), dtype=object)
    for part in np.unique(part_of).tolist():
        found[part_of == part] = taken(column(part), rows[part_of == part] - starts[part], name)
    return as_own_ids(found.tolist())


def id_blocks_of(chunks: Iterable[Any], name: str) -> Iterator[NDArray[Any]]:
    """Yield the values of chunks of an id column, as `taken` has them, few at a time."""
    for chunk in chunks:
        for start in range(0, len(chunk), IDS):
            part = checked(chunk.slice(start, IDS), name)
            whole = pyarrow("a table").types.is_integer(part.type) and not part.null_count
            yield part.to_numpy(zero_copy_only=False) if whole else as_own_ids(part.to_pylist())


def as_own_ids(values: list[Any]) -> NDArray[Any]:
    """Return ids as an array: int64 where all are whole numbers, else objects."""
    if all(isinstance(value, int) and abs(value) < 2**63 for value in values):
        return np.array(values, dtype=np.int64)
    found = np.empty(len(values), dtype=object)
    found[:] = values
    return found
