"""The four functions of a tool, for Label Studio."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

from shortlist.labels import label_studio
from shortlist.labels.label_config import config_for, config_text, control_of
from shortlist.loop.errors import LoopError
from shortlist.loop.handoff.label_studio import project as projects
from shortlist.loop.handoff.label_studio.http import Client, NotThereError, checked_url
from shortlist.loop.handoff.label_studio.pulling import Cursor, Pulled, answers, take_back
from shortlist.loop.handoff.label_studio.pushing import asked_twice, imported, removed

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from shortlist.labels.handed import HandedRow, Sent
    from shortlist.loop.store import Store


class Wanted(NamedTuple):
    """What a specification says: the address, the project, a labelling interface,
    and whether the model's word is shown.
    """

    url: str
    project: str | int
    label_config: Path | None = None
    show_model: bool = False


class LabelStudio:
    """A project of Label Studio.

    Parameters
    ----------
    store : Store
        The loop's.
    sent : Sent
        What goes with the rows.
    wanted : Wanted
        Where they go.
    """

    def __init__(self, store: Store, sent: Sent, wanted: Wanted) -> None:
        self._store, self._sent, self._wanted = store, sent, wanted
        self._url = checked_url(wanted.url)
        self._read: dict[int, Pulled] = {}

    @cached_property
    def _client(self) -> Client:
        return Client(self._url)

    def push(self, number: int, rows: Sequence[HandedRow]) -> dict[str, Any]:
        """Bring a round into the project, which is made where it isn't there;
        what is there already stays.
        """
        sent = self._sent._replace(told={**self._sent.told, "round": number})
        tasks = list(label_studio.tasks(rows, sent))
        config = self._config(rows)
        project = projects.found(self._client, self._wanted.project)
        if project is None:
            project = projects.made(
                self._client, str(self._wanted.project), config, self._mark, self._wanted.show_model
            )  # by its name, so that after a kill it is found
        columns = tasks[0]["data"] if tasks else {}
        fits = projects.fitting(self._client, project, columns, sent.classes, config, self._mark)
        if self._wanted.show_model:
            tasks = [_with_guess(task, row, fits) for task, row in zip(tasks, rows, strict=True)]
        own = int(project["id"])
        imported(self._client, own, number, self._store.id, tasks)
        people = {row.id: row.people for row in rows if row.people > 1}
        if people:
            asked_twice(self._client, own, number, self._store.id, people)
        return {"tool": label_studio.TOOL, "url": self._url, "project": own, "rows": len(rows)}

    def pull(self, state: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
        """Yield what has changed in the project of a round, that of all its rounds at once."""
        if state.get("tool") != label_studio.TOOL:
            return  # the round went elsewhere
        own = int(state["project"])
        if own in self._read:
            return
        self._read[own] = Pulled()
        try:
            yield from answers(self._client, own, self._store.id, self._cursor(own).read(), self._read[own])
        except NotThereError:
            if state.get("url") == self._url:
                raise
            del self._read[own]  # the address is another one now, where that project isn't

    def pulled(self) -> int:
        """Take back what was deleted, once all answers are in the log,
        and remember up to when they are.
        """
        count = sum(take_back(self._store, self._client, pulled) for pulled in self._read.values())
        for own in self._read:
            self._cursor(own).write(self._client.began)
        return count

    def withdraw(self, rows: Sequence[str]) -> None:
        """Delete tasks that nobody has answered, skipped or begun."""
        project = projects.found(self._client, self._wanted.project)
        if project is not None:
            removed(self._client, int(project["id"]), self._store.id, set(rows))

    def describe(self) -> str:
        """Return where people label."""
        wanted = self._wanted.project
        return f"project {wanted!r} of Label Studio at {self._url}"

    @property
    def _mark(self) -> str:
        return f"Rows from Shortlist, loop {self._store.id}"

    def _config(self, rows: Sequence[HandedRow]) -> str:
        if self._wanted.label_config is None:
            return config_for(rows, self._sent.classes)
        try:
            return config_text(self._wanted.label_config)
        except (OSError, ValueError) as error:
            raise LoopError(str(error)) from None

    def _cursor(self, project: int) -> Cursor:
        return Cursor(self._store, f"{self._url}/projects/{project}")


def _with_guess(task: dict[str, Any], row: HandedRow, config: str) -> dict[str, Any]:
    """Add what the model says of a row as a hint."""
    if row.guess is None:
        return task
    name, to = control_of(config)
    result = {"from_name": name, "to_name": to, "type": "choices", "value": {"choices": [row.guess.label]}}
    said = {"model_version": row.guess.model, "score": row.guess.probability, "result": [result]}
    return {**task, "predictions": [said]}
