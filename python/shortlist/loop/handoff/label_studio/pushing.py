"""A round into a project: each row once, however often it is tried, in its order."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from shortlist.labels.records import ROW_ID
from shortlist.loop.errors import LoopError
from shortlist.loop.handoff.label_studio import http
from shortlist.loop.handoff.label_studio.http import LostAnswerError
from shortlist.loop.handoff.label_studio.tasks import count_of, equal, same, tasks_of
from shortlist.writing import json_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from shortlist.loop.handoff.label_studio.http import Client

ROWS, BYTES = 250, 8 << 20
"""What is imported at once, at most."""


def imported(client: Client, project: int, number: int, loop: str, tasks: Sequence[Mapping[str, Any]]) -> None:
    """Bring a round's tasks into a project.

    An import can't be repeated, so the project is asked for the round first, and again after each
    import whose answer was lost. Whatever came twice all the same, as an import that was still
    under way, is deleted once.

    Raises
    ------
    LoopError
        Label Studio is away, or refuses a task.
    """
    filters = [equal("data.round", number), same("data.loop", loop)]
    lost: LostAnswerError | None = None
    for wait in (*http.WAITS, None):
        there = _by_row(client, project, filters)
        missing = [task for task in tasks if task["data"][ROW_ID] not in there]
        try:
            for part in _parts(missing):
                said = client.call("POST", f"/api/projects/{project}/import?return_task_ids=true", part, again=False)
                _check(client, said, len(part))
        except LostAnswerError as error:
            lost = error
            if wait is not None:
                time.sleep(wait)
            continue
        if count_of(client, project, filters) == len(tasks):
            return
        _remove_doubles(client, project, _by_row(client, project, filters))
        if count_of(client, project, filters) == len(tasks):
            return
        lost = None
        if wait is not None:
            time.sleep(wait)
    raise lost or LoopError(
        f"project {project} of Label Studio at {client.url} lacks rows of round {number}, or has some twice; "
        "somebody may be changing its tasks"
    )


def asked_twice(client: Client, project: int, number: int, loop: str, people: Mapping[str, int]) -> None:
    """Have several people label some rows, which an import can't say."""
    for row, tasks in _by_row(client, project, [equal("data.round", number), same("data.loop", loop)]).items():
        for task in tasks:
            if people.get(row, 1) > 1 and task.get("overlap") != people[row]:
                client.call("PATCH", f"/api/tasks/{task['id']}", {"overlap": people[row]})


def removed(client: Client, project: int, loop: str, rows: set[str]) -> None:
    """Delete the tasks of rows that nobody has answered, skipped or begun."""
    fresh = [equal("total_annotations", 0), same("data.loop", loop)]
    _delete(
        client,
        project,
        [
            task["id"]
            for task in tasks_of(client, project, fresh)
            if task.get("data", {}).get(ROW_ID) in rows
            and not task.get("cancelled_annotations")
            and not task.get("drafts")
        ],
    )


def _by_row(client: Client, project: int, filters: Sequence[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for task in tasks_of(client, project, filters):
        found.setdefault(str(task.get("data", {}).get(ROW_ID)), []).append(task)
    return found


def _parts(tasks: Sequence[Mapping[str, Any]]) -> Iterator[list[Mapping[str, Any]]]:
    part: list[Mapping[str, Any]] = []
    size = 0
    for task in tasks:
        more = len(json_text(task))
        if part and (len(part) == ROWS or size + more > BYTES):
            yield part
            part, size = [], 0
        part.append(task)
        size += more
    if part:
        yield part


def _check(client: Client, said: Any, rows: int) -> None:
    count = said.get("task_count") if isinstance(said, dict) else None
    if count is not None and count != rows:
        raise LoopError(f"Label Studio at {client.url} took {count} of {rows} rows")


def _remove_doubles(client: Client, project: int, there: Mapping[str, Sequence[Mapping[str, Any]]]) -> None:
    doubles = []
    for tasks in there.values():
        begun = [task for task in tasks if task.get("total_annotations") or task.get("cancelled_annotations")]
        kept = (begun or sorted(tasks, key=lambda task: int(task["id"])))[0]
        doubles += [task["id"] for task in tasks if task is not kept and task not in begun]
    _delete(client, project, doubles)


def _delete(client: Client, project: int, tasks: Sequence[int]) -> None:
    for start in range(0, len(tasks), ROWS):
        included = {"all": False, "included": list(tasks[start : start + ROWS])}
        client.call("POST", f"/api/dm/actions?id=delete_tasks&project={project}", {"selectedItems": included})
