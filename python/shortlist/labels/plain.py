"""Answers in tables: CSV, JSON lines and Parquet with an id and a label in each row,
among other columns.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shortlist.csv_file import CsvFile
from shortlist.labels.json_file import objects_in
from shortlist.tables import visible

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from shortlist.labels.records import Records

PARTS = {"label": ("label",), "annotator": ("annotator",), "time": ("time",), "skip": ("skip", "skipped")}
"""What an answer has beside its id, and what that may be called.
Any other column is of the row itself.
"""
OF_LABEL_STUDIO = {"annotation_id", "annotator", "lead_time"}
"""Columns of a CSV file that Label Studio exports."""


def csv_records(path: Path, id_names: Sequence[str], encoding: str | None) -> Records:
    """Yield the rows of a CSV file, ``id,label[,annotator,time,skip]`` in any order,
    among other columns.
    """
    with CsvFile(path, id_names, encoding) as file:
        own = file.column(*id_names)
        places = {part: file.column(*names) for part, names in PARTS.items()}
        if OF_LABEL_STUDIO.issubset(file.head):
            raise ValueError(
                f"{visible(str(path))} is a CSV file of Label Studio, which leaves skips out; accepted is its JSON: in Label "
                "Studio press Export, and choose JSON"
            )
        if own is None or places["label"] is None:
            if not file.head:
                return
            missing = id_names[0] if own is None else "label"
            raise ValueError(
                f"{visible(str(path))} has no column {missing!r} (its columns are {visible(', '.join(file.head))}); accepted is "
                "a heading with id and label, and perhaps annotator, time and skip"
            )
        places = {"id": own, **places}
        others = [(n, name) for n, name in enumerate(file.head) if n not in places.values()]
        parts = [(name, place) for name, place in places.items() if place is not None]
        for line, row in file.rows():
            record: dict[str, Any] = {name: row[place] for name, place in parts}
            record["shown"] = {name: row[n] for n, name in others}
            yield f"line {line:,}", record


def jsonl_records(path: Path, id_names: Sequence[str], encoding: str | None) -> Records:
    """Yield the objects of a file of JSON lines, or of a list in JSON."""
    for where, record in objects_in(path, encoding):
        yield where, _parts(record, path, where, id_names)


def parquet_records(path: Path, id_names: Sequence[str], encoding: str | None) -> Records:  # noqa: ARG001
    """Yield the rows of a Parquet file."""
    for where, record in parquet_rows(path):
        yield where, _parts(record, path, where, id_names)


def parquet_rows(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the rows of a Parquet file as they are,
    or those of a folder that ``datasets`` would load.
    """
    from shortlist.labels.parquet import files_of, rows_of

    files = files_of(path)
    for file in files:
        for number, record in rows_of(file):
            yield f"row {number:,}" + ("" if file == path else f" of {file.name}"), record


def _parts(record: dict[str, Any], path: Path, where: str, id_names: Sequence[str]) -> dict[str, Any]:
    """Return the parts of an answer, whatever the case of their names, and what else came along."""
    lower = {name.lower(): name for name in record}
    own = next((name if name in record else lower[name.lower()] for name in id_names if name.lower() in lower), None)
    found = {part: next((lower[name] for name in names if name in lower), None) for part, names in PARTS.items()}
    if own is None or (found["label"] is None and found["skip"] is None):
        missing = id_names[0] if own is None else "label"
        raise ValueError(
            f"{visible(str(path))} has no {missing!r} in {where} (it has {visible(', '.join(record))}); accepted are id "
            "and label, and perhaps annotator, time and skip"
        )
    named = {part: record[name] for part, name in found.items() if name is not None}
    used = {own, *found.values()}
    return {"id": record[own], **named, "shown": {name: value for name, value in record.items() if name not in used}}
