"""What is done where the rows are: bring their distances up to date, as few as can be,
and offer the best of them.

Everything here is a pure function of rows, state and question, so an engine may run it again
anywhere.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from shortlist import _core
from shortlist.diversity.rounds.messages import VERSION, Offer, State, same_version
from shortlist.diversity.rounds.rows import aligned, named

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
    same_version(question.version, VERSION, "rounds")
    amount = math.ceil(question.share * len(rows)) if amount is None else amount
    nearest = np.full(len(rows), np.inf) if state is None else state.nearest.copy()
    seen = np.zeros(len(rows), dtype=np.uint32) if state is None else state.seen
    nearest[gone] = -np.inf
    try:
        nearest, seen, best, (bound_keys, bound_ids), computed = _core.offer_rows(
            aligned(rows.features),
            aligned(rows.ids),
            nearest,
            aligned(seen),
            aligned(question.points),
            max(amount, LEAST),
            question.ahead,
            metric=question.rule.metric,
            uncertainty=None if rows.uncertainty is None else aligned(rows.uncertainty),
            all=question.rule.all,
            bfloat16=rows.bfloat16,
            n_threads=question.threads,
        )
    except ValueError as error:
        raise named(error, rows.ids) from None
    offer = Offer(
        best,
        rows.ids[best],
        nearest[best],
        rows.features[best],
        rows.bfloat16,
        None if rows.uncertainty is None else rows.uncertainty[best],
        bound_keys,
        bound_ids,
        computed,
    )
    return State(nearest, seen), offer
