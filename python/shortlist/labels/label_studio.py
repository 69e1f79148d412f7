"""Label Studio: tasks to import, and its JSON export. As of Label Studio 1.23."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shortlist.labels.handed import columns_of, names_of, told_of
from shortlist.labels.json_file import objects_in
from shortlist.labels.records import TOLD, Malformed, about, listed
from shortlist.tables import visible
from shortlist.writing import json_text, plain

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from shortlist.labels.handed import HandedRow, Sent

TOOL = "label-studio"
CHOICES = "label"
"""What the answer is called in the labelling interface that `label_config` writes."""
MINIMAL = {"annotation_id", "annotator", "lead_time"}
"""Keys of an item of JSON_MIN."""


def tasks_in(path: Path, encoding: str | None) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the tasks of an export."""
    for where, task in objects_in(path, encoding):
        if not isinstance(task.get("data"), dict):
            raise _other(path, where, task)
        yield where, task


def answers_of(task: Mapping[str, Any], id_names: Sequence[str] = ()) -> Iterator[dict[str, Any]]:
    """Yield the answers to a task: one for each annotation,
    or one that says nothing where there is none yet.
    """
    data = task.get("data")
    row = about(data if isinstance(data, dict) else {}, id_names)
    try:
        annotations = listed(task, "annotations", dict)
    except Malformed as error:
        yield {**row, "wrong": str(error)}
        return
    if not annotations:
        yield row
    for one in annotations:
        key = {"key": f"{one['unique_id']} {one.get('updated_at')}"} if one.get("unique_id") else {}
        time = one.get("updated_at") or one.get("created_at")
        yield {**row, **key, **_said(one), "annotator": _who(one), "time": time, "source": TOOL}


def _said(annotation: Mapping[str, Any]) -> dict[str, Any]:
    """Return what an annotation says: its choices, among other results, as boxes and remarks."""
    if annotation.get("was_cancelled"):
        return {"skip": True}
    try:
        results = listed(annotation, "result", dict)
    except Malformed as error:
        return {"wrong": str(error)}
    chosen = {
        str(one.get("from_name")): one["value"]["choices"]
        for one in results
        if isinstance(one.get("value"), dict) and one["value"].get("choices")
    }
    if len(chosen) > 1 and CHOICES not in chosen:
        names = " and ".join(map(repr, chosen))
        return {"wrong": f"it has choices of {names}; accepted is one, or one of them called {CHOICES!r}"}
    return {"label": chosen.get(CHOICES) or next(iter(chosen.values()), None)}


def _who(annotation: Mapping[str, Any]) -> Any:
    """Return who annotated: by the mail address, where an export has it, or else by a number."""
    who = annotation.get("completed_by")
    return (
        next((who[key] for key in ("email", "username", "id") if who.get(key)), None) if isinstance(who, dict) else who
    )


def _other(path: Path, where: str, task: Mapping[str, Any]) -> ValueError:
    if MINIMAL & set(task):
        return ValueError(
            f"{visible(str(path))} is JSON_MIN, which leaves skips out; accepted is the whole JSON: in Label Studio press "
            "Export, and choose JSON (the first in the list), not JSON-MIN"
        )
    return ValueError(
        f"{visible(str(path))} has no task of Label Studio in {where} (it has {visible(', '.join(task))}); accepted is what its "
        "Export gives as JSON"
    )


def tasks(rows: Sequence[HandedRow], sent: Sent) -> Iterator[dict[str, Any]]:
    """Yield tasks to import, in this order: the columns of each row, and what it comes home by,
    under ``data``.
    """
    columns = columns_of(rows)
    names = names_of(columns, TOLD, "pool_")
    for row, told in told_of(rows, sent):
        yield {"data": {**{name: _shown(row.shown.get(c)) for c, name in zip(columns, names, strict=True)}, **told}}


def _shown(value: Any) -> Any:
    """Return a value as Label Studio imports it: a whole import is refused for one that is nothing,
    or a table.
    """
    value = plain(value)
    return json_text(value) if isinstance(value, dict) else "" if value is None else value
