"""Expected error reduction: the row whose label leaves the least error (Roy and McCallum 2001)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

from shortlist.rows import count, drop, shape, take, vstack
from shortlist.strategies import randomness
from shortlist.strategies.answers.asked import check_invalid
from shortlist.strategies.asking import best_known, matrix_of, scores, warn_unfitted
from shortlist.strategies.classes import check_class_proba
from shortlist.strategies.errors import ArgumentError, check_count
from shortlist.strategies.uncertainty import ENTROPY, UNCERTAINTY

if TYPE_CHECKING:
    from shortlist.rows.blocks import Progress
    from shortlist.strategies.answers import Invalid
    from shortlist.strategies.choice import Array, Picks
    from shortlist.strategies.randomness import RandomState

_LOSSES = {"binary": UNCERTAINTY, "log": ENTROPY}


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
    invalid: Invalid = "raise",
) -> Picks:
    """Pick the rows that leave the least expected error on the rest of the pool.

    One model is fitted for each row and label, so this is for pools of hundreds of rows.

    Parameters
    ----------
    learner : ActiveLearner
        With the rows it was taught, on which each model is fitted.
    X : rows
        The pool.
    loss : {"binary", "log"}, default="binary"
        One minus the largest probability, or the entropy.
    p_subsample : float, default=1.0
        The share of the pool that is tried; the others are picked last, with an expected error of
        infinity.
    n_instances : int, default=1
        How many rows to pick, from 0 to those of the pool.
    random_tie_break : bool, default=False
        Whether equal scores are drawn among at random; otherwise the lowest position comes first.
    random_state : int, RandomState, Generator or None, default=None
        Rules what is drawn; None is the learner's own, or without one NumPy's global state.
    progress : callable or None, default=None
        Called with (rows done, rows in all) after each row.
    invalid : {"raise", "skip"}, default="raise"
        Whether rows that a model answers with NaN are an error, or are not picked and add nothing
        to the error.

    Returns
    -------
    indices : ndarray of int64, shape (n_instances,)
        Positions in the pool, the least expected error first.
    expected_error : ndarray of float64, shape (n_instances,)
        Summed over the rest of the pool; in nats with ``loss="log"``.

    Raises
    ------
    ArgumentError
        An option is not what is accepted, or the learner was taught nothing.
    PoolTooSmallError
        The pool has fewer rows.
    AttributeError
        The model has no ``predict_proba``; the message says how to come by one.
    ValueError
        An answer of the model cannot be read.

    Notes
    -----
    O(rows squared x classes) predictions and O(rows x classes) fits.

    Examples
    --------
    >>> import numpy as np, shortlist as sl
    >>> from sklearn.linear_model import LogisticRegression
    >>> model = LogisticRegression()
    >>> learner = sl.ActiveLearner(model, X_training=[[0.0], [10.0]], y_training=["cat", "dog"])
    >>> indices, values = sl.expected_error_reduction(learner, np.array([[1.0], [5.0], [9.0]]))
    >>> indices
    array([1])
    """
    if not 0.0 <= p_subsample <= 1.0:
        raise ArgumentError(f"p_subsample came as {p_subsample}; accepted is a share between 0 and 1")
    if loss not in _LOSSES:
        raise ArgumentError(f"loss came as {loss!r}; accepted are {', '.join(map(repr, _LOSSES))}")
    check_invalid(invalid)
    rows = count(X)
    wanted = check_count(n_instances, rows)
    random_state = randomness.of(learner, random_state)
    draw = randomness.generator(random_state)
    try:
        proba = matrix_of(UNCERTAINTY, learner, X, None, None, invalid, {})
    except NotFittedError:
        warn_unfitted()
        return np.arange(wanted), np.zeros(wanted)
    labels = _labels(learner)
    proba = _of_labels(proba, learner, labels)
    model = clone(learner.estimator)
    error = np.full(rows, np.inf)
    one = (1, *shape(learner.y_training)[1:])
    for position in range(rows):
        if draw.random() <= p_subsample:
            rest, known = drop(X, position), vstack([learner.X_training, take(X, [position])])
            error[position] = 0.0
            for column, label in enumerate(labels):
                model.fit(known, vstack([learner.y_training, np.full(one, label)]))
                if rows > 1:
                    losses = scores(_LOSSES[loss], model, rest, None, None, invalid, {})
                    error[position] += np.nansum(losses) * proba[position, column]
        if callable(progress):
            progress(position + 1, rows)
    return best_known(
        error, wanted, invalid, order="lowest", random_tie_break=random_tie_break, random_state=random_state
    )


def _labels(learner: Any) -> Array:
    """Return the labels a row may have: those the learner was taught."""
    if getattr(learner, "estimator", None) is None or getattr(learner, "X_training", None) is None:
        raise ArgumentError(
            f"learner came as a {type(learner).__name__} without rows it was taught; accepted is an ActiveLearner with "
            "X_training, as each model is fitted on these and one row more"
        )
    return np.unique(np.asarray(learner.y_training))


def _of_labels(proba: Array, learner: Any, labels: Array) -> Array:
    """Return the columns of `proba` for these labels."""
    classes = getattr(learner, "classes_", None)
    if classes is None or len(classes) != proba.shape[1]:
        if proba.shape[1] != len(labels):
            raise ArgumentError(
                f"predict_proba gave {proba.shape[1]} classes, and the learner was taught {len(labels)}; accepted are as "
                "many, or a model whose classes_ names the columns"
            )
        return proba
    return check_class_proba(proba, classes, labels.tolist())
