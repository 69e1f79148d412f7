"""What all rows have come to, at once: a fold that is kept in a file,
so that only rows with news are folded again.
"""

from __future__ import annotations

import contextlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from shortlist.loop.store.answers import fold
from shortlist.writing import write_text

if TYPE_CHECKING:
    from pathlib import Path

    from shortlist.loop.spec.model import Spec
    from shortlist.loop.store.store import Store

FILE, THEN = "summary.json", "summary-then.json"
FORMAT = 1
BEHIND = 1_000
"""Events that are folded again and again before the file is written anew."""
REJECTED, DISPUTED, SKIPPED = -1, -2, -3
"""What stands for a row without a label; a label is its place among the classes."""


@dataclass(frozen=True)
class Summary:
    """What all rows have come to.

    Attributes
    ----------
    position : int
        The place in the log up to which it goes.
    labels : dict of row to class
        Rows with a label, as resolved, in the order of their ids.
    given : int
        Answers, as `Answers.given` counts them.
    rejected, disputed, skipped : list of str
        Rows that are none of the classes, whose answers differ, and that everybody skipped.
    """

    position: int
    labels: dict[str, str]
    given: int
    rejected: list[str]
    disputed: list[str]
    skipped: list[str]


def summary(store: Store, spec: Spec, until: int | None = None) -> Summary:
    """Return what all rows have come to: what a fold of the whole log gives,
    but for rows without news from a file.

    With `until` it is what they had come to at that place in the log, from the log alone.
    """
    position = store.position if until is None else until
    path = store.folder / FILE
    known, given, states = _read(path, store, spec) if until is None else (0, 0, {})
    news = {event.row for event in store.events(known, position)}
    if len(news) * 2 > len(states):
        known, given, states = 0, 0, {}
    events = [e for e in store.events_of(news) if e.seq <= position] if known else list(store.events(until=position))
    before = fold((event for event in events if event.seq <= known), spec)
    answers = fold(events, spec)
    given += answers.given - before.given
    for row in news:
        states.pop(row, None)
    places = {name: place for place, name in enumerate(spec.classes)}
    states.update((row, places[label]) for row, label in answers.labels.items())
    for state, rows in ((REJECTED, answers.rejected), (DISPUTED, answers.disputed), (SKIPPED, answers.skipped)):
        states.update(dict.fromkeys(rows, state))
    states = {row: states[row] for row in sorted(states)}
    if position - known >= BEHIND and until is None:
        about = [*_about(store, spec), position, _key_at(store, position), given]
        # Where the file can't be written, it is made another time.
        with contextlib.suppress(OSError):
            write_text(path, [json.dumps({"about": about, "rows": list(states), "states": list(states.values())})])
    return Summary(
        position,
        {row: spec.classes[state] for row, state in states.items() if state >= 0},
        given,
        *([row for row, found in states.items() if found == state] for state in (REJECTED, DISPUTED, SKIPPED)),
    )


def labels_at(store: Store, spec: Spec, position: int) -> dict[str, str]:
    """Return the labels that rows had when the log ended at a position;
    those of the position asked for last are kept.
    """
    path = store.folder / THEN
    about = [*_about(store, spec), position, _key_at(store, position)]
    # Where the file isn't there or is of another position, or can't be written, the log is folded.
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
        kept = json.loads(path.read_bytes())
        if kept["about"] == about:
            labels: dict[str, str] = kept["labels"]
            return labels
    labels = fold(store.events(until=position), spec).labels
    if position >= BEHIND:
        with contextlib.suppress(OSError):
            write_text(path, [json.dumps({"about": about, "labels": labels})])
    return labels


def _read(path: Path, store: Store, spec: Spec) -> tuple[int, int, dict[str, int]]:
    """Return position, answers and rows of the file;
    of none where it isn't of this log, or of another spec.
    """
    try:
        kept = json.loads(path.read_bytes())
        *about, position, key, given = kept["about"]
        if about == _about(store, spec) and key == _key_at(store, position):
            return position, given, dict(zip(kept["rows"], kept["states"], strict=True))
    except (OSError, ValueError, KeyError, TypeError):
        pass
    return 0, 0, {}


def _about(store: Store, spec: Spec) -> list[object]:
    return [FORMAT, store.id, spec.version, spec.labels.resolve, list(spec.classes)]


def _key_at(store: Store, position: int) -> str | None:
    """Return the key of the event in a place: another one where a backup has gone another way."""
    return next((event.key for event in store.events(position - 1, position)), None)
