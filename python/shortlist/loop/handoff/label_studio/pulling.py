"""Answers out of a project: what has changed since the last time,
corrections and deletions among it.
"""

from __future__ import annotations

import datetime
import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from shortlist.labels.label_studio import TOOL, answers_of
from shortlist.labels.records import NOT_SENT
from shortlist.labels.values import moment_text, plain_text, utc
from shortlist.loop.handoff.label_studio.http import ForbiddenError, NotThereError
from shortlist.loop.handoff.label_studio.tasks import changed_since, tasks_of
from shortlist.loop.store.answers import fold
from shortlist.loop.store.events import Event
from shortlist.writing import make_folder, write_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from shortlist.loop.handoff.label_studio.http import Client
    from shortlist.loop.store import Store

KEY = re.compile(rf"{TOOL}:(\d+) ")
"""How the key of an answer from here begins in the log: with the number of its annotation."""
BACK = 120.0
"""Seconds before the server's time from which the next look begins,
as what was written then may show only later.
"""


class Seen(NamedTuple):
    """The annotations that say something of a row in one round, by their numbers,
    and when its task last changed.
    """

    annotations: frozenset[str]
    changed: str


@dataclass
class Pulled:
    """What was seen of tasks, by row and round."""

    seen: dict[tuple[str, int], Seen] = field(default_factory=dict)

    def add(self, row: str | None, number: Any, annotations: frozenset[str], changed: str) -> None:
        """Note a task; a row may have two in one round."""
        if row is not None and isinstance(number, int):
            before = self.seen.get((row, number), Seen(frozenset(), ""))
            self.seen[row, number] = Seen(before.annotations | annotations, max(before.changed, changed))


def answers(client: Client, project: int, loop: str, since: str | None, pulled: Pulled) -> Iterator[dict[str, Any]]:
    """Yield the answers of tasks that have changed since a time, or of all."""
    names = _names(client)
    filters = [] if since is None else [changed_since(since)]
    for task in tasks_of(client, project, filters, whole=True):
        annotations = task.get("annotations")
        saying = set[str]()
        for one in annotations if isinstance(annotations, list) else ():
            record = next(answers_of({**task, "annotations": [one]}))
            if record["id"] is None:
                record["wrong"] = NOT_SENT
            if _says(record):
                saying.add(str(one.get("id")))
            who = record.get("annotator")
            where = f"task {task.get('id')}, annotation {one.get('id')}"
            key = f"{one.get('id')} {one.get('updated_at')}"
            yield {**record, "annotator": names.get(who, plain_text(who)), "key": key, "where": where}
        about = next(answers_of({**task, "annotations": []}))
        if about.get("loop") == loop:
            pulled.add(plain_text(about["id"]), about.get("round"), frozenset(saying), _time(task.get("updated_at")))


def _names(client: Client) -> dict[Any, str]:
    """Return the mail addresses of people by their numbers;
    nothing where the owner of the token may not see them.
    """
    try:
        said = client.get("/api/users")
    except (ForbiddenError, NotThereError):
        return {}
    people = [one for one in said if isinstance(one, dict)] if isinstance(said, list) else []
    return {one["id"]: one["email"] for one in people if one.get("id") is not None and one.get("email")}


def _time(value: Any) -> str:
    try:
        return utc(value)
    except ValueError:
        return ""


def take_back(store: Store, client: Client, pulled: Pulled) -> int:
    """Take back what people stood by and have deleted or emptied in the project;
    return how many answers that were.
    """
    rows = list(dict.fromkeys(row for row, _ in pulled.seen))
    gone = []
    for (row, who), event in fold(store.events_of(rows), store.spec).current.items():
        seen = pulled.seen.get((row, event.payload.get("round", 0)))
        own = KEY.match(event.key)
        # It may be of another task of the row, which has not changed.
        if seen is not None and own and own[1] not in seen.annotations and not _stands(client, own[1]):
            gone.append(Event("retract", row, who, seen.changed, source=TOOL))
    store.append(gone)
    return len(gone)


def _stands(client: Client, annotation: str) -> bool:
    """Return whether an annotation is there and says something."""
    try:
        one = client.get(f"/api/annotations/{annotation}")
    except NotThereError:
        return False
    return _says(next(answers_of({"annotations": [one]})))


def _says(record: Mapping[str, Any]) -> bool:
    return bool(record.get("label") or record.get("skip") or record.get("wrong"))


class Cursor:
    """Up to when a project was read: a file that is only believed while the log has what was read.

    Parameters
    ----------
    store : Store
        The loop's.
    project : str
        The project's address.
    """

    def __init__(self, store: Store, project: str) -> None:
        self._store, self._project = store, project

    @property
    def _path(self) -> Path:
        return self._store.folder / "handoff" / "label-studio.json"

    def read(self) -> str | None:
        """Return the time; None where all is to be read."""
        try:
            kept = json.loads(self._path.read_bytes())
            # What was refused is read once more under another specification.
            about = self._project, self._store.spec.version, self._event(int(kept["position"]))
            if (kept["project"], kept["spec"], kept["event"]) == about:
                return str(kept["since"])
        except (OSError, ValueError, KeyError, TypeError):
            pass
        return None

    def write(self, began: float | None) -> None:
        """Keep the server's time at which reading began."""
        if began is None:
            return
        since = moment_text(datetime.datetime.fromtimestamp(began - BACK, datetime.UTC))
        position = self._store.position
        kept = {
            "project": self._project,
            "spec": self._store.spec.version,
            "since": since,
            "position": position,
            "event": self._event(position),
        }
        make_folder(self._path.parent, "folder")
        write_text(self._path, [json.dumps(kept)])

    def _event(self, position: int) -> str | None:
        """Return what tells the event of a place from that of another log,
        as of a backup that was put back.
        """
        found = list(self._store.events(position - 1, position)) if position else []
        return found[0].key if found else None
