"""The coordinator: greedy on what the parts offer, for as long as no row that stayed behind can be better."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from shortlist.diversity.rounds.messages import Offer, Question
from shortlist.diversity.rounds.rows import Rows
from shortlist.diversity.rounds.rules import AHEAD
from shortlist.diversity.rounds.work import Work

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from shortlist.diversity.rounds.rules import Rule

HELD_BYTES = 32 << 20
"""Bytes of features that a round brings together."""
MOST = 1 << 14
"""Rows that a round brings together at most."""
BATCH = 32
"""Rows that are brought up to date together at first."""


class Greedy:
    """A greedy selection between rounds.

    Parameters
    ----------
    rule : Rule
        What rows are worth.
    k : int
        Rows to pick, at most as many as there are.
    points : ndarray of float64, shape (m, columns)
        Labelled rows, or the first pick: at least one.
    rows : int
        Rows of all parts.
    candidates : int
        Rows that a round brings together.
    threads : int
        Threads of each task.
    """

    def __init__(
        self, rule: Rule, k: int, points: NDArray[np.float64], rows: int, candidates: int, threads: int
    ) -> None:
        self.rule, self.k, self.threads, self.candidates = rule, k, threads, candidates
        self.share = candidates / max(1, rows)
        self.points = points
        self.ids: list[int] = []
        self.values: list[float] = []
        self.radius = 0.0
        self.rounds = self.computed = 0
        self.seconds = 0.0
        self.done = k == 0
        self._effort = 0
        self.gone: dict[int, NDArray[np.int64]] = {}
        self.amounts: list[int] | None = None

    def begin(self, row: int, part: int, position: int) -> None:
        """Take note of a first pick, which is the only point so far."""
        self.ids, self.values = [row], [float("inf")]
        self.gone = {part: np.array([position])}

    def question(self) -> Question:
        """Return what to ask the parts next, together with `amounts` and `gone`."""
        return Question(self.rule, self.points, min(self.k - len(self.ids) + 1, AHEAD), self.share, self.threads)

    def take(self, offers: Sequence[Offer]) -> None:
        """Pick all rows that are certain to be the best of all.

        There is at least one, as the best row of every part is among those offered.
        """
        self.rounds += 1
        self.computed += sum(offer.computed for offer in offers)
        self.seconds += sum(offer.seconds for offer in offers)
        bound_keys, bound_ids = _bounds(offers)
        union, nearest, (part, position) = _together(offers, self.points.shape[1])
        work = Work(union, nearest, np.full(len(union), len(self.points), dtype=np.uint32), self.question())
        found = np.bincount(part[work.keys() >= bound_keys[0]], minlength=len(offers)) + 1
        # Most is asked next of the parts that had most of the rows no bound reaches.
        self.amounts = [int(rows) for rows in self.candidates * found / found.sum()]
        first = len(self.points)
        picked: list[int] = []
        points = np.concatenate([self.points, np.empty((min(self.k, len(union)), self.points.shape[1]))])
        while not self.done:
            work.question = replace(work.question, points=points[: first + len(picked)])
            ahead = min(len(picked), len(bound_keys) - 1)
            bound = float(bound_keys[ahead]), int(bound_ids[ahead])
            best = self._best(work, bound[0])
            told = ahead == len(picked) or not self.rule.drifts or bound[0] == -np.inf
            if best is None:
                # Nobody has a row left: all are picked.
                self.done = bound[0] == -np.inf
                break
            key, row = float(work.keys(best)), int(union.ids[best])
            if not told or key < bound[0] or (key == bound[0] and row > bound[1]):
                break
            if len(self.ids) == self.k:
                self.radius, self.done = float(nearest[best]), True
                break
            self.ids.append(row)
            self.values.append(key)
            points[first + len(picked)] = union.point(best)
            nearest[best] = -np.inf
            picked.append(best)
            # What is left is of interest to a rule of distances alone.
            self.done = self.rule.drifts and len(self.ids) == self.k
        self.points = points[: first + len(picked)].copy()
        self.computed += work.computed
        chosen = np.array(picked, dtype=np.int64)
        self.gone = {int(number): position[chosen[part[chosen] == number]] for number in np.unique(part[chosen])}

    def _best(self, work: Work, floor: float) -> int | None:
        """Return the best row, up to date unless it is below `floor`; None where all are picked."""
        steps, size = len(work.question.points), max(BATCH, self._effort // 2)
        self._effort = 0
        while True:
            keys = work.keys()
            best = int(np.argmax(keys)) if len(keys) else -1
            if best < 0 or keys[best] == -np.inf:
                return None
            if work.seen[best] == steps or keys[best] < floor:
                return best
            fresh = float(keys[work.seen == steps].max(initial=floor))
            some = np.flatnonzero(keys >= fresh)
            if len(some) > size:
                some = some[np.argpartition(-keys[some], size)[:size]]
            work.bring(np.append(some[some != best], best), fresh)
            self._effort += len(some)
            size *= 2


def _bounds(offers: Sequence[Offer]) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Return the best key of all rows that stayed behind and the lowest id that may have it, for each step that was told."""
    told = max(len(offer.bound_keys) for offer in offers)
    keys = np.stack([np.broadcast_to(offer.bound_keys, told) for offer in offers])
    ids = np.stack([np.broadcast_to(offer.bound_ids, told) for offer in offers])
    best = keys.max(axis=0)
    return best, np.where(keys == best, ids, np.iinfo(np.int64).max).min(axis=0)


def _together(
    offers: Sequence[Offer], columns: int
) -> tuple[Rows, NDArray[np.float64], tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Return all rows offered by ascending id, their distances, and which part and position each comes from."""
    ids = np.concatenate([offer.ids for offer in offers])
    part = np.repeat(np.arange(len(offers)), [len(offer.ids) for offer in offers])
    order = np.argsort(ids)
    repeated = np.flatnonzero(ids[order][1:] == ids[order][:-1])
    if len(repeated):
        raise ValueError(f"two rows have the id {ids[order][repeated[0]]}; accepted is each id once")
    # Written where it belongs, as this is most of the memory.
    place = np.empty_like(order)
    place[order] = np.arange(len(order))
    some = [offer for offer in offers if len(offer.ids)]
    dtypes = {offer.features.dtype for offer in some}
    features = np.empty((len(ids), columns), np.result_type(*dtypes) if dtypes else np.float64)
    start = 0
    for offer in some:
        features[place[start : start + len(offer.ids)]] = offer.features
        start += len(offer.ids)
    nearest = np.concatenate([offer.nearest for offer in offers])[order]
    position = np.concatenate([offer.positions for offer in offers])[order]
    known = [offer.uncertainty for offer in offers if offer.uncertainty is not None]
    uncertainty = np.concatenate(known)[order] if known else None
    return (
        Rows(features, ids[order], uncertainty, any(offer.bfloat16 for offer in some)),
        nearest,
        (part[order], position),
    )
