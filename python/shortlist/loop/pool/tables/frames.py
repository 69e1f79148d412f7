"""Frames and tables that are in memory: pandas, Polars, Arrow, and dicts of columns."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import numpy as np

from shortlist.loop.errors import LoopError
from shortlist.loop.pool.tables.table import BLOCK

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from shortlist.loop.spec.model import Spec


FRAME = "frame"
"""As ``[pool] path``: the rows come from Python each time the loop is opened."""


def check_frame(spec: Spec, frame: Any) -> None:
    """Raise where a loop has no rows: no frame for a specification that needs one,
    or one that workers can't read.
    """
    if frame is None:
        if spec.pool.path == FRAME:
            raise LoopError(
                '[pool] path is "frame", so its rows come from Python; open this loop as sl.Loop(folder, pool=frame)'
            )
    elif isinstance(frame, str | os.PathLike):
        raise LoopError(f"pool is {str(frame)!r}; accepted is a frame, as files are named in [pool] path")
    elif spec.retrain.where in ("dask", "ray"):
        raise LoopError(
            f"[retrain] where is {spec.retrain.where!r}, and workers can't read a frame; accepted are local and command, or "
            "to write the frame to a file that [pool] path names"
        )


class FrameTable:
    """Rows of a frame."""

    vectors = False

    def __init__(self, frame: Any, name: str = "the frame") -> None:
        self.name = name
        self._frame = frame
        lazy = hasattr(frame, "collect")
        names: Any = None if lazy else getattr(frame, "column_names", getattr(frame, "columns", None))
        if names is None and not lazy and hasattr(frame, "keys"):
            names = frame.keys()
        if names is None:
            raise LoopError(
                f"the pool is a {type(frame).__name__}; accepted are frames of pandas and Polars, Arrow tables, and dicts of "
                "columns"
            )
        self._names = {str(column): column for column in names}
        self.columns: tuple[str, ...] = tuple(self._names)
        lengths = {len(frame[column]) for column in names}
        if len(lengths) != 1:
            raise LoopError(f"the pool's columns have {sorted(lengths)} rows; accepted is the same number in all")
        self.rows: int = lengths.pop()

    def blocks(self, columns: Sequence[str]) -> Iterator[tuple[int, Mapping[str, Any]]]:
        """Yield the first row of each block, and its columns as lists."""
        for start in range(0, self.rows, BLOCK):
            yield start, self.take(columns, np.arange(start, min(start + BLOCK, self.rows)))

    def take(self, columns: Sequence[str], rows: NDArray[np.int64]) -> Mapping[str, Any]:
        """Return columns of some rows, in the order of these."""
        return {column: self._values(self._frame[self._names[column]], rows) for column in columns}

    def where(self, row: int) -> str:
        """Say which row it is."""
        return f"row {row:,} of {self.name}"

    def _values(self, column: Any, rows: NDArray[np.int64]) -> list[Any]:
        found: list[Any]
        if hasattr(column, "iloc"):  # pandas
            found = column.iloc[rows].tolist()
        elif hasattr(column, "gather"):  # Polars
            found = column.gather(rows).to_list()
        elif hasattr(column, "to_pylist"):  # Arrow
            found = column.take(rows).to_pylist()
        else:
            found = [column[row] for row in rows.tolist()]
        return found
