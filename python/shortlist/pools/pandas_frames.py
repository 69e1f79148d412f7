"""Pandas frames: numeric columns, in place where pandas keeps them in one piece,
or a column of lists or arrays.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from shortlist.pools.arrays import array_pool
from shortlist.pools.arrow import IDS, ArrowPool, TablePool, as_own_ids, describe, missing, pyarrow
from shortlist.pools.columns import Choice, Column, choose
from shortlist.pools.flat import READ

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from shortlist.pools.pool import Block, Pool
    from shortlist.pools.source import Reading


class PandasPool(TablePool):
    """Rows of a frame with numeric columns that pandas does not keep in one piece."""

    def __init__(self, frame: Any, choice: Choice, name: str) -> None:
        super().__init__(name, len(frame), choice)
        self._frame, self._names = frame, list(choice.names)

    def columns_apart(self) -> list[NDArray[Any]] | None:
        """Return all rows as one array for each class, where pandas keeps them as NumPy's."""
        columns = [self._frame[name] for name in self._names]
        if any(column.dtype != self.dtype or not len(column) for column in columns):
            return None
        arrays = [column.to_numpy() for column in columns]
        return arrays if all(array.flags.c_contiguous and array.flags.aligned for array in arrays) else None

    def blocks(self, limit: int | None = None) -> Iterator[Block]:
        """Yield blocks in row order, of at most `limit` rows each."""
        self.note(f"{self.name} was copied from {self.classes} pandas columns block by block")
        step = max(1, READ // self.row_bytes)
        for start in range(0, len(self._frame), step):
            part = self._frame.iloc[start : start + step]
            out = np.empty((self.classes, len(part)), self.dtype)
            for place, column in zip(out, self._names, strict=True):
                place[:] = part[column].to_numpy(self.dtype, na_value=missing(self.choice))
            yield from self._pieces(out.T, limit)


class ObjectsPool(TablePool):
    """Rows of columns of which each cell is a list or an array."""

    def __init__(self, frame: Any, choice: Choice, name: str) -> None:
        super().__init__(name, len(frame), choice)
        self._frame = frame

    def blocks(self, limit: int | None = None) -> Iterator[Block]:
        """Yield blocks in row order, of at most `limit` rows each."""
        self.note(f"{self.name} was copied from objects block by block")
        step = max(1, READ // self.row_bytes)
        for start in range(0, len(self._frame), step):
            part = self._frame.iloc[start : start + step]
            rows = [self._rows_of(part[column].tolist(), column, start) for column in self.choice.names]
            yield from self._pieces(rows if self.members else rows[0], limit)

    def _rows_of(self, cells: list[Any], column: str, first_row: int) -> NDArray[Any]:
        """Return cells as rows; one that is missing counts as a row of NaN."""
        out = np.full((len(cells), self.classes), missing(self.choice), self.dtype)
        for row, (place, cell) in enumerate(zip(out, cells, strict=True), first_row):
            if not np.ndim(cell):
                if pd_missing(cell):
                    continue
                raise ValueError(
                    f"column {column!r} of {self.name} has {cell!r} at row {row:,}; accepted are lists of {self.classes} numbers"
                )
            if np.shape(cell) != place.shape:
                raise ValueError(
                    f"column {column!r} of {self.name} has a list of shape {np.shape(cell)} at row {row:,}, and the rows before "
                    f"it {place.shape}; all must be of one length"
                )
            place[:] = cell
        return out


def pd_missing(cell: Any) -> bool:
    """Whether a cell is what pandas has for a value that is not there."""
    import pandas as pd

    return bool(pd.isna(cell))


def pandas_pool(x: Any, reading: Reading, name: str) -> Pool:
    """See a DataFrame as a pool."""
    reading.only(("column", "id_column"), "a pandas frame")
    if hasattr(x, "to_frame") and _column("", x.dtype, lambda: x).kind in ("list", "ragged"):
        x = x.to_frame(name if x.name is None else x.name)
    if not hasattr(x, "columns"):
        return array_pool(x, reading, name)
    index = reading.id_column is not None and reading.id_column == x.index.name
    columns = [
        _column(column, kind, partial(_at, x, place))
        for place, (column, kind) in enumerate(zip(x.columns, x.dtypes, strict=True))
    ]
    if index:
        columns.append(Column(str(reading.id_column), "other", None, 0, "index"))
    choice = choose(columns, reading, name)
    pool = _rows(x, choice, reading, name)
    pool.columns = choice.names
    if reading.id_column is not None:
        ids = x.index if index else x[reading.id_column]

        def own_ids(rows: NDArray[np.int64]) -> NDArray[Any]:
            return as_own_ids(ids.take(rows).tolist())

        def id_blocks() -> Iterator[NDArray[Any]]:
            for start in range(0, len(ids), IDS):
                some = ids[start : start + IDS] if index else ids.iloc[start : start + IDS]
                yield some.to_numpy() if str(some.dtype) in ("int64", "int32") else as_own_ids(some.tolist())

        pool.own_ids, pool.id_blocks = own_ids, id_blocks
    return pool


def _rows(x: Any, choice: Choice, reading: Reading, name: str) -> Pool:
    if choice.lists and any(str(x[column].dtype) == "object" for column in choice.names):
        return ObjectsPool(x, choice, name)
    if choice.lists:
        pa = pyarrow(name)
        table = pa.table({column: pa.chunked_array(x[column].array.__arrow_array__()) for column in choice.names})
        return ArrowPool(table, _without_ids(reading), name)
    plain = all(isinstance(kind, np.dtype) and kind == choice.dtype for kind in x.dtypes)
    if plain and list(x.columns) == list(choice.names):
        return array_pool(x, _without_ids(reading), name)
    return PandasPool(x, choice, name)


def _without_ids(reading: Reading) -> Reading:
    return replace(reading, id_column=None, column=None)


def _at(frame: Any, place: int) -> Any:
    return frame.iloc[:, place]


def _column(name: Any, kind: Any, cells: Callable[[], Any]) -> Column:
    """Describe a column by its dtype: NumPy's, pandas' own with missing values, Arrow's,
    or that of the first object.
    """
    arrow = getattr(kind, "pyarrow_dtype", None)
    if arrow is not None:
        return describe(name, arrow)
    numpy_dtype = kind if isinstance(kind, np.dtype) else getattr(kind, "numpy_dtype", None)
    if numpy_dtype is not None and numpy_dtype.kind in "fiu":
        return Column(name, "number", numpy_dtype, 0, str(kind))
    if str(kind) == "object":
        return _of_objects(name, cells())
    return Column(name, "other", None, 0, str(kind))


def _of_objects(name: Any, cells: Any) -> Column:
    """Describe a column of objects by the first that is not missing."""
    place = cells.first_valid_index() if cells.index.is_unique else None
    first = cells.loc[place] if place is not None else next(iter(cells.dropna()), None)
    if first is None:
        return Column(name, "void", None, 0, "object")
    if isinstance(first, list | tuple | np.ndarray):
        try:
            row = np.asarray(first)
        except ValueError:  # lists of lists of several lengths
            row = np.empty((0, 0))
        if row.ndim == 1 and len(row) and row.dtype.kind in "fiu":
            dtype = row.dtype if isinstance(first, np.ndarray) else np.dtype(np.float64)
            return Column(name, "ragged", dtype, len(row), "object of lists")
    return Column(name, "other", None, 0, f"object (of {type(first).__name__})")
