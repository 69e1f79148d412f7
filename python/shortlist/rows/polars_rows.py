"""Put Polars frames and columns under each other:
categories are united, times brought to one zone.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

import numpy as np

from shortlist.rows.kinds import Rows, kind


def stack(parts: list[Rows]) -> Any:
    """Stack rows under each other, as what the first part is."""
    polars, first = import_module("polars"), parts[0]
    if isinstance(first, polars.Series):
        frame = first.rename("values").to_frame()
        return stack([frame, *(_column(polars, part) for part in parts[1:])]).to_series().rename(first.name)
    whole = first
    for part in parts[1:]:
        try:
            whole = polars.concat(_agreed(polars, whole, _frame(polars, part, first)), how="vertical_relaxed")
        except polars.exceptions.PolarsError as error:
            raise ValueError(str(error)) from error
    return whole


def _column(polars: Any, part: Rows) -> Any:
    """Return `part` as a frame of one column."""
    if hasattr(part, "columns") and len(part.columns) == 1:
        part = part[part.columns[0]]
    series = part if isinstance(part, polars.Series) else polars.Series(np.asarray(part))
    return series.rename("values").to_frame()


def _frame(polars: Any, part: Rows, first: Any) -> Any:
    """Give `part` the columns of `first`, or say that they do not agree."""
    if isinstance(part, polars.Series) and first.width == 1:
        part = part.rename(first.columns[0]).to_frame()
    if kind(part) == "pandas" and hasattr(part, "columns"):
        part = polars.DataFrame({name: polars.Series(part[name].tolist()) for name in part.columns})
    if isinstance(part, polars.DataFrame):
        if set(part.columns) != set(first.columns):
            raise ValueError(f"columns {part.columns} do not agree with {first.columns}")
        return part.select(first.columns)
    return polars.DataFrame(np.asarray(part), schema=first.schema)


def _agreed(polars: Any, known: Any, new: Any) -> list[Any]:
    """Return both with columns that Polars stacks; text and numbers, which it makes text of,
    do not agree.
    """
    for name, old in known.schema.items():
        came = new.schema[name]
        if isinstance(old, polars.Enum) and (isinstance(came, polars.Enum) or came == polars.String):
            labels = (
                came.categories if isinstance(came, polars.Enum) else new[name].drop_nulls().unique(maintain_order=True)
            )
            united = polars.Enum(list(dict.fromkeys([*old.categories, *labels])))
            known, new = (part.with_columns(part[name].cast(united)) for part in (known, new))
        elif isinstance(old, polars.Categorical) and came == polars.String:
            new = new.with_columns(new[name].cast(old))
        elif (
            isinstance(old, polars.Datetime) and isinstance(came, polars.Datetime) and old.time_zone and came.time_zone
        ):
            new = new.with_columns(new[name].dt.convert_time_zone(old.time_zone))
        elif (old == polars.String) != (came == polars.String) and (old.is_numeric() or came.is_numeric()):
            raise ValueError(f"column {name!r} came as {came}, and is {old} in the known rows; give it the same dtype")
    return [known, new]
