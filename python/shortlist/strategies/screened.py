"""Answer a question by asking the model about a sliver of the pool, where its scores can be bounded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from shortlist.rows import count, kind, take
from shortlist.screening import bounds_of, candidates
from shortlist.screening.bounds import Linear
from shortlist.screening.candidates import MEASURES

if TYPE_CHECKING:
    from shortlist.rows.blocks import Progress
    from shortlist.screening import Bounds, Candidates
    from shortlist.strategies.asking import Question
    from shortlist.strategies.choice import Array

LEAST_ROWS = 2_000
"""A smaller pool is answered as soon as it is bounded."""

SAMPLE = 32
"""Rows that the model is asked about before its bounds are believed."""


def left_for(question: Question, model: Any, X: Any, wanted: int, progress: Progress = None) -> Candidates | None:
    """Return the rows that may be among the best, or None where the model is to be asked about all.

    Before its bounds are believed, the model is asked about a few rows, spread over the pool.
    """
    rows = count(X)
    if question.measure not in MEASURES or question.method != "predict_proba" or rows < LEAST_ROWS:
        return None
    bounds = bounds_of(_asked(model)) if 0 < 8 * wanted <= rows else None
    # One logit of a dense row takes the model no longer than its bound takes: measured.
    cheap = isinstance(bounds, Linear) and bounds.link == "logistic" and kind(X) != "sparse"
    if bounds is None or cheap or not _holds_on_a_few(bounds, question, model, X, rows):
        return None
    found = candidates(bounds, X, question.measure, wanted, progress=progress if callable(progress) else None)
    return None if found is None or 2 * len(found) > rows else found


def inside(scores: Array, found: Candidates, start: int = 0) -> bool:
    """Return whether the model's own scores of candidates from `start` on lie where they must."""
    low, high = found.low[start : start + len(scores)], found.high[start : start + len(scores)]
    return bool(((low <= scores) & (scores <= high)).all())


def _asked(model: Any) -> Any:
    """Return the estimator that a learner of ours hands its questions on to."""
    while type(model).__module__.startswith("shortlist.learners.") and hasattr(model, "estimator"):
        model = model.estimator
    return model


def _holds_on_a_few(bounds: Bounds, question: Question, model: Any, X: Any, rows: int) -> bool:
    few = take(X, np.linspace(0, rows - 1, SAMPLE).astype(np.int64))
    found = candidates(bounds, few, question.measure, SAMPLE)
    return found is not None and len(found) == SAMPLE and inside(question.scores_of(model, few), found)
