"""Pick, leave out and walk through rows, by position."""

from __future__ import annotations

from numbers import Integral
from typing import TYPE_CHECKING, Any

import numpy as np

from shortlist.rows import pandas_rows
from shortlist.rows.kinds import Rows, count, kind, shape
from shortlist.rows.maps import gather, is_read_only_map
from shortlist.rows.stack import as_format, vstack

if TYPE_CHECKING:
    from collections.abc import Iterator


_ASCENDING = frozenset({"h5py", "tables", "netCDF4"})
"""Libraries of files that give scattered rows in ascending order only, each of them once."""


def _positions(index: Any) -> np.ndarray[Any, Any]:
    """Turn a list, an array or a mask into positions."""
    positions = np.asarray(index)
    if positions.dtype == bool:
        return np.flatnonzero(positions)
    return positions.astype(np.intp) if positions.size == 0 else positions


def take(X: Rows, index: Any) -> Rows:
    """Return the rows at `index`, as the kind they came in.

    Parameters
    ----------
    X : rows
        See `shortlist.rows`.
    index : int, sequence of int, or boolean mask
        Positions, never labels. One integer gives one row: an array loses its first axis, a list
        gives the item, pandas a Series; sparse and Polars keep a one-row matrix or frame.

    Returns
    -------
    rows
    """
    holder = kind(X)
    if holder == "dict":
        return {name: take(part, index) for name, part in X.items()}
    single = isinstance(index, Integral)
    positions: Any = int(index) if single else _positions(index)
    if holder == "list":
        return X[positions] if single else [X[i] for i in positions]
    if holder == "pandas":
        return X.iloc[positions] if hasattr(X, "iloc") else X[positions]
    if holder == "polars":
        return X[[positions]] if single else X[positions.tolist()]
    if holder == "sparse":
        row_major = X if X.format in ("csr", "lil") else X.tocsr()
        return as_format(row_major[[positions] if single else positions], X.format)
    if holder == "arrow":
        return X.take([positions] if single else positions)
    if holder == "torch" and not single:
        return X[positions.tolist()]
    if not single and is_read_only_map(X):
        return gather(X, positions)
    if not single and type(X).__module__.partition(".")[0] in _ASCENDING:
        ascending, places = np.unique(np.where(positions < 0, positions + count(X), positions), return_inverse=True)
        return X[ascending][places]
    return X[positions]


def span(X: Rows, start: int, stop: int) -> Rows:
    """Return the rows from `start` up to, not including, `stop`;
    a view where the holder can give one.
    """
    if kind(X) == "dict":
        return {name: span(part, start, stop) for name, part in X.items()}
    return X.iloc[start:stop] if hasattr(X, "iloc") else X[start:stop]


def drop(X: Rows, index: Any) -> Rows:
    """Return all rows but those at `index`."""
    keep = np.ones(count(X), dtype=bool)
    keep[[int(index)] if isinstance(index, Integral) else _positions(index)] = False
    return take(X, np.flatnonzero(keep))


def append(X: Rows, row: Rows) -> Rows:
    """Return `X` with one more row at its end."""
    holder = kind(X)
    if holder == "dict":
        return {name: append(part, row[name]) for name, part in X.items()}
    if holder == "list":
        return [*X, row]
    axes = len(row.shape) if hasattr(row, "shape") else np.ndim(row)
    return vstack([X, one_row(row) if holder != "arrow" and axes < len(shape(X)) else row])


def one_row(row: Any) -> Rows:
    """Return a row that came without the axis of rows as rows: those of one."""
    if hasattr(row, "to_frame"):
        return pandas_rows.one_row(row)
    return row[None] if hasattr(row, "shape") and len(row.shape) else [row]


def enumerate_rows(X: Rows) -> Iterator[tuple[int, Rows]]:
    """Yield each position with its row, as `take` gives it."""
    if kind(X) == "sparse":
        X = X.tocsr()
    for position in range(count(X)):
        yield position, take(X, position)
