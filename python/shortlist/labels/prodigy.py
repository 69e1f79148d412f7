"""Prodigy: tasks as JSON lines, and what ``prodigy db-out`` gives.
As of Prodigy 1.18, from its documentation.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from shortlist.labels.handed import is_image, names_of, others_of, text_of_row, told_of
from shortlist.labels.records import TOLD, about

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from shortlist.labels.handed import HandedRow, Sent

NONE_OF_THESE = "none of these"
STARTED = re.compile(r"(.*-)?\d{4}-\d\d-\d\d_\d\d-\d\d-\d\d")
"""A session that nobody gave a name: it is called by when it began."""
OWN = (
    "text",
    "image",
    "html",
    "label",
    "options",
    "accept",
    "answer",
    "meta",
    "dataset",
    "spans",
    "tokens",
    "id",
    *TOLD,
)
"""Fields that mean something to Prodigy or to us."""


def answers_of(task: Mapping[str, Any], id_names: Sequence[str] = ()) -> Iterator[dict[str, Any]]:
    """Yield the one answer of a task, which says nothing where there is none yet."""
    yield _answer(task, about(task, id_names))


def _answer(task: Mapping[str, Any], row: dict[str, Any]) -> dict[str, Any]:
    if "answer" not in task:
        return row
    row |= {"annotator": _who(task), "time": task.get("_timestamp")}
    answer, binary = task["answer"], "options" not in task
    if answer == "ignore":
        return {**row, "skip": True}
    if answer == "accept":
        # Nothing chosen among the options, and accepted: none of them is right.
        return {**row, "label": task.get("label") if binary else task.get("accept") or NONE_OF_THESE}
    if answer == "reject":
        return {**row, "none_of": task.get("label")} if binary else {**row, "label": NONE_OF_THESE}
    return {**row, "wrong": f"its answer is {answer!r}; accepted are accept, reject and ignore"}


def _who(task: Mapping[str, Any]) -> str | None:
    """Return who answered: the name of the session,
    without that of the dataset before it where we wrote that.
    """
    session = task.get("_annotator_id") or task.get("_session_id")
    if not isinstance(session, str):
        return None
    name, dataset = unquote(session), task.get("dataset")
    if isinstance(dataset, str) and name.startswith(f"{dataset}-"):
        name = name[len(dataset) + 1 :]
    return None if STARTED.fullmatch(name) else name


def tasks(rows: Sequence[HandedRow], sent: Sent) -> Iterator[dict[str, Any]]:
    """Yield tasks in this order: text or image, the classes as options,
    and what the row comes home by.
    """
    for row, told in told_of(rows, sent):
        text = text_of_row(row, sent.text)
        others = others_of(row, sent.text)
        names = names_of(list(others), OWN, "pool_")
        task: dict[str, Any] = {"image" if is_image(text) else "text": text}
        task |= dict(zip(names, others.values(), strict=True)) | told
        if sent.classes:
            task["options"] = [{"id": name, "text": name} for name in sent.classes]
        if sent.name:
            task["dataset"] = sent.name
        yield {**task, "meta": {name: told[name] for name in ("rank", "score") if name in told}}
