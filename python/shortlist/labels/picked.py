"""Picks of a selection as rows to label: looked up in what the pool was made of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from shortlist.labels.handed import HandedRow
from shortlist.own_ids import key_of, plain_number
from shortlist.registry import RANDOM, did_you_mean, measures
from shortlist.rows import as_rows, count, kind, take
from shortlist.tables import visible

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shortlist.selection import Selection

TEXT = "text"
"""What the column is called where rows are nothing but text."""
ACCEPTED = "a frame, a list of dicts or of text, and a dict of columns, a row for each row of the pool"


def rows_of(picks: Selection, data: Any, id_column: str | None = None) -> list[HandedRow]:
    """Return the picks as rows, best first.

    Parameters
    ----------
    picks : Selection
        What was picked.
    data : frame, list of dict, list of str, or dict of columns
        What people are shown: a row for each row of the pool, in the same order.
    id_column : str, optional
        The column of `data` that names its rows. Where the picks have ids too, rows are found by
        these, in any order.

    Raises
    ------
    ValueError, TypeError
        `data` isn't that of the pool, or has no such column; or rows without a name, or two of one
        name.
    """
    table = _table(data)
    names = None if id_column is None else names_in(table, id_column)
    places, ids = _places(picks, names, count(table))
    scores = [score if np.isfinite(score) else None for score in picks.scores.tolist()]
    made = []
    for place, own, score, record in zip(places, ids, scores, _records(take(table, places)), strict=True):
        if own is None:
            raise ValueError(f"data has no id in row {place}; accepted is one in each row, as labels come home by it")
        shown = {str(name): value for name, value in record.items() if name != id_column}
        made.append(HandedRow(str(own), shown, score))
    seen: dict[str, int] = {}
    for place, row in zip(places, made, strict=True):
        if seen.setdefault(row.id, place) != place:
            raise ValueError(
                f"data has the id {row.id!r} in rows {seen[row.id]} and {place}; accepted is one name a row"
            )
    return made


def _table(data: Any) -> Any:
    if isinstance(data, str | bytes):
        raise TypeError(f"data is a {type(data).__name__}; accepted are {ACCEPTED}")
    table = as_rows(data, "data")
    holder = kind(table)
    if holder == "list" and table and not isinstance(table[0], dict):
        return {TEXT: list(table)}
    if holder in ("pandas", "polars", "arrow") and not hasattr(table, "columns"):
        return {TEXT: table}
    if holder in ("list", "dict", "pandas", "polars", "arrow"):
        return table
    raise TypeError(f"data is a {type(data).__name__}; accepted are {ACCEPTED}")


def names_in(table: Any, id_column: str) -> list[Any]:
    """Return what all rows are called."""
    if kind(table) == "list":
        columns = list(dict.fromkeys(name for record in table[:100] for name in record))
        found: Any = [record.get(id_column) for record in table]
    else:
        columns = list(getattr(table, "column_names", None) or (table if kind(table) == "dict" else table.columns))
        found = table[id_column] if id_column in columns else None
    if id_column not in columns:
        listed = visible(", ".join(map(str, columns)))
        raise ValueError(
            f"data has no column {id_column!r} (it has {listed}){did_you_mean(id_column, map(str, columns))}"
        )
    return _listed(found)


def _listed(values: Any) -> list[Any]:
    for name in ("to_pylist", "to_list", "tolist"):
        if hasattr(values, name):
            return list(getattr(values, name)())
    return list(values)


def _places(picks: Selection, names: list[Any] | None, rows: int) -> tuple[list[int], list[Any]]:
    """Return where the picks are in the data, and what they are called."""
    if names is not None and picks.ids is not None:
        where: dict[Any, int] = {}
        twice: dict[Any, int] = {}
        for place, name in enumerate(map(_key, names)):
            if where.setdefault(name, place) != place:
                twice.setdefault(name, place)
        ids = [_key(own) for own in picks.ids]
        for own in ids:
            if own not in where:
                raise ValueError(
                    f"data has no row with the id {own!r}, which was picked; accepted are the rows of the pool"
                )
            if own in twice:
                raise ValueError(
                    f"data has the id {own!r} in rows {where[own]} and {twice[own]}; accepted is one name a row"
                )
        return [where[own] for own in ids], [key_of(own) for own in picks.ids]
    _check_aligned(picks, rows)
    places = picks.indices.tolist()
    if names is not None:
        return places, [key_of(names[place]) for place in places]
    return places, places if picks.ids is None else [key_of(own) for own in picks.ids]


def _key(value: Any) -> Any:
    """Return what an id is compared by: 7 and "7" name the same row, "007" another."""
    key = key_of(value)
    number = plain_number(key) if isinstance(key, str) else None
    return key if number is None else number


def _check_aligned(picks: Selection, rows: int) -> None:
    """Refuse data of another length than the pool: what people label would be
    other rows than those picked.
    """
    whole = picks.report.rows if picks.measure in {RANDOM, *(measure.name for measure in measures())} else 0
    least = max(whole, int(picks.indices.max(initial=-1)) + 1)
    if rows < least or (whole and rows != whole):
        came, more = f"{rows:,} row{'' if rows == 1 else 's'}", "" if whole else " or more"
        raise ValueError(
            f"data has {came}, and the pool has {least:,} rows{more}; accepted is a row for each, in the same order"
        )


def _records(taken: Any) -> Sequence[dict[str, Any]]:
    holder = kind(taken)
    if holder == "pandas":
        return taken.to_dict("records")  # type: ignore[no-any-return]
    if holder == "polars":
        return taken.to_dicts()  # type: ignore[no-any-return]
    if holder == "arrow":
        return taken.to_pylist()  # type: ignore[no-any-return]
    if holder == "dict":
        columns = {name: _listed(values) for name, values in taken.items()}
        return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    return taken  # type: ignore[no-any-return]
