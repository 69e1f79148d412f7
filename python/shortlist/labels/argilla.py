"""Argilla: records as plain dicts, nested or flat, as its SDK writes and reads them.
As of Argilla 2.8.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from shortlist.labels.handed import names_of, told_of
from shortlist.labels.json_file import objects_in
from shortlist.labels.plain import parquet_rows
from shortlist.labels.records import ROW_ID, TOLD, Malformed, about, listed
from shortlist.labels.values import plain_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from shortlist.labels.handed import HandedRow, Sent

QUESTION = "label"
"""What the question is called that an answer is taken from where a record has several."""
RESPONSES = ".responses"
OWN = ("id", "fields", "metadata", "suggestions", "responses", "vectors", "status", "_server_id", *TOLD)


def records_in(path: Path, encoding: str | None) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the records of a file, nested or flat, in JSON or Parquet."""
    return parquet_rows(path) if path.is_dir() or path.suffix.lower() == ".parquet" else objects_in(path, encoding)


def answers_of(record: Mapping[str, Any], id_names: Sequence[str] = ()) -> Iterator[dict[str, Any]]:
    """Yield the responses to a record, nested or flat,
    or one that says nothing where there is none yet.
    """
    told = record["metadata"] if isinstance(record.get("metadata"), dict) else record
    row = about(told, id_names, theirs=True)
    row["id"] = record.get("id") if row["id"] is None else row["id"]
    fields = record.get("fields")
    row["shown"] = dict(fields) if isinstance(fields, dict) else row["shown"]
    try:
        responses = _responses(record)
    except Malformed as error:
        yield {**row, "wrong": str(error)}
        return
    if len(responses) > 1 and QUESTION not in responses:
        listed_names = " and ".join(map(repr, responses))
        yield {
            **row,
            "wrong": f"it has responses to {listed_names}; accepted is one question, or one called {QUESTION!r}",
        }
        return
    said = responses.get(QUESTION) or next(iter(responses.values()), [])
    given = [one for one in said if one.get("status") != "draft"]
    if not given:
        yield row
    for one in given:
        skip = one.get("status") == "discarded"
        yield {**row, "annotator": one.get("user_id"), **({"skip": True} if skip else {"label": one.get("value")})}


def _responses(record: Mapping[str, Any]) -> dict[str, list[Mapping[str, Any]]]:
    """Return the responses to each question: a list in a nested record,
    three lists side by side in a flat one.
    """
    nested = record.get("responses")
    if isinstance(nested, dict):
        return {name: listed(nested, name, dict) for name in nested}
    found: dict[str, list[Mapping[str, Any]]] = {}
    for name, values in record.items():
        if name.endswith(RESPONSES) and isinstance(values, list):
            users, states = listed(record, f"{name}.users"), listed(record, f"{name}.status")
            found[name.removesuffix(RESPONSES)] = [
                {"value": value, "user_id": _at(users, n), "status": _at(states, n)} for n, value in enumerate(values)
            ]
    return found


def _at(values: Sequence[Any], place: int) -> Any:
    return values[place] if place < len(values) else None


def records(rows: Sequence[HandedRow], sent: Sent) -> Iterator[dict[str, Any]]:
    """Yield records in this order: columns as fields of text,
    and under ``metadata`` what the row comes home by.
    """
    for row, told in told_of(rows, sent):
        plain = [re.sub(r"[^a-z0-9_-]", "_", column.lower()) for column in row.shown]
        names = names_of(plain, OWN, "pool_")
        fields = {name: plain_text(value) or "" for name, value in zip(names, row.shown.values(), strict=True)}
        metadata = {name: value for name, value in told.items() if name != ROW_ID}
        yield {
            "id": row.id, "fields": fields, "metadata": metadata, "suggestions": {}, "responses": {}, "vectors": {},
            "status": "pending",
        }  # fmt: skip
