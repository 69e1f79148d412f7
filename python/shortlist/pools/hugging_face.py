"""Datasets of Hugging Face, and columns of them, by way of the Arrow table that they are."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from shortlist.pools.arrow import arrow_pool

if TYPE_CHECKING:
    from shortlist.pools.pool import Pool
    from shortlist.pools.source import Reading


def dataset_pool(x: Any, reading: Reading, name: str) -> Pool | None:
    """See a ``Dataset``, or a column of one, as a pool; None for what is neither.

    Raises
    ------
    TypeError
        Several datasets in one, or a stream of rows.
    """
    kind = type(x).__name__
    if kind in ("DatasetDict", "IterableDatasetDict"):
        raise TypeError(f"{name} is a {kind}; accepted is one of its splits, as {name}[{next(iter(x), 'train')!r}]")
    if kind == "IterableDataset":
        raise TypeError(f"{name} is an IterableDataset; accepted is a Dataset, or an iterator of blocks of rows")
    if kind == "Column":
        reading.only(("id_column",), "a column of a Dataset")
        x, reading = x.source, replace(reading, column=x.column_name)
    if type(x).__name__ != "Dataset":
        return None
    wanted = None if reading.column is None else _names(reading)
    missing = [column for column in wanted or () if column not in x.column_names]
    # What else is there, as images, is not looked at; which columns there are is said below.
    part = x if wanted is None or missing else x.select_columns(wanted)
    pool = arrow_pool(part.with_format("arrow")[:], reading, name)
    if getattr(x, "_indices", None) is not None:
        pool.note(f"{name} was copied in the order of its rows, as it was shuffled or selected from")
    return pool


def _names(reading: Reading) -> list[str]:
    """Return the columns that are asked for, each once."""
    columns = [reading.column] if isinstance(reading.column, str) else list(reading.column or ())
    return list(dict.fromkeys([*columns, *([reading.id_column] if reading.id_column else [])]))
