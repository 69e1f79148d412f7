"""Expected error reduction: the row whose label, whatever it is, leaves the least error (Roy and McCallum 2001)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

from shortlist.rows import count, drop, shape, take, vstack
from shortlist.strategies import randomness
from shortlist.strategies.asking import probabilities, warn_unfitted
from shortlist.strategies.choice import best
from shortlist.strategies.errors import ArgumentError, check_count
from shortlist.strategies.uncertainty import proba_entropy, proba_uncertainty

if TYPE_CHECKING:
    from shortlist.rows.blocks import Progress
    from shortlist.strategies.choice import Picks
    from shortlist.strategies.randomness import RandomState

_LOSSES = {"binary": proba_uncertainty, "log": proba_entropy}


def expected_error_reduction(
    learner: Any,
    X: Any,
    loss: str = "binary",
    p_subsample: float = 1.0,
    n_instances: int = 1,
    random_tie_break: bool = False,
    *,
    random_state: RandomState = None,
    progress: Progress = None,
) -> Picks:
    """Pick the rows that leave the least expected error on the rest of the pool.

    One model is fitted for each row and label, so this is for pools of hundreds of rows.

    Parameters
    ----------
    learner : ActiveLearner
    X : rows
        The pool.
    loss : {"binary", "log"}, default="binary"
        One minus the largest probability, or the entropy.
    p_subsample : float, default=1.0
        The share of the pool that is tried; the others are picked last, with an expected error of infinity.
    n_instances, random_tie_break, random_state
        See `shortlist.strategies.uncertainty`.
    progress : callable, bool or None
        Called with rows done and rows in all.

    Returns
    -------
    indices : ndarray
    expected_error : ndarray
    """
    if not 0.0 <= p_subsample <= 1.0:
        raise ArgumentError(f"p_subsample came as {p_subsample}; accepted is a share between 0 and 1")
    if loss not in _LOSSES:
        raise ArgumentError(f"loss came as {loss!r}; accepted are {', '.join(map(repr, _LOSSES))}")
    rows = count(X)
    wanted = check_count(n_instances, rows)
    random_state = randomness.of(learner, random_state)
    draw = randomness.generator(random_state)
    try:
        proba = probabilities(learner, X)
    except NotFittedError:
        warn_unfitted()
        return np.arange(wanted), np.zeros(wanted)
    labels = np.unique(np.asarray(learner.y_training))
    model = clone(learner.estimator)
    error = np.full(rows, np.inf)
    one = (1, *shape(learner.y_training)[1:])
    for position in range(rows):
        if draw.random() <= p_subsample:
            rest, known = drop(X, position), vstack([learner.X_training, take(X, [position])])
            error[position] = 0.0
            for column, label in enumerate(labels):
                model.fit(known, vstack([learner.y_training, np.full(one, label)]))
                loss_of_rest = _LOSSES[loss](model.predict_proba(rest)).sum() if rows > 1 else 0.0
                error[position] += loss_of_rest * proba[position, column]
        if callable(progress):
            progress(position + 1, rows)
    return best(error, wanted, order="lowest", random_tie_break=random_tie_break, random_state=random_state)
