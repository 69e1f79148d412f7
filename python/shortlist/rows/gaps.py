"""Find the first cell that holds no finite number, no date or no text:
the one to name in an error.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

import numpy as np

from shortlist.rows.kinds import Rows, kind

Gap = tuple[int, Any, Any]
"""Row, column (None where there is only one), and what the cell holds."""


def check_finite(X: Rows, name: str) -> None:
    """Raise if a cell is NaN, infinite or missing.

    Raises
    ------
    ValueError
        It names the row and the column.
    """
    gap = _first(X)
    if gap is not None:
        row, column, value = gap
        where = f"row {row}" if column is None else f"row {row}, column {column!r}"
        raise ValueError(
            f"{name} has {_shown(value)} in {where}; accepted are finite numbers. Where the model, or its pipeline, "
            "takes missing values, make the learner with force_all_finite=False"
        )


def _first(X: Rows) -> Gap | None:
    holder = kind(X)
    if holder == "dict":
        return _earliest({name: _first(part) for name, part in X.items()})
    if holder == "pandas":
        pandas = import_module("pandas")
        if isinstance(X, pandas.DataFrame):
            return _earliest({name: _first_of_series(X.iloc[:, at]) for at, name in enumerate(X.columns)})
        return _first_of_series(X if isinstance(X, pandas.Series) else pandas.Series(X))
    if holder in ("polars", "arrow") and hasattr(X, "columns"):
        names = X.column_names if holder == "arrow" else X.columns
        return _earliest({name: _first_of_array(_without_nulls(X[name])) for name in names})
    if holder == "sparse":
        return _first_of_sparse(X)
    if holder == "torch":
        return _first_false(X.isfinite().cpu().numpy(), X)
    if holder == "list":
        return _first_of_list(X)
    return _first_of_array(_without_nulls(X))


def _earliest(gaps: dict[Any, Gap | None]) -> Gap | None:
    found = [(gap[0], name, gap[2]) for name, gap in gaps.items() if gap is not None]
    return min(found, key=lambda gap: gap[0], default=None)


def _first_of_series(series: Any) -> Gap | None:
    """Find a gap in a column; None in a column of objects is left to the model."""
    if isinstance(series.dtype, np.dtype):
        return _first_of_array(series.to_numpy())
    finite = ~np.asarray(series.isna(), dtype=bool)
    if series.dtype.kind == "f":
        finite &= np.isfinite(series.to_numpy(dtype=float, na_value=np.nan))
    first = int(np.argmin(finite)) if len(finite) else 0
    return None if finite.all() else (first, None, series.iloc[first])


def _first_of_sparse(X: Any) -> Gap | None:
    if X.dtype.kind not in "fc" or np.isfinite(X.tocsr().data).all():
        return None
    cells = X.tocoo()
    bad = np.flatnonzero(~np.isfinite(cells.data))
    first = bad[np.argmin(cells.row[bad])]
    return int(cells.row[first]), int(cells.col[first]), cells.data[first]


def _first_of_list(X: Any) -> Gap | None:
    if all(isinstance(row, str) for row in X):
        return None
    for row, values in enumerate(X):
        try:
            array = np.asarray(values)
        except ValueError:  # rows of different lengths within a row
            gap = _first_of_list(values)
        else:
            gap = _first_of_array(array.reshape(1, -1)) if array.size else None
        if gap is not None:
            return row, gap[1] if np.ndim(values) else None, gap[2]
    return None


def _first_of_array(array: Any) -> Gap | None:
    finite = _finite(array)
    return None if finite is None else _first_false(finite, array)


def _first_false(finite: Any, values: Any) -> Gap | None:
    if finite.all():
        return None
    at = tuple(int(i) for i in np.unravel_index(int(np.argmin(finite)), finite.shape))
    return at[0], at[1] if len(at) == 2 else None, values[at]


def _finite(array: Any) -> Any:
    if array.dtype.kind in "fc":
        return np.isfinite(array)
    if array.dtype.kind in "mM":
        return ~np.isnat(array)
    if array.dtype.kind == "O":
        return np.array([not _is_gap(value) for value in array.flat], dtype=bool).reshape(array.shape)
    return None


def _is_gap(value: Any) -> bool:
    if isinstance(value, float | np.floating):
        return not np.isfinite(value)
    return type(value).__name__ in ("NAType", "NaTType")


def _without_nulls(column: Any) -> Any:
    """Return an array in which a masked cell is NaN."""
    if np.ma.isMaskedArray(column):
        column = np.ma.filled(column.astype(object), np.nan)
    return np.asarray(column)


def _shown(value: Any) -> str:
    """Write a value as people do; torch's and NumPy's are numbers too."""
    try:
        number = float(value)
    except (TypeError, ValueError):
        return "a missing value (NaN)"
    return "NaN" if np.isnan(number) else "infinity" if number > 0 else "-infinity"
