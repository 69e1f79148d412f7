"""What is done where the rows are: bring their distances up to date, as few as can be, and offer the best of them.

Everything here is a pure function of rows, state and question, so an engine may run it again anywhere.
"""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING

import numpy as np

from shortlist.diversity.rounds.messages import VERSION, Offer, State, same_version
from shortlist.diversity.rounds.rules import bounds
from shortlist.diversity.rounds.work import TOGETHER, Work, top

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from shortlist.diversity.rounds.messages import Question
    from shortlist.diversity.rounds.rows import Rows

NONE: NDArray[np.int64] = np.empty(0, dtype=np.int64)
"""No rows."""
LEAST = 2
"""Rows that a part offers at least."""


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
