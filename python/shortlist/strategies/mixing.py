"""Part uncertainty, part diversity: ``query_strategy=mix(uncertainty=0.7, diversity=0.3)``."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from inspect import signature
from typing import TYPE_CHECKING, Any

import numpy as np

from shortlist.diversity.uncertain import pick
from shortlist.rows import count
from shortlist.strategies.answers.asked import check_invalid
from shortlist.strategies.asking import check_enough
from shortlist.strategies.distances import Metric, core_metric, features, labelled_features
from shortlist.strategies.errors import ArgumentError, NotCallableError, check_count
from shortlist.strategies.uncertainty import classifier_uncertainty

if TYPE_CHECKING:
    from shortlist.strategies.answers import Invalid
    from shortlist.strategies.choice import Picks

Utility = Callable[..., Any]


def mix(
    uncertainty: float = 0.7,
    diversity: float | None = None,
    *,
    measure: Utility = classifier_uncertainty,
    metric: Metric = "euclidean",
) -> Callable[..., Picks]:
    """Make a strategy that weighs uncertainty against diversity.

    Parameters
    ----------
    uncertainty, diversity : float
        The two weights, neither negative; diversity defaults to ``1 - uncertainty``.
    measure : callable, default=`classifier_uncertainty`
        ``measure(learner, X)`` gives one value a row, the highest most informative.
    metric : str or callable, default="euclidean"
        Any that scikit-learn's ``pairwise_distances`` takes.

    Returns
    -------
    callable
        A strategy: `mix_sampling` with these weights.

    Raises
    ------
    ArgumentError
        A weight is negative, or both are 0.
    NotCallableError
        `measure` cannot be called.

    Examples
    --------
    >>> import shortlist as sl
    >>> strategy = sl.mix(uncertainty=0.7, diversity=0.3)
    """
    share = round(1 - uncertainty, 12) if diversity is None else diversity
    if not (uncertainty >= 0 and share >= 0 and uncertainty + share > 0):
        raise ArgumentError(
            f"uncertainty came as {uncertainty} and diversity as {share}; "
            "accepted are weights, neither negative, not both 0"
        )
    if not callable(measure):
        raise NotCallableError(
            f"measure came as {type(measure).__name__}; accepted is a function of a learner and rows"
        )
    return partial(mix_sampling, uncertainty=uncertainty, diversity=share, measure=measure, metric=metric)


def mix_sampling(
    classifier: Any,
    X: Any,
    n_instances: int = 1,
    *,
    uncertainty: float = 0.7,
    diversity: float = 0.3,
    measure: Utility = classifier_uncertainty,
    metric: Metric = "euclidean",
    invalid: Invalid = "raise",
    **kwargs: Any,
) -> Picks:
    """Pick rows one by one by a weighted sum of uncertainty and distance to what is labelled.

    Picked rows count as labelled.

    Uncertainty is scaled to lie between 0 and 1 over the pool; distance is divided by the largest
    there is when first needed. Both scales stay as they are for the whole batch. Without labelled
    rows the first pick is the most uncertain.

    Parameters
    ----------
    classifier : learner
        Its ``X_training`` are the labelled rows.
    X : array, sparse matrix or frame, shape (rows, features)
        The pool.
    n_instances : int, default=1
        How many rows to pick, from 0 to those of the pool.
    uncertainty, diversity : float, default=0.7, 0.3
        The two weights, neither negative.
    measure : callable, default=`classifier_uncertainty`
        ``measure(learner, X)`` gives one value a row, the highest most informative.
    metric : str or callable, default="euclidean"
        Any that scikit-learn's ``pairwise_distances`` takes.
    invalid : {"raise", "skip"}, default="raise"
        Whether a row that `measure` gives NaN is an error, or is never picked.
    **kwargs
        Passed on to `measure`.

    Returns
    -------
    indices : ndarray of int64, shape (n_instances,)
        Positions in the pool, in the order picked.
    values : ndarray of float64, shape (n_instances,)
        The weighted sum each had when it was picked.

    Raises
    ------
    ArgumentError
        `n_instances` or `invalid` is not what is accepted.
    PoolTooSmallError
        There are fewer rows to pick from.
    AttributeError
        The model has no ``predict_proba``; the message says how to come by one.
    TypeError, ValueError
        The rows are not numbers, or an answer of the model cannot be read.

    Examples
    --------
    >>> import numpy as np, shortlist as sl
    >>> from sklearn.linear_model import LogisticRegression
    >>> model = LogisticRegression()
    >>> learner = sl.ActiveLearner(model, X_training=[[0.0], [10.0]], y_training=["cat", "dog"])
    >>> indices, values = sl.mix_sampling(learner, np.array([[1.0], [5.0], [9.0]]))
    >>> indices
    array([1])
    """
    wanted = check_count(n_instances, count(X))
    check_invalid(invalid)
    if "invalid" in signature(measure).parameters:
        kwargs["invalid"] = invalid
    worth = np.asarray(measure(classifier, X, **kwargs), dtype=np.float64)
    missing = np.isnan(worth)
    if missing.any() and invalid == "raise":
        raise ArgumentError(
            f'measure gave NaN for row {int(missing.argmax())} of the pool; invalid="skip" leaves such rows out'
        )
    check_enough(wanted, int((~missing).sum()), len(worth))
    selection = pick(
        "mix",
        features(classifier, X),
        worth,
        wanted,
        weights=(uncertainty, diversity),
        labelled=labelled_features(classifier),
        metric=core_metric(metric),
        among=np.flatnonzero(~missing) if missing.any() else None,
    )
    return selection.indices.copy(), selection.scores.copy()
