"""Which library holds the rows, and how many there are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
from scipy import sparse

from shortlist.rows.arrow_rows import is_table

Rows: TypeAlias = Any
"""Anything that holds rows; see `kind`."""

_LIBRARIES = {"pandas": "pandas", "polars": "polars", "torch": "torch", "pyarrow": "arrow"}


def kind(X: Rows) -> str:
    """Name what holds the rows.

    Returns
    -------
    str
        ``"array"``, ``"list"``, ``"sparse"``, ``"pandas"``, ``"polars"``, ``"torch"``, ``"arrow"``,
        ``"dict"``, or ``"other"`` for anything else with a shape that can be sliced by position.
        Optional libraries are recognised without being imported.

    Raises
    ------
    TypeError
        If `X` holds no rows.
    """
    if isinstance(X, np.ndarray):
        return "array"
    if isinstance(X, list | tuple):
        return "list"
    if sparse.issparse(X):
        return "sparse"
    if isinstance(X, Mapping):
        return "dict"
    for base in type(X).__mro__:
        library = _LIBRARIES.get(base.__module__.partition(".")[0])
        if library and hasattr(X, "__getitem__") and not hasattr(X, "collect"):
            return library
    if hasattr(X, "collect") or hasattr(X, "columns"):
        raise TypeError(
            f"rows came as {type(X).__module__}.{type(X).__name__}, which gives no rows by position; "
            f"give a frame of pandas, Polars or pyarrow made of it{_way_out(X)}"
        )
    if hasattr(X, "shape") and hasattr(X, "__getitem__"):
        return "other"
    raise TypeError(
        f"rows came as {type(X).__name__}; accepted are an array, a list, a pandas or Polars frame, a pyarrow table, "
        "a SciPy sparse matrix, a torch tensor, or a dict of these"
    )


def _way_out(X: Any) -> str:
    """Name the method that makes a frame of it, if it has one."""
    names = ("compute", "collect", "to_pandas", "toPandas", "df")
    return next((f": x.{name}()" for name in names if hasattr(X, name)), "")


def as_rows(X: Any, name: str = "X") -> Rows:
    """Return rows as they came, a sequence as a list,
    a pyarrow array and what only has ``__array__`` as an array.

    Raises
    ------
    TypeError
        If `X` holds no rows; the message names the argument.
    """
    if isinstance(X, Sequence) and not isinstance(X, list | tuple | str | bytes):
        return list(X)
    try:
        count(X)
    except TypeError as error:
        if hasattr(X, "__array__") and not hasattr(X, "shape"):
            return np.asarray(X)
        raise TypeError(str(error).replace("rows came", f"{name} came", 1)) from None
    return np.asarray(X) if kind(X) == "arrow" and not is_table(X) else X


def count(X: Rows) -> int:
    """Return the number of rows.

    Raises
    ------
    ValueError
        If the entries of a dict differ in their number of rows.
    """
    holder = kind(X)
    if holder in ("list", "arrow"):
        return len(X)
    if holder == "dict":
        counts = {name: count(part) for name, part in X.items()}
        if len(set(counts.values())) > 1:
            raise ValueError(f"the entries of the dict differ in their number of rows: {counts}")
        return next(iter(counts.values()), 0)
    rows = X.shape[0] if len(X.shape) else 0
    if rows != rows:
        raise TypeError("rows came as a Dask array of unknown length; call x.compute_chunk_sizes() first")
    return int(rows)


def shape(X: Rows) -> tuple[int, ...]:
    """Return the shape; that of a list is the one its array would have."""
    holder = kind(X)
    if holder == "list":
        try:
            return np.asarray(X).shape
        except ValueError:  # rows of different lengths
            return (len(X),)
    if holder == "dict" or not hasattr(X, "shape"):
        return (count(X),)
    return tuple(int(length) for length in X.shape)
