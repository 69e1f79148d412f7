"""Answer a question by asking the model about a sliver of the pool,
where its scores can be bounded.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from shortlist.rows import count, take
from shortlist.screening import COMMITTEE_MEASURES, MEASURES, bounds_of, bounds_of_committee, candidates, least_rows

if TYPE_CHECKING:
    from shortlist.rows.blocks import Progress
    from shortlist.screening import Candidates
    from shortlist.strategies.asking import Question
    from shortlist.strategies.choice import Array

LEAST_ROWS = 2_000
"""A smaller pool is answered as soon as it is bounded."""

SAMPLE = 32
"""Rows that the model is asked about before its bounds are believed."""


def left_for(
    question: Question, model: Any, X: Any, wanted: int, progress: Progress = None
) -> tuple[Candidates, str] | str:
    """Return the rows that may be among the best and the kind of their bounds,
    or why the model is to be asked about all.

    Before its bounds are believed, the model is asked about a few rows, spread over the pool.
    """
    rows = count(X)
    measure, members = question.name, _members(model)
    if measure not in (MEASURES if members is None else COMMITTEE_MEASURES):
        return "its measure has no bound"
    if rows < LEAST_ROWS or 8 * wanted > rows or wanted == 0:
        return "the pool is small"
    if rows < least_rows([_asked(model)] if members is None else members):
        return "the pool is small"
    bounds = bounds_of(_asked(model)) if members is None else bounds_of_committee(members)
    if bounds is None:
        return "its arithmetic is not known"
    try:
        few = take(X, np.linspace(0, rows - 1, SAMPLE).astype(np.int64))
        found = candidates(bounds, few, measure, SAMPLE)
        if found is None or len(found) < SAMPLE:
            return "its rows can't be read"
        if not inside(question.scores_of(model, few), found):
            return "its answers lie outside its bounds"
        found = candidates(bounds, X, measure, wanted, progress=progress if callable(progress) else None)
    except Exception:
        # Whatever is wrong is found again, and said with the right row, where the model is asked
        # about all.
        return "bounding it failed"
    if found is None or 2 * len(found) > rows:
        return "bounds rule too few rows out"
    return found, bounds.kind


def inside(scores: Array, found: Candidates, start: int = 0) -> bool:
    """Return whether the model's own scores of candidates from `start` on lie where they must."""
    low, high = found.low[start : start + len(scores)], found.high[start : start + len(scores)]
    return bool(((low <= scores) & (scores <= high)).all())


def _asked(model: Any) -> Any:
    """Return the estimator that a learner of ours hands its questions on to."""
    while type(model).__module__.startswith("shortlist.learners.") and hasattr(model, "estimator"):
        model = model.estimator
    return model


def _members(model: Any) -> list[Any] | None:
    """Return the estimators of a committee of ours; None of anything else."""
    committee = type(model).__module__ == "shortlist.learners.committee" and type(model).__name__ == "Committee"
    return [_asked(learner) for learner in model.learner_list] if committee else None
