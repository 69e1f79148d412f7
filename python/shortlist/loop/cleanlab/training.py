"""What several people's labels come to each time that a model is trained.

A consensus of CROWDLAB rests on a model, and so it is made once, when that model is trained, and
goes into the log beside it. What a row's label is stays a fold of the log alone: it holds until
somebody answers the row again, and every replay finds it where it was. Nothing is made of rows that
are kept apart for the estimate: a model must not mark its own work.
"""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from shortlist.disk import one_line
from shortlist.loop.cleanlab.crowd import Crowd, labels_of, votes_of
from shortlist.loop.cleanlab.needed import ACTIVELAB, CROWDLAB
from shortlist.loop.errors import LoopError
from shortlist.loop.out_of_fold import probabilities_of
from shortlist.loop.store.answers import fold
from shortlist.loop.store.events import CONSENSUS, Event, key_of

if TYPE_CHECKING:
    from shortlist.loop.ground import Ground
    from shortlist.loop.out_of_fold import Held
    from shortlist.loop.store import Store
    from shortlist.loop.store.answers import Answers

AGAIN = "again"
"""In a model's estimate: rows with a label and their scores by ActiveLab, the lowest first."""
MOST_AGAIN = 5_000
BLOCK = 1 << 16


@dataclass(frozen=True)
class OfCrowd:
    """What goes into the log, what is kept with the model, and what is noted."""

    events: list[Event] = field(default_factory=list)
    kept: dict[str, Any] = field(default_factory=dict)
    log: str = ""


def of_crowd(store: Store, ground: Ground, held: Held | None, position: int, model: int) -> OfCrowd:
    """Weigh what several people said up to a place in the log, as the specification asks for it."""
    spec = ground.spec
    crowdlab, activelab = spec.labels.resolve == CROWDLAB, spec.round.strategy == ACTIVELAB
    if not crowdlab and not activelab:
        return OfCrowd()
    if held is None:
        return OfCrowd(log="too few labels for Cleanlab to weigh people by")
    answers = fold(store.events(until=position), spec)
    rows, crowd = _crowd(ground, held, answers)
    if not rows:
        return OfCrowd(log="no row that Cleanlab can weigh people by")
    try:
        events = _events(rows, crowd, answers, position, model, spec.classes) if crowdlab and crowd.several else []
        kept = _scored(store, ground, held, rows, crowd) if activelab else {}
    except LoopError:
        raise
    except Exception as error:  # whatever Cleanlab makes of odd labels: the model is worth keeping
        return OfCrowd(log=f"Cleanlab could not weigh people ({type(error).__name__}: {one_line(error)})")
    return OfCrowd(events, kept)


def _crowd(ground: Ground, held: Held, answers: Answers) -> tuple[list[str], Crowd]:
    """Return the rows that people gave classes to, and what they and models that had
    not seen these say of them.
    """
    places = {name: place for place, name in enumerate(ground.spec.classes)}
    listed = sorted({row for row, _ in answers.current})
    found = ground.pool.index_of(listed)
    apart = ground.held.mask[np.maximum(found, 0)] | (found < 0)
    votes = votes_of(answers, places, {row for row, out in zip(listed, apart.tolist(), strict=True) if out})
    trained = {row: number for number, row in enumerate(held.ids)}
    said = np.empty((len(votes), len(places)))
    fresh = [number for number, row in enumerate(votes) if row not in trained]
    if fresh:
        names = list(votes)
        whole = np.load(held.said.probabilities, mmap_mode="r")
        at = ground.pool.index_of([names[number] for number in fresh])
        said[fresh] = probabilities_of(np.asarray(whole[at], dtype=np.float32), ground.spec.model.returns)
    for number, row in enumerate(votes):
        if row in trained:
            said[number] = held.probabilities[trained[row]]
    return list(votes), Crowd(labels_of(votes), said)


def _events(
    rows: list[str], crowd: Crowd, answers: Answers, position: int, model: int, classes: tuple[str, ...]
) -> list[Event]:
    """Return a consensus for each row of several people that comes to
    something else than holds so far.
    """
    found = []
    several = np.count_nonzero(~np.isnan(crowd.labels), axis=1) > 1
    for row, code, many in zip(rows, crowd.consensus().tolist(), several.tolist(), strict=True):
        label = classes[code]
        if many and answers.labels.get(row) != label and any(e.label == label for e in answers.of_row(row).values()):
            about = {"model": model, "position": position}
            key = key_of(CONSENSUS, model, position, row, label)
            found.append(Event(CONSENSUS, row, "", "", label, CROWDLAB, key, about))
    return found


def _scored(store: Store, ground: Ground, held: Held, rows: list[str], crowd: Crowd) -> dict[str, Any]:
    """Keep ActiveLab's scores: of every row as one that nobody has labelled,
    and of those that somebody has.
    """
    scores = crowd.scores()
    lowest = np.argsort(scores, kind="stable")[:MOST_AGAIN]
    whole = np.load(held.said.probabilities, mmap_mode="r")
    fresh = [
        crowd.scores_of_new(
            probabilities_of(np.asarray(whole[start : start + BLOCK], dtype=np.float32), ground.spec.model.returns)
        )
        for start in range(0, len(whole), BLOCK)
    ]
    array = io.BytesIO()
    np.save(array, np.concatenate(fresh))
    return {
        ACTIVELAB: store.put_blob(array.getvalue()),
        AGAIN: [[rows[place], float(scores[place])] for place in lowest.tolist()],
    }
