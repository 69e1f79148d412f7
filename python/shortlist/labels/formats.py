"""THE table of formats: what reads and writes each,
and which files are taken for it where nobody says.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from shortlist.labels import argilla, doccano, label_studio, plain, prodigy, tables_out
from shortlist.labels.json_file import list_lines, object_lines, objects_in
from shortlist.labels.records import sent_from_here
from shortlist.registry import did_you_mean
from shortlist.tables import visible

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from shortlist.labels.handed import HandedRow, Sent
    from shortlist.labels.records import Reader, Records

Writer: TypeAlias = "Callable[[Sequence[HandedRow], Sent], Iterator[str] | Iterator[bytes]]"


class Format(NamedTuple):
    """One format.

    Attributes
    ----------
    read : callable
        Yields the answers of a file.
    write : callable
        Yields the parts of a file of rows to label.
    ending : str
        How the name of such a file ends.
    answers_of : callable or None
        Yields the answers of a record as the tool has it; None for tables, whose rows are answers.
    """

    read: Reader
    write: Writer
    ending: str
    answers_of: Callable[[Mapping[str, Any], Sequence[str]], Iterator[dict[str, Any]]] | None = None


def _of_tool(
    answers_of: Callable[[Mapping[str, Any], Sequence[str]], Iterator[dict[str, Any]]],
    records: Callable[[Sequence[HandedRow], Sent], Iterator[dict[str, Any]]],
    lines: Callable[[Iterator[dict[str, Any]]], Iterator[str]],
    ending: str,
    tool: str | None = None,
    objects: Callable[[Path, str | None], Iterator[tuple[str, dict[str, Any]]]] = objects_in,
) -> Format:
    """Return the format of a tool; where it is named, its records are to be of rows from here."""

    def read(path: Path, id_names: Sequence[str], encoding: str | None) -> Records:
        found = ((where, one) for where, record in objects(path, encoding) for one in answers_of(record, id_names))
        return found if tool is None else sent_from_here(found, path, f"an export of {tool}")

    return Format(read, lambda rows, sent: lines(records(rows, sent)), ending, answers_of)


FORMATS: dict[str, Format] = {
    "label-studio": _of_tool(
        label_studio.answers_of,
        label_studio.tasks,
        list_lines,
        ".label-studio.json",
        "Label Studio",
        label_studio.tasks_in,
    ),
    "prodigy": _of_tool(prodigy.answers_of, prodigy.tasks, object_lines, ".prodigy.jsonl", "Prodigy"),
    "argilla": _of_tool(argilla.answers_of, argilla.records, list_lines, ".argilla.json", objects=argilla.records_in),
    "doccano": _of_tool(doccano.answers_of, doccano.examples, object_lines, ".doccano.jsonl", "doccano"),
    "csv": Format(plain.csv_records, tables_out.csv_rows, ".csv"),
    "jsonl": Format(plain.jsonl_records, tables_out.jsonl_rows, ".jsonl"),
    "parquet": Format(plain.parquet_records, tables_out.parquet_rows, ".parquet"),
}
TEXT = {".csv": "csv", ".tsv": "csv", ".txt": "csv"}
JSON = (".json", ".jsonl", ".ndjson")
PARQUET = ".parquet"


def format_named(name: Any) -> Format:
    """Return a format by its name.

    Raises
    ------
    ValueError
        There is none of that name.
    """
    found = FORMATS.get(name) if isinstance(name, str) else None
    if found is None:
        raise ValueError(f"format is {name!r}; accepted are {', '.join(FORMATS)}{did_you_mean(str(name), FORMATS)}")
    return found


def format_of(path: Path, id_names: Sequence[str], encoding: str | None) -> Format | None:
    """Return the format of a file: by the ending of its name, and of JSON by the first object;
    None for an empty one.

    Raises
    ------
    ValueError
        It can't be told; the message names what there is.
    """
    kind = PARQUET if path.is_dir() else path.suffix.lower()
    if kind in TEXT:
        return FORMATS[TEXT[kind]]
    if kind not in (*JSON, PARQUET):
        accepted = ", ".join((*TEXT, *JSON, PARQUET))
        raise ValueError(
            f"{visible(str(path))} is no file of answers; accepted are {accepted}, or any by the name of its format"
        )
    first = _first(path, kind, encoding)
    if first is None:
        return None
    name = _name_of(first)
    if name is None and kind == ".json" and not _is_plain(first, id_names):
        raise ValueError(
            f"{visible(str(path))} is of no format that is plain to see (its first object has {visible(', '.join(first))}); "
            f"accepted is to name it: {', '.join(FORMATS)}"
        )
    return FORMATS[name or ("parquet" if kind == PARQUET else "jsonl")]


def _first(path: Path, kind: str, encoding: str | None) -> Mapping[str, Any] | None:
    found = plain.parquet_rows(path) if kind == PARQUET else objects_in(path, encoding)
    return next((record for _, record in found), None)


def _name_of(record: Mapping[str, Any]) -> str | None:
    """Return the tool that a record is of, by what only that tool writes."""
    if isinstance(record.get("data"), dict) or "annotation_id" in record:
        return "label-studio"
    if ("fields" in record and "responses" in record) or any(name.endswith(argilla.RESPONSES) for name in record):
        return "argilla"
    if {"_task_hash", "_input_hash", "_view_id", "options"} & set(record) or "answer" in record:
        return "prodigy"
    return "doccano" if isinstance(record.get("label"), list) and ("text" in record or "data" in record) else None


def _is_plain(record: Mapping[str, Any], id_names: Sequence[str]) -> bool:
    names = {name.lower() for name in record}
    return "label" in names and any(name.lower() in names for name in id_names)


def write_rows(target: Any, name: str, rows: Sequence[HandedRow], sent: Sent) -> None:
    """Write rows to label into a file of some format,
    or into an open text file where the format is text.
    """
    from shortlist.writing import write_bytes, write_text

    parts: Any = format_named(name).write(rows, sent)
    (write_bytes if name == "parquet" else write_text)(target, parts)
