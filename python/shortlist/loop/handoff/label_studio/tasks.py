"""The tasks of a project, asked for page by page."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from shortlist.loop.errors import LoopError
from shortlist.loop.handoff.label_studio.http import NotThereError, mapping

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from shortlist.loop.handoff.label_studio.http import Client

PAGE = 500


def equal(name: str, value: int) -> dict[str, Any]:
    """Return a filter for a number of a task."""
    return {"filter": f"filter:tasks:{name}", "operator": "equal", "type": "Number", "value": value}


def same(name: str, value: str) -> dict[str, Any]:
    """Return a filter for a text of a task."""
    return {"filter": f"filter:tasks:{name}", "operator": "equal", "type": "String", "value": value}


def changed_since(moment: str) -> dict[str, Any]:
    """Return a filter for what was made or changed, or lost an annotation,
    after a time with microseconds.
    """
    return {"filter": "filter:tasks:updated_at", "operator": "greater", "type": "Datetime", "value": moment}


def count_of(client: Client, project: int, filters: Sequence[dict[str, Any]]) -> int:
    """Return how many tasks there are."""
    try:
        return int(_page(client, project, filters, 1, 1, whole=False)["total"])
    except NotThereError:
        return 0


def tasks_of(
    client: Client, project: int, filters: Sequence[dict[str, Any]], *, whole: bool = False
) -> Iterator[dict[str, Any]]:
    """Yield tasks, the first one first; `whole` with all their annotations."""
    number, seen = 1, 0
    while True:
        try:
            said = _page(client, project, filters, number, PAGE, whole=whole)
        except NotThereError:
            if number == 1:
                raise
            return  # a page past the end
        yield from said["tasks"]
        seen += len(said["tasks"])
        if not said["tasks"] or seen >= said["total"]:
            return
        number += 1


def _page(
    client: Client, project: int, filters: Sequence[dict[str, Any]], number: int, size: int, *, whole: bool
) -> Any:
    query: dict[str, Any] = {"project": project, "page": number, "page_size": size}
    if filters:
        query["query"] = json.dumps({"filters": {"conjunction": "and", "items": list(filters)}})
    if whole:
        query["fields"] = "all"
    said = mapping(client.get("/api/tasks", **query), "its tasks", client.url)
    tasks, total = said.get("tasks"), said.get("total")
    if not isinstance(total, int) or not isinstance(tasks, list) or not all(isinstance(task, dict) for task in tasks):
        # Some of them taken for all would be answers lost.
        raise LoopError(f"{client.url} answers /api/tasks without tasks and their total; is it Label Studio 1.x?")
    return said
