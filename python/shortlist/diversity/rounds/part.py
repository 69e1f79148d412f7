"""What is done where the rows are: bring their distances up to date, as few as can be, and offer the best of them.

Everything here is a pure function of rows, state and question, so an engine may run it again anywhere.
"""

from __future__ import annotations

import math
import re
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from shortlist import _core
from shortlist.diversity.rounds.rules import Rule, bounds

if TYPE_CHECKING:
    from numpy.typing import NDArray

TOGETHER = 64
"""Points that rows are compared with before it is asked whether they still matter."""
NONE: NDArray[np.int64] = np.empty(0, dtype=np.int64)
"""No rows."""
LEAST = 2
"""Rows that a part offers at least."""
FEW = 1024
"""Rows that are compared in one call, whatever they have seen."""


@dataclass(frozen=True)
class Rows:
    """The rows of one part, as the core reads them.

    Attributes
    ----------
    features : ndarray, shape (rows, columns)
        Any accepted dtype.
    ids : ndarray of int64, shape (rows,)
        Which rows they are in the pool.
    uncertainty : ndarray of float64, shape (rows,), or None
        For rules that weigh it.
    bfloat16 : bool
        The features are uint16 and hold bfloat16.
    """

    features: NDArray[Any]
    ids: NDArray[np.int64]
    uncertainty: NDArray[np.float64] | None = None
    bfloat16: bool = False

    def __len__(self) -> int:
        return len(self.ids)

    def distances(
        self, points: NDArray[np.float64], metric: str, which: NDArray[np.int64] | None, threads: int
    ) -> NDArray[np.float64]:
        """Return the distance of some rows to the nearest of some points: the truth, a function of two rows."""
        found: NDArray[np.float64]
        try:
            found, _ = _core.min_distances(
                aligned(self.features),
                aligned(points),
                metric=metric,
                among=which,
                bfloat16=(self.bfloat16, False),
                n_threads=threads,
            )
        except ValueError as error:
            raise named(error, self.ids) from None
        return found

    def point(self, position: int) -> NDArray[np.float64]:
        """Return one row as a point."""
        found: NDArray[np.float64] = points_of(self.features[position : position + 1], self.bfloat16)[0]
        return found


@dataclass(frozen=True)
class State:
    """What a part remembers between rounds: 12 bytes a row.

    Attributes
    ----------
    nearest : ndarray of float64, shape (rows,)
        Distance to the nearest of the points seen; infinite before the first, -inf for rows that are picked.
    seen : ndarray of uint32, shape (rows,)
        How many points each row was compared with.
    """

    nearest: NDArray[np.float64]
    seen: NDArray[np.uint32]


@dataclass(frozen=True)
class Question:
    """What a round asks all parts.

    Attributes
    ----------
    rule : Rule
        What rows are worth.
    points : ndarray of float64, shape (step, columns)
        All labelled and picked rows, in order.
    ahead : int
        Steps that bounds are wanted for.
    share : float
        Rows to offer, as a share of the rows of a part, where no number is given.
    threads : int
        Threads of each task.
    """

    rule: Rule
    points: NDArray[np.float64]
    ahead: int
    share: float
    threads: int


@dataclass(frozen=True)
class Offer:
    """The best rows of a part with exact distances, and what bounds all its other rows.

    Attributes
    ----------
    positions, ids : ndarray of int64, shape (rows,)
        Which rows: in the part, and in the pool.
    nearest : ndarray of float64, shape (rows,)
        Their distance to the nearest of all points.
    features, bfloat16, uncertainty
        As in `Rows`.
    bound_keys : ndarray of float64, shape (1,) or (ahead,)
        The best key that a row which is not offered can have, at each of the next steps; -inf where there is no such row.
    bound_ids : ndarray of int64
        An id that no row with that key goes below.
    computed : int
        Distances that it took.
    seconds : float
        Time that it took.
    """

    positions: NDArray[np.int64]
    ids: NDArray[np.int64]
    nearest: NDArray[np.float64]
    features: NDArray[Any]
    bfloat16: bool
    uncertainty: NDArray[np.float64] | None
    bound_keys: NDArray[np.float64]
    bound_ids: NDArray[np.int64]
    computed: int
    seconds: float


def advance(
    rows: Rows, state: State | None, question: Question, amount: int | None, gone: NDArray[np.int64]
) -> tuple[State, Offer]:
    """Answer a question: a task.

    Parameters
    ----------
    rows : Rows
        The part.
    state : State or None
        What the last round left; None in the first.
    question : Question
        The rule and the points.
    amount : int or None
        Rows to offer, at least 1; None for the share that the question names.
    gone : ndarray of int64
        Positions of rows of this part that were picked since.
    """
    began = time.perf_counter()
    rule, step = question.rule, len(question.points)
    amount = math.ceil(question.share * len(rows)) if amount is None else amount
    amount = max(amount, LEAST)
    nearest = np.full(len(rows), np.inf) if state is None else state.nearest.copy()
    seen = np.zeros(len(rows), dtype=np.uint32) if state is None else state.seen.copy()
    nearest[gone] = -np.inf
    work = Work(rows, nearest, seen, question)
    every = np.arange(len(rows))
    work.bring(every[seen == 0], -np.inf, until=min(TOGETHER, step))
    # The best of old keys show what a row must reach to be offered; then all that may reach it are looked at.
    some = top(work.keys(), rows.ids, 4 * amount)
    work.bring(some, -np.inf)
    keys = work.keys()
    if amount < len(rows):
        fresh = np.partition(keys[some], len(some) - min(amount, len(some)))
        work.bring(every, float(fresh[len(some) - min(amount, len(some))]))
        keys = work.keys()
    best = top(keys, rows.ids, amount)
    best = best[keys[best] > -np.inf]
    rest = np.ones(len(rows), dtype=np.bool)
    rest[best] = False
    rest &= nearest > -np.inf
    uncertainty = rows.uncertainty
    bound_keys, bound_ids = bounds(
        rule, nearest[rest], None if uncertainty is None else uncertainty[rest], rows.ids[rest], step, question.ahead
    )
    offer = Offer(
        best,
        rows.ids[best],
        nearest[best],
        rows.features[best],
        rows.bfloat16,
        None if uncertainty is None else uncertainty[best],
        bound_keys,
        bound_ids,
        work.computed,
        time.perf_counter() - began,
    )
    return State(nearest, seen), offer


class Work:
    """Rows whose distances are being brought up to date."""

    def __init__(self, rows: Rows, nearest: NDArray[np.float64], seen: NDArray[np.uint32], question: Question) -> None:
        self.rows, self.nearest, self.seen = rows, nearest, seen
        self.question = question
        self.computed = 0

    def keys(self, which: NDArray[np.int64] | slice | int = slice(None)) -> NDArray[np.float64]:
        """Return what rows are worth at this step, by distances that may be out of date."""
        uncertainty = self.rows.uncertainty
        step = len(self.question.points)
        return self.question.rule.keys(self.nearest[which], None if uncertainty is None else uncertainty[which], step)

    def bring(self, which: NDArray[np.int64], floor: float, until: int | None = None) -> None:
        """Bring rows up to date, each until it has seen all points (or the first `until`) or is worth less than `floor`."""
        points = self.question.points
        until = len(points) if until is None else until
        while True:
            which = which[self.seen[which] < until]
            keys = self.keys(which)
            which = which[(keys >= floor) & (keys > -np.inf)]
            if not len(which):
                return
            # Those that are furthest behind; ends are the same for all, so that rows meet there. A few rows are better
            # compared again with what some of them have seen than in several calls.
            seen = self.seen[which]
            start = int(seen.min())
            stop = min((start // TOGETHER + 1) * TOGETHER, until)
            some = which[seen < stop]
            if len(some) > FEW:
                some = which[seen == start]
            some.sort()
            distances = self.rows.distances(
                points[start:stop],
                self.question.rule.metric,
                None if len(some) == len(self.rows) else some,
                self.question.threads,
            )
            self.nearest[some] = np.minimum(self.nearest[some], distances)
            self.seen[some] = stop
            self.computed += len(some) * (stop - start)


def top(keys: NDArray[np.float64], ids: NDArray[np.int64], amount: int) -> NDArray[np.int64]:
    """Return the positions of the best keys, the lowest ids of equal ones, in no order."""
    if amount >= len(keys):
        return np.arange(len(keys))
    cut = np.partition(keys, len(keys) - amount)[len(keys) - amount]
    above, equal = np.flatnonzero(keys > cut), np.flatnonzero(keys == cut)
    wanted = amount - len(above)
    if wanted < len(equal):
        equal = equal[np.argpartition(ids[equal], wanted)[:wanted]]
    return np.concatenate([above, equal])


def aligned(array: NDArray[Any]) -> NDArray[Any]:
    """Return an array that the core reads: what comes over a network may lie at odd addresses."""
    found: NDArray[Any] = np.require(array, requirements="A")
    return found


def points_of(features: NDArray[Any], bfloat16: bool) -> NDArray[np.float64]:
    """Return rows as float64, which every accepted dtype fits into."""
    array = (features.astype(np.uint32) << 16).view(np.float32) if bfloat16 else features
    return np.ascontiguousarray(array, dtype=np.float64)


def named(error: ValueError, ids: NDArray[np.int64]) -> ValueError:
    """Return an error about a row of a part as one about that row of the pool."""

    def name(found: re.Match[str]) -> str:
        return f"row {ids[int(found[1].replace(',', ''))]}"

    return ValueError(re.sub(r"\brow ([\d,]*\d)", name, str(error), count=1))
