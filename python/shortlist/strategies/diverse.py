"""Rows that differ from each other: the rules of `shortlist.diversity` as strategies of learners.

The features of a row are the row itself, or what the steps before the classifier make of it where
the learner was made with ``on_transformed=True``. The learner's ``X_training`` are the labelled
rows. Ranked batches are in `shortlist.strategies.batch`, the 70/30 mix in
`shortlist.strategies.mixing`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

import shortlist.diversity as diversity
from shortlist.rows import count
from shortlist.strategies import randomness
from shortlist.strategies.asking import check_enough, matrix_of
from shortlist.strategies.distances import features, labelled_features
from shortlist.strategies.errors import check_count
from shortlist.strategies.uncertainty import UNCERTAINTY

if TYPE_CHECKING:
    from collections.abc import Callable

    from shortlist.rows.blocks import ChunkSize, Progress
    from shortlist.selection import Selection
    from shortlist.strategies.answers import Invalid
    from shortlist.strategies.choice import Array, Picks
    from shortlist.strategies.randomness import RandomState


def k_center_sampling(
    classifier: Any, X: Any, n_instances: int = 1, *, init: str | int = "farthest", metric: Any = "euclidean"
) -> Picks:
    """Pick a core-set: each row the farthest from all labelled or picked; see `shortlist.k_center`.

    Parameters
    ----------
    classifier : learner
        Its ``X_training`` are the labelled rows. The model is not asked.
    X : array, sparse matrix or frame, shape (rows, features)
        The pool.
    n_instances : int, default=1
        How many rows to pick, from 0 to those of the pool.
    init : {"farthest", "central"} or int, default="farthest"
        The first pick where nothing is labelled.
    metric : {"euclidean", "sqeuclidean", "cosine", "manhattan"} or callable, default="euclidean"
        What distance means.

    Returns
    -------
    indices : ndarray of int64, shape (n_instances,)
        Positions in the pool, in the order picked.
    distances : ndarray of float64, shape (n_instances,)
        To the nearest labelled or picked row, when it was picked.

    Raises
    ------
    ArgumentError
        `n_instances` is not an integer of 0 or more.
    PoolTooSmallError
        The pool has fewer rows.
    TypeError, ValueError
        The rows are not numbers, or an option is not what is accepted.

    Examples
    --------
    >>> import numpy as np, shortlist as sl
    >>> from sklearn.linear_model import LogisticRegression
    >>> model = LogisticRegression()
    >>> learner = sl.ActiveLearner(model, X_training=[[0.0], [10.0]], y_training=["cat", "dog"])
    >>> indices, values = sl.k_center_sampling(learner, np.array([[1.0], [5.0], [9.0]]))
    >>> indices
    array([1])
    """
    return _apart(diversity.k_center, classifier, X, n_instances, init=init, metric=metric)


def kmeans_plus_plus_sampling(
    classifier: Any, X: Any, n_instances: int = 1, *, random_state: RandomState = None
) -> Picks:
    """Draw rows apart from each other and from what is labelled; see `shortlist.kmeans_plus_plus`.

    Parameters
    ----------
    classifier : learner
        Its ``X_training`` are the labelled rows. The model is not asked.
    X : array, sparse matrix or frame, shape (rows, features)
        The pool.
    n_instances : int, default=1
        How many rows to pick, from 0 to those of the pool.
    random_state : int, RandomState, Generator or None, default=None
        Rules what is drawn; None is the learner's own, or without one NumPy's global state.

    Returns
    -------
    indices : ndarray of int64, shape (n_instances,)
        Positions in the pool, in the order picked.
    squared : ndarray of float64, shape (n_instances,)
        Squared distances to the nearest labelled or picked row, when it was drawn.

    Raises
    ------
    ArgumentError
        `n_instances` is not an integer of 0 or more.
    PoolTooSmallError
        The pool has fewer rows.
    TypeError, ValueError
        The rows are not numbers, or an option is not what is accepted.

    Examples
    --------
    >>> import numpy as np, shortlist as sl
    >>> from sklearn.linear_model import LogisticRegression
    >>> model = LogisticRegression()
    >>> learner = sl.ActiveLearner(model, X_training=[[0.0], [10.0]], y_training=["cat", "dog"])
    >>> X = np.array([[0.0], [5.0], [10.0]])
    >>> indices, values = sl.kmeans_plus_plus_sampling(learner, X, random_state=0)
    >>> indices
    array([1])
    """
    seed = _seed(classifier, random_state)
    return _apart(diversity.kmeans_plus_plus, classifier, X, n_instances, random_state=seed)


def badge_sampling(
    classifier: Any,
    X: Any,
    n_instances: int = 1,
    *,
    random_state: RandomState = None,
    chunk_size: ChunkSize = "auto",
    progress: Progress = None,
    invalid: Invalid = "raise",
    **kwargs: Any,
) -> Picks:
    """Draw rows whose gradients are long and differ from each other; see `shortlist.badge`.

    Parameters
    ----------
    classifier : classifier, learner or committee
        Its ``predict_proba`` is asked.
    X : array, sparse matrix or frame, shape (rows, features)
        The pool; its features take the place of the last layer's input.
    n_instances : int, default=1
        How many rows to pick, from 0 to those of the pool.
    random_state : int, RandomState, Generator or None, default=None
        Rules what is drawn; None is the learner's own, or without one NumPy's global state.
    chunk_size : int, "auto" or None, default="auto"
        Rows the model is asked about at once; "auto" keeps to a fixed budget of memory, None asks
        about all at once.
    progress : callable, bool or None, default=None
        Called with (rows done, rows in all) after each block; True shows a bar.
    invalid : {"raise", "skip"}, default="raise"
        Whether a row that the model answers with NaN is an error, or is never picked.
    **kwargs
        Passed on to ``predict_proba``.

    Returns
    -------
    indices : ndarray of int64, shape (n_instances,)
        Positions in the pool, in the order picked.
    squared : ndarray of float64, shape (n_instances,)
        Squared distances of gradients when each was drawn.

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
    >>> X = np.array([[1.0], [5.0], [9.0]])
    >>> indices, values = sl.badge_sampling(learner, X, random_state=0)
    >>> indices
    array([1])
    """
    wanted = check_count(n_instances, count(X))
    proba = matrix_of(UNCERTAINTY, classifier, X, chunk_size, progress, invalid, kwargs, as_they_are=False)
    among, seed = _answered(proba, wanted), _seed(classifier, random_state)
    return _picks(diversity.badge(proba, features(classifier, X), wanted, among=among, random_state=seed))


def cluster_margin_sampling(
    classifier: Any,
    X: Any,
    n_instances: int = 1,
    *,
    clusters: Any = None,
    random_state: RandomState = None,
    chunk_size: ChunkSize = "auto",
    progress: Progress = None,
    invalid: Invalid = "raise",
    **kwargs: Any,
) -> Picks:
    """Pick rows of low margin from many clusters; see `shortlist.cluster_margin`.

    Parameters
    ----------
    classifier : classifier, learner or committee
        Its ``predict_proba`` is asked.
    X : array, sparse matrix or frame, shape (rows, features)
        The pool.
    n_instances : int, default=1
        How many rows to pick, from 0 to those of the pool.
    clusters : array-like, shape (rows,), optional
        The cluster of each row of the pool; by default k-means finds clusters of `X`.
    random_state : int, RandomState, Generator or None, default=None
        Rules what is drawn; None is the learner's own, or without one NumPy's global state.
    chunk_size : int, "auto" or None, default="auto"
        Rows the model is asked about at once; "auto" keeps to a fixed budget of memory, None asks
        about all at once.
    progress : callable, bool or None, default=None
        Called with (rows done, rows in all) after each block; True shows a bar.
    invalid : {"raise", "skip"}, default="raise"
        Whether a row that the model answers with NaN is an error, or is never picked.
    **kwargs
        Passed on to ``predict_proba``.

    Returns
    -------
    indices : ndarray of int64, shape (n_instances,)
        Positions in the pool, in the order picked.
    margins : ndarray of float32 or float64, shape (n_instances,)
        The largest probability minus the second largest of each.

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
    >>> X = np.array([[1.0], [5.0], [9.0]])
    >>> indices, values = sl.cluster_margin_sampling(learner, X, clusters=[0, 0, 1])
    >>> indices
    array([2])
    """
    wanted = check_count(n_instances, count(X))
    proba = matrix_of(UNCERTAINTY, classifier, X, chunk_size, progress, invalid, kwargs, as_they_are=False)
    where = {"X": features(classifier, X)} if clusters is None else {"clusters": clusters}
    among, seed = _answered(proba, wanted), _seed(classifier, random_state)
    return _picks(diversity.cluster_margin(proba, wanted, among=among, random_state=seed, **where))


def typiclust_sampling(classifier: Any, X: Any, n_instances: int = 1, *, random_state: RandomState = None) -> Picks:
    """Pick typical rows, each from a cluster with few labels; see `shortlist.typiclust`.

    For the first labels of all.

    Parameters
    ----------
    classifier : learner
        Its ``X_training`` are the labelled rows. The model is not asked.
    X : array, sparse matrix or frame, shape (rows, features)
        The pool.
    n_instances : int, default=1
        How many rows to pick, from 0 to those of the pool.
    random_state : int, RandomState, Generator or None, default=None
        Rules what is drawn; None is the learner's own, or without one NumPy's global state.

    Returns
    -------
    indices : ndarray of int64, shape (n_instances,)
        Positions in the pool, in the order picked.
    typicalities : ndarray of float64, shape (n_instances,)
        The inverse of the mean distance of each to its nearest neighbours.

    Raises
    ------
    ArgumentError
        `n_instances` is not an integer of 0 or more.
    PoolTooSmallError
        The pool has fewer rows.
    TypeError, ValueError
        The rows are not numbers, or an option is not what is accepted.

    Examples
    --------
    >>> import numpy as np, shortlist as sl
    >>> from sklearn.linear_model import LogisticRegression
    >>> model = LogisticRegression()
    >>> learner = sl.ActiveLearner(model, X_training=[[0.0], [10.0]], y_training=["cat", "dog"])
    >>> X = np.array([[4.0], [5.0], [6.5]])
    >>> indices, values = sl.typiclust_sampling(learner, X, random_state=0)
    >>> indices
    array([0])
    """
    seed = _seed(classifier, random_state)
    return _apart(diversity.typiclust, classifier, X, n_instances, random_state=seed)


def herding_sampling(
    classifier: Any,
    X: Any,
    n_instances: int = 1,
    *,
    measure: Callable[..., Any] | None = None,
    random_state: RandomState = None,
    **options: Any,
) -> Picks:
    """Pick the rows that cover the pool best; see `shortlist.herding`.

    Parameters
    ----------
    classifier : learner
        Its ``X_training`` are the labelled rows.
    X : array, sparse matrix or frame, shape (rows, features)
        The pool.
    n_instances : int, default=1
        How many rows to pick, from 0 to those of the pool.
    measure : callable, optional
        ``measure(learner, X)`` gives how much it is worth to cover each row, 0 or more: with a
        measure of uncertainty this is Uncertainty Herding. By default all rows are worth the same.
    random_state : int, RandomState, Generator or None, default=None
        Rules which rows are references; None is the learner's own, or without one NumPy's global
        state.
    **options
        ``kernel``, ``scale``, ``metric`` and ``references`` of `shortlist.herding`.

    Returns
    -------
    indices : ndarray of int64, shape (n_instances,)
        Positions in the pool, in the order picked.
    gains : ndarray of float64, shape (n_instances,)
        What each added to the coverage.

    Raises
    ------
    ArgumentError
        `n_instances` is not an integer of 0 or more.
    PoolTooSmallError
        The pool has fewer rows.
    TypeError, ValueError
        The rows are not numbers, or an option is not what is accepted.

    Examples
    --------
    >>> import numpy as np, shortlist as sl
    >>> from sklearn.linear_model import LogisticRegression
    >>> model = LogisticRegression()
    >>> learner = sl.ActiveLearner(model, X_training=[[0.0], [10.0]], y_training=["cat", "dog"])
    >>> indices, values = sl.herding_sampling(learner, np.array([[4.0], [5.0], [6.0]]), scale=1.0)
    >>> indices
    array([1])
    """
    check_count(n_instances, count(X))
    options["weights"] = None if measure is None else np.asarray(measure(classifier, X), dtype=np.float64)
    options["random_state"] = _seed(classifier, random_state)
    return _apart(diversity.herding, classifier, X, n_instances, **options)


def _apart(rule: Callable[..., Selection], classifier: Any, X: Any, n_instances: int, **options: Any) -> Picks:
    """Return what a rule picks beside the labelled rows."""
    wanted = check_count(n_instances, count(X))
    return _picks(rule(features(classifier, X), wanted, labelled=labelled_features(classifier), **options))


def _picks(selection: Selection) -> Picks:
    return selection.indices.copy(), selection.scores.copy()


def _seed(classifier: Any, random_state: RandomState) -> int:
    return randomness.seed(randomness.of(classifier, random_state))


def _answered(proba: Array, wanted: int) -> Array | None:
    """Return which rows the model has an answer for; None for all."""
    valid = np.isfinite(proba).all(axis=1)
    check_enough(wanted, int(valid.sum()), len(proba))
    return None if valid.all() else np.flatnonzero(valid)
