"""What is done where the rows are: bring their distances up to date, as few as can be, and offer the best of them.

Everything here is a pure function of rows, state and question, so an engine may run it again anywhere.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from shortlist.diversity.rounds.rules import Rule, bounds
from shortlist.diversity.rounds.work import TOGETHER, Work, top

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from shortlist.diversity.rounds.rows import Rows

VERSION = 1
"""Of what parts are asked, remember and answer; another one is refused."""
NONE: NDArray[np.int64] = np.empty(0, dtype=np.int64)
"""No rows."""
LEAST = 2
"""Rows that a part offers at least."""


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
    version : int
        That of the Shortlist which asks.
    """

    rule: Rule
    points: NDArray[np.float64]
    ahead: int
    share: float
    threads: int
    version: int = VERSION


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
    same_version(question.version, VERSION, "rounds")
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


def same_version(asked: int, own: int, what: str) -> None:
    """Refuse what a Shortlist of another version asks for."""
    if asked != own:
        raise ValueError(
            f"this worker's Shortlist knows version {own} of {what}, and the client's version {asked}; accepted is the same "
            "Shortlist on the client and on all workers"
        )
