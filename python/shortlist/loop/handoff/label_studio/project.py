"""The project that a loop's rounds go to: found by its name or number, or made."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shortlist.labels.label_config import check_config
from shortlist.loop.errors import LoopError
from shortlist.loop.handoff.label_studio.http import NotThereError, mapping
from shortlist.tables import visible

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from shortlist.loop.handoff.label_studio.http import Client

SEQUENTIAL = "Sequential sampling"
SHORTEST, LONGEST = 3, 50
"""Characters of a project's name that Label Studio takes."""


def check_name(wanted: str | int) -> None:
    """Check what a project is called.

    Raises
    ------
    LoopError
        Label Studio takes no such name.
    """
    if isinstance(wanted, str) and not SHORTEST <= len(wanted) <= LONGEST:
        raise LoopError(
            f"the project of Label Studio would be called {wanted!r}; accepted is [handoff] project, of {SHORTEST} to {LONGEST} "
            "characters, or a number"
        )


def found(client: Client, wanted: str | int) -> Mapping[str, Any] | None:
    """Return a project by its number or its name; None where no project has the name.

    Raises
    ------
    LoopError
        There is none with the number, or there are several with the name.
    """
    if isinstance(wanted, int):
        try:
            return mapping(client.get(f"/api/projects/{wanted}"), "a project", client.url)
        except NotThereError:
            raise LoopError(
                f"[handoff] project is {wanted}, and Label Studio at {client.url} has no such project"
            ) from None
    named = [project for project in _all(client, wanted) if project.get("title") == wanted]
    if len(named) > 1:
        numbers = ", ".join(str(project.get("id")) for project in named)
        raise LoopError(
            f"Label Studio has {len(named)} projects {wanted!r}; say which by its number, [handoff] project = {numbers}"
        )
    return named[0] if named else None


def _all(client: Client, title: str) -> Iterator[Mapping[str, Any]]:
    number = 1
    while True:
        said = mapping(client.get("/api/projects", title=title, page=number, page_size=100), "its projects", client.url)
        results = said.get("results")
        yield from (one for one in results if isinstance(one, dict)) if isinstance(results, list) else ()
        if not said.get("next") or not results:
            return
        number += 1


def made(client: Client, title: str, config: str, mark: str, show_model: bool) -> Mapping[str, Any]:
    """Make a project whose tasks come in their order."""
    about = {
        "title": title,
        "description": mark,
        "label_config": config,
        "sampling": SEQUENTIAL,
        "show_collab_predictions": show_model,
        "maximum_annotations": 1,
    }
    return mapping(client.call("POST", "/api/projects", about, again=False), "a new project", client.url)


def fitting(
    client: Client,
    project: Mapping[str, Any],
    columns: Iterable[str],
    classes: Sequence[str],
    config: str,
    mark: str,
) -> str:
    """Return the labelling interface of a project that takes these rows and classes.

    One that was made for this loop, or that has none yet, gets the interface that fits now.

    Raises
    ------
    LoopError
        The project's interface doesn't fit, or its tasks don't come in their order.
    """
    name = f"project {project.get('title')!r} of Label Studio"
    if project.get("sampling") not in (None, SEQUENTIAL):
        raise LoopError(
            f"{name} has {visible(str(project['sampling']))}, and rows come best first; in its Settings, under Annotation, "
            "choose Sequential as Task Sampling"
        )
    own = str(project.get("label_config") or "")
    listed = list(columns)
    ours = mark in str(project.get("description") or "")
    empty = "<Choices" not in own and not project.get("task_number")
    try:
        if empty or ours:
            check_config(config, listed, classes, "[handoff] label_config")
        if not empty:
            check_config(own, listed, classes, f"the labelling interface of {name}")
            return own
    except ValueError as error:
        if not ours or empty:
            raise LoopError(str(error)) from None
    client.call("PATCH", f"/api/projects/{project['id']}", {"label_config": config})
    return config
