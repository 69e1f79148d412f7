"""Answer a question by asking the model about a sliver of the pool,
where its scores can be bounded.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from shortlist.rows import count, take
from shortlist.screening import (
    COMMITTEE_MEASURES,
    DECISION_MARGIN,
    MEASURES,
    bounds_of,
    bounds_of_committee,
    bounds_of_decision,
    candidates,
    least_rows,
)
from shortlist.screening.of_decision import BY, as_margins, in_reach

if TYPE_CHECKING:
    from collections.abc import Callable

    from shortlist.rows.blocks import Progress
    from shortlist.screening import Bounds, Candidates
    from shortlist.screening.bounds import Linear
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

    Before its bounds are believed, the model is asked about a few rows, spread over the pool: that
    takes a forest as long as thousands of rows do, so it comes after what may make it needless.
    """
    rows = count(X)
    measure, members = question.name, _members(model)
    if measure not in (COMMITTEE_MEASURES if members is not None else (*MEASURES, DECISION_MARGIN)):
        return "its measure has no bound"
    if rows < LEAST_ROWS or 8 * wanted > rows or wanted == 0:
        return "the pool is small"
    if rows < least_rows([_asked(model)] if members is None else members):
        return "the pool is small"
    screen = screen_of(measure, model, members)
    if screen is None:
        return "its arithmetic is not known"
    try:
        few = take(X, np.linspace(0, rows - 1, SAMPLE).astype(np.int64))
        scaled = measure == DECISION_MARGIN
        if scaled:
            # The scale of a decision function is found by these rows.
            believed = screen.believed(question.scores_of(model, few), few)
            if isinstance(believed, str):
                return believed
            screen = believed
        found = screen.candidates(X, wanted, progress=progress if callable(progress) else None)
        if found is None or 2 * len(found) > rows:
            return "bounds rule too few rows out"
        if not scaled and isinstance(why := screen.believed(question.scores_of(model, few), few), str):
            return why
    except Exception:
        # Whatever is wrong is found again, and said with the right row, where the model is asked
        # about all.
        return "bounding it failed"
    return found, screen.bounds.kind


@dataclass(frozen=True)
class Screen:
    """Bounds of a model's scores by a measure.

    Attributes
    ----------
    bounds : Bounds
        Of the model.
    measure : str
        Of these scores.
    scale : float
        What the model's decision function is multiplied by before it is bounded.
    """

    bounds: Bounds
    measure: str
    scale: float = 1.0

    def candidates(self, X: Any, wanted: int, **how: Any) -> Candidates | None:
        """Return every row that can be among the best, as `shortlist.screening.candidates` does."""
        if self.measure != DECISION_MARGIN:
            return candidates(self.bounds, X, self.measure, wanted, **how)
        return as_margins(candidates(self.bounds, X, BY, wanted, **how), self.scale)

    def believed(self, scores: Array, few: Any) -> Screen | str:
        """Return a screen that holds the model's own scores of a few rows, or why it doesn't."""
        screen = self
        if self.measure == DECISION_MARGIN:
            bounds, scale = in_reach(cast("Linear", self.bounds), scores)
            screen = Screen(bounds, self.measure, scale)
        found = screen.candidates(few, len(scores))
        if found is None or len(found) < len(scores):
            return "its rows can't be read"
        return screen if inside(scores, found) else "its answers lie outside its bounds"


def screen_of(measure: str, model: Any, members: list[Any] | None = None) -> Screen | None:
    """Return a screen of a model, or of a committee of `members`; None where there is no bound."""
    bounds: Bounds | None
    if members is not None:
        bounds = bounds_of_committee(members)
    else:
        bounds = (bounds_of_decision if measure == DECISION_MARGIN else bounds_of)(_asked(model))
    return None if bounds is None else Screen(bounds, measure)


def near(question: Question, model: Any, X: Any, tolerance: float, ask: Callable[[Any], Array]) -> Array | None:
    """Return a score for each row that is off by no more than `tolerance`: the middle of its
    bounds, and the model's own, by ``ask(rows)``, where these are further apart. None where the
    model had better be asked about all.
    """
    rows = count(X)
    screen = screen_of(question.name, model) if question.name in (*MEASURES, DECISION_MARGIN) else None
    if screen is None or rows < max(LEAST_ROWS, least_rows([_asked(model)])):
        return None
    try:
        few = take(X, np.linspace(0, rows - 1, SAMPLE).astype(np.int64))
        believed = screen.believed(question.scores_of(model, few), few)
        # Of all rows the best are wanted, so that none is left out.
        found = None if isinstance(believed, str) else believed.candidates(X, rows)
        if found is None or len(found) < rows:
            return None
        with np.errstate(invalid="ignore"):
            scores, off = (found.low + found.high) / 2, (found.high - found.low) / 2
        wide = np.flatnonzero(~(off <= tolerance))
        if 2 * len(wide) > rows:
            return None
        if len(wide):
            scores[wide] = ask(take(X, wide))
    except Exception:
        # It is found again, and said with the right row, where the model is asked about all.
        return None
    return scores


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
