"""Rows of pyarrow tables."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import numpy as np


def is_table(X: Any) -> bool:
    """Return whether this is a table or a record batch, and no array."""
    return hasattr(X, "column_names")


def stack(parts: list[Any]) -> Any:
    """Stack rows under each other, with the columns and types of the first part."""
    arrow = import_module("pyarrow")
    return arrow.concat_tables([_table(arrow, part, parts[0]) for part in parts])


def _table(arrow: Any, part: Any, first: Any) -> Any:
    if isinstance(part, arrow.RecordBatch):
        part = arrow.Table.from_batches([part])
    if not isinstance(part, arrow.Table):
        part = arrow.table(dict(zip(first.column_names, np.asarray(part).T, strict=True)))
    if set(part.column_names) != set(first.column_names):
        raise ValueError(f"columns {part.column_names} do not agree with {first.column_names}")
    return part.select(first.column_names).cast(first.schema)
