"""Rows to label as tables: CSV for spreadsheets, JSON lines for programs, Parquet,
each with a label to fill in.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shortlist.csv_cells import csv_line, harmless
from shortlist.labels.handed import columns_of, names_of
from shortlist.labels.json_file import object_lines
from shortlist.labels.plain import PARTS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from shortlist.labels.handed import HandedRow, Sent

RESERVED = ("id", *(name for names in PARTS.values() for name in names))
RANKED = ("rank", "score")


def csv_rows(rows: Sequence[HandedRow], sent: Sent) -> Iterator[str]:
    """Yield the lines of a CSV file: id, what people see,
    and empty cells for label and annotator.
    """
    columns, names = _columns(rows, sent)
    safe = harmless if sent.spreadsheet else lambda value: value
    yield csv_line(["id", *(RANKED if sent.ranked else ()), *map(safe, names), "label", "annotator"])
    for rank, row in enumerate(rows, 1):
        place = [rank, row.score] if sent.ranked else []
        yield csv_line([row.id, *place, *(safe(row.shown.get(column)) for column in columns), None, None])


def jsonl_rows(rows: Sequence[HandedRow], sent: Sent) -> Iterator[str]:
    """Yield lines of JSON: id, what people see, and empty texts for label and annotator."""
    return object_lines(records_of(rows, sent))


def parquet_rows(rows: Sequence[HandedRow], sent: Sent) -> Iterator[bytes]:
    """Yield a Parquet file: id, what people see, and null for label and annotator."""
    from shortlist.labels.parquet import file_of

    yield file_of(table_of(rows, sent), None, ())


def records_of(rows: Sequence[HandedRow], sent: Sent, empty: Any = "") -> Iterator[dict[str, Any]]:
    """Yield rows as they are written in tables."""
    columns, names = _columns(rows, sent)
    for rank, row in enumerate(rows, 1):
        place = {"rank": rank, "score": row.score} if sent.ranked else {}
        shown = {name: row.shown.get(column) for column, name in zip(columns, names, strict=True)}
        yield {"id": row.id, **place, **shown, "label": empty, "annotator": empty}


def table_of(rows: Sequence[HandedRow], sent: Sent) -> dict[str, list[Any]]:
    """Return the columns of a table of rows."""
    records = list(records_of(rows, sent, None))
    names = records[0] if records else dict.fromkeys(("id", *(RANKED if sent.ranked else ()), "label", "annotator"))
    return {name: [record[name] for record in records] for name in names}


def _columns(rows: Sequence[HandedRow], sent: Sent) -> tuple[list[str], list[str]]:
    """Return the columns that people see, and how they are called in a file,
    where "label" is what people fill in.
    """
    columns = columns_of(rows)
    return columns, names_of(columns, (*RESERVED, *(RANKED if sent.ranked else ())))
