"""What a model sees of a row: a text, a vector, or columns; and when two rows show it the same."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np

from shortlist.loop.errors import LoopError
from shortlist.loop.pool.hashing import text_hashes, vector_hashes
from shortlist.loop.pool.tables.table import VECTOR
from shortlist.own_ids import is_missing

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from shortlist.loop.pool.tables.table import Table
    from shortlist.loop.spec.model import PoolSpec

Raw: TypeAlias = "list[str] | NDArray[Any] | dict[str, NDArray[Any]]"
"""Rows as a model is given them: texts, an array of vectors, or columns by name."""


@dataclass(frozen=True)
class View:
    """What of a row counts as its content."""

    kind: Literal["text", "vector", "columns"]
    columns: tuple[str, ...]

    def raw(self, block: Mapping[str, Any], numeric: Mapping[str, bool]) -> Raw:
        """Return rows as a model is given them."""
        if self.kind == "text":
            return [_text(value) for value in block[self.columns[0]]]
        if self.kind == "vector":
            return _vectors(block[self.columns[0]])
        return {column: numbers(block[column]) if numeric[column] else _words(block[column]) for column in self.columns}


def view_of(spec: PoolSpec, table: Table) -> View:
    """Return what a model sees of a pool's rows, as its specification says.

    Raises
    ------
    LoopError
        A column that is not there, or nothing named that a model could see.
    """
    if VECTOR in _all(table) and not spec.features:
        return View("vector", (VECTOR,))
    named = [("text", (spec.text,) if spec.text else ()), ("features", spec.features or ())]
    named += [
        ("id", (spec.id,) if spec.id else ()),
        ("groups", spec.groups),
        ("features.except", spec.features_except or ()),
    ]
    for key, columns in named:
        for column in columns:
            if column not in table.columns:
                raise LoopError(
                    f"[pool] {key} names {column!r}, and {table.name} has no such column; there are "
                    f"{', '.join(map(repr, table.columns)) or 'none'}"
                )
    if spec.text:
        return View("text", (spec.text,))
    columns = spec.features or ()
    if spec.features_except is not None:
        left_out = {spec.id, *spec.groups, *spec.features_except}
        columns = tuple(column for column in table.columns if column not in left_out)
    if not columns:
        raise LoopError("[pool] names nothing that a model could see; accepted are text, features and embeddings")
    if len(columns) == 1 and _is_list(table, columns[0]):
        return View("vector", columns)
    return View("columns", columns)


def content_hashes(
    view: View, block: Mapping[str, Any], table: Table, start: int, numeric: dict[str, bool]
) -> NDArray[np.uint64]:
    """Return a hash of each row's content, and note in `numeric` which columns hold
    other things than numbers.
    """
    if view.kind == "vector":
        rows = _vectors(block[view.columns[0]])
        bad = np.flatnonzero(~np.isfinite(rows).all(axis=1))
        if len(bad):
            raise LoopError(
                f"{table.where(start + int(bad[0]))} has numbers that are not finite; accepted are finite ones"
            )
        return vector_hashes(rows)
    if view.kind == "text":
        return text_hashes(_text(value).encode("utf-8", "surrogatepass") for value in block[view.columns[0]])
    columns = [list(block[column]) for column in view.columns]
    for name, values in zip(view.columns, columns, strict=True):
        numeric[name] = numeric[name] and all(number_of_cell(value) is not None for value in values)
    # Cells as text, so that a pool gives the same hashes as CSV, as Parquet and as a frame where
    # its numbers are written alike.
    return text_hashes(
        json.dumps([None if _blank(cell) else str(cell) for cell in row]).encode() for row in zip(*columns, strict=True)
    )


def numbers(values: Iterable[Any]) -> NDArray[np.float64]:
    """Return cells as numbers; NaN where there is none."""
    return np.array([math.nan if (found := number_of_cell(value)) is None else found for value in values], np.float64)


def number_of_cell(value: Any) -> float | None:
    """Return the number that a cell holds: NaN where it is blank, None where it is no number."""
    if _blank(value):
        return math.nan
    try:
        return float(value)
    except (TypeError, ValueError):
        return None


def _words(values: Iterable[Any]) -> NDArray[Any]:
    found = [None if _blank(value) else str(value) for value in values]
    return np.array(found, dtype=object)


def _blank(value: Any) -> bool:
    return is_missing(value) or (isinstance(value, str) and not value.strip())


def _text(value: Any) -> str:
    return value if isinstance(value, str) else "" if is_missing(value) else str(value)


def _vectors(values: Any) -> NDArray[Any]:
    if isinstance(values, np.ndarray) and values.ndim == 2:
        return values
    try:
        return np.array([np.asarray(value, dtype=np.float32) for value in values], dtype=np.float32)
    except (TypeError, ValueError):
        raise LoopError("the column of vectors has vectors of different lengths; accepted is one length") from None


def _all(table: Table) -> Sequence[str]:
    return (VECTOR, *table.columns) if table.vectors else table.columns


def _is_list(table: Table, column: str) -> bool:
    value = table.take([column], np.zeros(1, np.int64))[column][0] if table.rows else None
    return isinstance(value, list | tuple | np.ndarray)
