"""Rows of pyarrow arrays and tables."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import numpy as np


def stack(parts: list[Any]) -> Any:
    """Stack rows under each other, with the columns and types of the first part."""
    arrow, first = import_module("pyarrow"), parts[0]
    if hasattr(first, "column_names"):
        return arrow.concat_tables([_table(arrow, part, first) for part in parts])
    chunks = [chunk for part in parts for chunk in _chunks(arrow, part, first.type)]
    whole = arrow.chunked_array(chunks, first.type)
    return whole.combine_chunks() if isinstance(first, arrow.Array) else whole


def _chunks(arrow: Any, part: Any, like: Any) -> list[Any]:
    if not isinstance(part, arrow.Array | arrow.ChunkedArray):
        part = arrow.array(np.asarray(part))
    part = part.cast(like)
    return list(part.chunks) if isinstance(part, arrow.ChunkedArray) else [part]


def _table(arrow: Any, part: Any, first: Any) -> Any:
    if not hasattr(part, "column_names"):
        names = first.column_names
        part = arrow.table(dict(zip(names, np.asarray(part).T, strict=True)))
    if isinstance(part, arrow.RecordBatch):
        part = arrow.Table.from_batches([part])
    if set(part.column_names) != set(first.column_names):
        raise ValueError(f"columns {part.column_names} do not agree with {first.column_names}")
    return part.select(first.column_names).cast(first.schema)
