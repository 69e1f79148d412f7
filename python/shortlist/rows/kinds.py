"""Which library holds the rows, and how many there are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

import numpy as np
from scipy import sparse

Rows: TypeAlias = Any
"""Anything that holds rows; see `kind`."""

_LIBRARIES = frozenset({"pandas", "polars", "torch"})


def kind(X: Rows) -> str:
    """Name what holds the rows.

    Returns
    -------
    str
        ``"array"``, ``"list"``, ``"sparse"``, ``"pandas"``, ``"polars"``, ``"torch"``, ``"dict"``, or ``"other"`` for
        anything else with a shape that can be sliced. Optional libraries are recognised without being imported.

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
        library = base.__module__.partition(".")[0]
        if library in _LIBRARIES:
            return library
    if hasattr(X, "shape") and hasattr(X, "__getitem__"):
        return "other"
    raise TypeError(
        f"rows came as {type(X).__name__}; accepted are an array, a list, a pandas or Polars frame, "
        "a SciPy sparse matrix, a torch tensor, or a dict of these"
    )


def count(X: Rows) -> int:
    """Return the number of rows.

    Raises
    ------
    ValueError
        If the entries of a dict differ in their number of rows.
    """
    holder = kind(X)
    if holder == "list":
        return len(X)
    if holder == "dict":
        counts = {name: count(part) for name, part in X.items()}
        if len(set(counts.values())) > 1:
            raise ValueError(f"the entries of the dict differ in their number of rows: {counts}")
        return next(iter(counts.values()), 0)
    return int(X.shape[0]) if len(X.shape) else 0


def shape(X: Rows) -> tuple[int, ...]:
    """Return the shape; that of a list is the one its array would have."""
    holder = kind(X)
    if holder == "list":
        return np.asarray(X).shape
    if holder == "dict":
        return (count(X),)
    return tuple(int(length) for length in X.shape)
