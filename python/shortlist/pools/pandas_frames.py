"""Pandas frames: numeric columns, in place where pandas keeps them in one piece, or a column of Arrow's lists."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from shortlist.pools.arrays import array_pool
from shortlist.pools.arrow import IDS, ArrowPool, as_own_ids, describe, pyarrow
from shortlist.pools.columns import Choice, Column, choose
from shortlist.pools.flat import READ
from shortlist.pools.pool import Block, Pool

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from shortlist.pools.source import Reading


class PandasPool(Pool):
    """Rows of a frame with numeric columns that pandas does not keep in one piece."""

    def __init__(self, frame: Any, choice: Choice, name: str) -> None:
        super().__init__(name, len(frame), choice.form)
        self._frame, self._names = frame, list(choice.names)

    def blocks(self, limit: int | None = None) -> Iterator[Block]:
        """Yield blocks in row order, of at most `limit` rows each."""
        self.note(f"{self.name} was copied from {self.classes} pandas columns block by block")
        step = max(1, READ // self.row_bytes)
        for start in range(0, len(self._frame), step):
            part = self._frame.iloc[start : start + step]
            out = np.empty((self.classes, len(part)), self.dtype)
            for place, column in zip(out, self._names, strict=True):
                place[:] = part[column].to_numpy(self.dtype, na_value=np.nan)
            yield from self._pieces(out.T, limit)


def pandas_pool(x: Any, reading: Reading, name: str) -> Pool:
    """See a DataFrame as a pool."""
    reading.only(("column", "id_column"), "a pandas frame")
    if not hasattr(x, "columns"):
        return array_pool(x, reading, name)
    index = reading.id_column is not None and reading.id_column == x.index.name
    columns = [_column(column, kind) for column, kind in zip(x.columns, x.dtypes, strict=True)]
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


def _column(name: Any, kind: Any) -> Column:
    """Describe a column by its dtype: NumPy's, pandas' own with missing values, or Arrow's."""
    arrow = getattr(kind, "pyarrow_dtype", None)
    if arrow is not None:
        return describe(name, arrow)
    numpy_dtype = kind if isinstance(kind, np.dtype) else getattr(kind, "numpy_dtype", None)
    if numpy_dtype is not None and numpy_dtype.kind in "fiu":
        return Column(name, "number", numpy_dtype, 0, str(kind))
    hint = " (for lists, read it with dtype_backend='pyarrow')" if str(kind) == "object" else ""
    return Column(name, "other", None, 0, str(kind) + hint)
