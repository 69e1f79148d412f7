"""Ranked batch: rows that are uncertain and unlike each other (Cardoso et al. 2017).

The work is that of `shortlist.ranked_batch`; these are modAL's names for it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

import shortlist.diversity as diversity
from shortlist.rows import count, take
from shortlist.strategies.asking import scores
from shortlist.strategies.distances import Metric, core_metric, features, labelled_features
from shortlist.strategies.errors import check_count
from shortlist.strategies.uncertainty import UNCERTAINTY

if TYPE_CHECKING:
    from shortlist.rows.blocks import ChunkSize, Progress
    from shortlist.strategies.answers import Invalid
    from shortlist.strategies.choice import Array, Picks


def uncertainty_batch_sampling(
    classifier: Any,
    X: Any,
    n_instances: int = 20,
    metric: Metric = "euclidean",
    n_jobs: int | None = None,
    *,
    chunk_size: ChunkSize = "auto",
    progress: Progress = None,
    invalid: Invalid = "raise",
    **kwargs: Any,
) -> Picks:
    """Pick a ranked batch of rows that are uncertain and unlike each other.

    Parameters
    ----------
    classifier : learner
        Its ``X_training`` are the labelled rows. Without any, the batch starts with the most
        central row.
    X : array, sparse matrix or frame, shape (rows, features)
        The pool.
    n_instances : int, default=20
        Size of the batch; clipped to the pool.
    metric : str or callable, default="euclidean"
        Any that scikit-learn's ``pairwise_distances`` takes. Euclidean, squared Euclidean, cosine
        and Manhattan distances of dense rows are computed by direct differences, so that equal rows
        are at distance 0.
    n_jobs : int or None
        Threads to use at most, or jobs of ``pairwise_distances``; by default what affinity and
        cgroup limits allow.
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
        Positions in the pool, in order of rank.
    uncertainty : ndarray of float32 or float64, shape (n_instances,)
        One minus the largest probability of each.

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
    >>> indices, values = sl.uncertainty_batch_sampling(learner, X, n_instances=2)
    >>> indices
    array([1, 0])
    """
    # A cold start is what the ranked batch is made for, so nothing is said of a model that is not
    # fitted.
    uncertainty = scores(UNCERTAINTY, classifier, X, chunk_size, progress, invalid, kwargs, quiet=True)
    among = np.flatnonzero(~np.isnan(uncertainty)) if invalid == "skip" else None
    return _ranked(classifier, X, uncertainty, n_instances, metric, n_jobs, among)


def ranked_batch(
    classifier: Any,
    unlabeled: Any,
    uncertainty_scores: Any,
    n_instances: int,
    metric: Metric = "euclidean",
    n_jobs: int | None = None,
) -> Picks:
    """Rank a batch given the uncertainty of each row; see `uncertainty_batch_sampling`."""
    return _ranked(classifier, unlabeled, np.asarray(uncertainty_scores), n_instances, metric, n_jobs, None)


def _ranked(
    classifier: Any,
    unlabeled: Any,
    uncertainty: Array,
    n_instances: int,
    metric: Metric,
    n_jobs: int | None,
    among: Array | None,
) -> Picks:
    rows = count(unlabeled) if among is None else len(among)
    wanted = check_count(min(n_instances, rows), rows)
    selection = diversity.ranked_batch(
        features(classifier, unlabeled),
        uncertainty,
        wanted,
        labelled=labelled_features(classifier),
        metric=core_metric(metric, n_jobs),
        among=among,
        n_threads=_threads(n_jobs),
    )
    return selection.indices.copy(), uncertainty[selection.indices]


def select_cold_start_instance(X: Any, metric: Metric = "euclidean", n_jobs: int | None = None) -> tuple[int, Any]:
    """Return the position and the row, as a matrix, that is closest to the others on average."""
    matrix = features(None, X)
    picks, _ = ranked_batch(None, matrix, np.zeros(count(matrix)), 1, metric, n_jobs)
    row = int(picks[0])
    return row, take(matrix, [row])


def select_instance(
    X_training: Any, X_pool: Any, X_uncertainty: Any, mask: Any, metric: Metric = "euclidean", n_jobs: int | None = None
) -> tuple[int, Any, Array]:
    """Return the next pick: its position, the row as a matrix, and `mask` without that row."""
    mask = np.array(mask, dtype=bool)
    selection = diversity.ranked_batch(
        features(None, X_pool),
        np.asarray(X_uncertainty),
        1,
        labelled=features(None, X_training),
        metric=core_metric(metric, n_jobs),
        among=np.flatnonzero(mask),
        n_threads=_threads(n_jobs),
    )
    row = int(selection.indices[0])
    mask[row] = False
    return row, take(X_pool, [row]), mask


def _threads(n_jobs: int | None) -> int | None:
    return n_jobs if n_jobs is not None and n_jobs > 0 else None
