"""Put pandas frames, columns, indexes and arrays under each other without
losing what their columns are.

pandas makes columns of objects, or text, where two batches differ in their categories, their time
zones or their kind. Here categories are united and times brought to one zone; columns that cannot
agree are an error that names them.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

import numpy as np

from shortlist.rows.kinds import Rows, kind


def stack(parts: list[Rows]) -> Rows:
    """Stack rows under each other, as what the first part is."""
    pandas, first = import_module("pandas"), parts[0]
    if isinstance(first, pandas.DataFrame):
        return _concat(pandas, [_frame(pandas, part, first) for part in parts])
    whole = _concat(pandas, [_column(pandas, part, first) for part in parts])
    if isinstance(first, pandas.Series):
        return whole
    return pandas.Index(whole, name=first.name) if isinstance(first, pandas.Index) else whole.array


def one_row(row: Any) -> Any:
    """Return a row that was cut as a Series as a frame of one row,
    each cell with a dtype of its own.
    """
    return row.to_frame().T.infer_objects()


def is_row_of(row: Any, frame: Any) -> bool:
    """Return whether a Series is one row of a frame: its labels are the frame's columns."""
    pandas = import_module("pandas")
    return (
        isinstance(frame, pandas.DataFrame)
        and isinstance(row, pandas.Series)
        and len(row) == len(frame.columns)
        and set(row.index) == set(frame.columns)
    )


def _frame(pandas: Any, part: Rows, first: Any) -> Any:
    """Give `part` the columns of `first`, or say that they do not agree."""
    if is_row_of(part, first) and len(first.columns) > 1:
        part = one_row(part)
    if isinstance(part, pandas.DataFrame):
        if set(part.columns) != set(first.columns):
            raise ValueError(f"columns {list(part.columns)} do not agree with {list(first.columns)}")
        return part
    if isinstance(part, pandas.Series) and len(first.columns) == 1:
        return part.to_frame(first.columns[0])
    if kind(part) == "polars" and hasattr(part, "columns"):
        return _frame(pandas, pandas.DataFrame({name: part[name].to_numpy() for name in part.columns}), first)
    return pandas.DataFrame(np.asarray(part), columns=first.columns).infer_objects()


def _column(pandas: Any, part: Rows, first: Any) -> Any:
    """Return `part` as a Series with the name of `first`."""
    if isinstance(part, pandas.DataFrame):
        if part.shape[1] != 1:
            raise ValueError(f"{part.shape[1]} columns {list(part.columns)} do not agree with one column")
        part = part.iloc[:, 0]
    if kind(part) == "pandas":
        return part if isinstance(part, pandas.Series) else pandas.Series(part)
    values = np.asarray(part)
    if values.ndim == 2 and values.shape[1] == 1:
        values = values[:, 0]
    return pandas.Series(values, name=getattr(first, "name", None))


def _concat(pandas: Any, parts: list[Any]) -> Any:
    """Stack frames, or columns, once their dtypes agree."""
    parts = [parts[0], *(part for part in parts[1:] if len(part))]
    whole = parts[0]
    for part in parts[1:]:
        whole = pandas.concat([*_agreed(pandas, whole, part)])
    return whole


def _agreed(pandas: Any, known: Any, new: Any) -> tuple[Any, Any]:
    """Return both with columns of the same dtypes where pandas would make objects of them."""
    if known.ndim == 1:
        return _agreed_columns(pandas, known, new, "values")
    if not known.columns.is_unique:
        return known, new
    known, new = known.copy(deep=False), new.copy(deep=False)
    for name in known.columns:
        if known[name].dtype != new[name].dtype:
            known[name], new[name] = _agreed_columns(pandas, known[name], new[name], f"column {name!r}")
    return known, new


def _agreed_columns(pandas: Any, known: Any, new: Any, what: str) -> tuple[Any, Any]:
    old, categorical = known.dtype, pandas.CategoricalDtype
    if new.dtype == object:
        new = new.infer_objects()
    if old in (new.dtype, object):
        return known, new
    if isinstance(old, categorical):
        united = _united(pandas, old, new, what)
        return known.astype(united), new.astype(united)
    if isinstance(new.dtype, categorical):
        new = new.astype(new.cat.categories.dtype)
    if isinstance(old, pandas.DatetimeTZDtype) and isinstance(new.dtype, pandas.DatetimeTZDtype):
        return known, new.dt.tz_convert(old.tz)
    if _fits(new, old):
        return known, new.astype(old)
    if known.isna().all() and len(new):
        return known.astype(new.dtype), new
    if new.isna().all():
        return known, new.astype(old)
    texts = new.dtype == object and pandas.api.types.infer_dtype(new, skipna=True) == "string"
    if texts and isinstance(old, pandas.StringDtype):
        return known, new.astype(old)
    if pandas.concat([known.iloc[:1], new.iloc[:1]]).dtype == object:
        raise ValueError(f"{what} came as {new.dtype}, and is {old} in the known rows; give it the same dtype")
    return known, new


def _fits(new: Any, dtype: Any) -> bool:
    """Return whether these values are the same in another dtype:
    1.0 as 1, True as 1.0, a date as a time.
    """
    if new.dtype == object:
        try:
            new.astype(dtype)
        except (ValueError, TypeError):
            return False
        return not any(isinstance(value, str) for value in new)
    if new.dtype.kind not in "iufb" or dtype.kind not in "iufb" or new.isna().any():
        return False
    return bool(np.isfinite(new.astype(float)).all() and (new.astype(dtype) == new).all())


def _united(pandas: Any, old: Any, new: Any, what: str) -> Any:
    """Return a dtype with the categories of both: the known ones in their order,
    then those that are new.
    """
    came = new.dtype
    others = came.categories if isinstance(came, pandas.CategoricalDtype) else pandas.Index(new.dropna().unique())
    known = old.categories
    if old.ordered and isinstance(came, pandas.CategoricalDtype) and came.ordered:
        longer, shorter = (known, others) if len(known) >= len(others) else (others, known)
        if list(longer[longer.isin(shorter)]) != list(shorter):
            raise ValueError(
                f"the ordered categories of {what} came as {list(others)}, and are {list(known)} in the known rows; "
                "give both the same order"
            )
        return pandas.CategoricalDtype(longer, ordered=True)
    fresh = others[~others.isin(known)]
    if old.ordered and len(fresh):
        raise ValueError(
            f"{what} came with {list(fresh)}, which its ordered categories {list(known)} don't have; "
            "give both the same ordered categories"
        )
    return pandas.CategoricalDtype(known.append(fresh) if len(fresh) else known, ordered=old.ordered)
