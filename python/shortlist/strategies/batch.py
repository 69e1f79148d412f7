"""Ranked batch: rows that are uncertain and unlike each other (Cardoso et al. 2017).

At step t, with n_U rows left to choose from and n_L labelled rows, the next pick is the highest
``a (1 - 1 / (1 + d)) + (1 - a) u`` with ``a = n_U / (n_U + n_L)``, u the uncertainty of a row and d its distance to the
nearest labelled or picked row. That distance only ever falls, so one running minimum serves every step.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.exceptions import NotFittedError

from shortlist.rows import count, take
from shortlist.strategies.asking import pool_of, predict_proba_of, score_matrix
from shortlist.strategies.distances import Metric, Nearest, features, nearest, reduced
from shortlist.strategies.errors import check_count

if TYPE_CHECKING:
    from shortlist.rows.blocks import ChunkSize, Progress
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
    **kwargs: Any,
) -> Picks:
    """Pick a ranked batch of rows that are uncertain and unlike each other.

    Parameters
    ----------
    classifier : learner
        Its ``X_training`` are the labelled rows. Without any, the batch starts with the most central row.
    X : rows
        The pool.
    n_instances : int, default=20
        Size of the batch; clipped to the pool.
    metric : str or callable, default="euclidean"
        Any that scikit-learn's ``pairwise_distances`` takes.
    n_jobs : int or None
        Passed on to it.
    chunk_size, progress
        See `shortlist.strategies.uncertainty`.
    **kwargs
        Passed on to ``predict_proba``.

    Returns
    -------
    indices : ndarray
        In order of rank.
    uncertainty : ndarray
        One minus the largest probability of each.
    """
    uncertainty = _uncertainty(classifier, X, chunk_size, progress, kwargs)
    return ranked_batch(classifier, X, uncertainty, n_instances, metric, n_jobs)


def ranked_batch(
    classifier: Any,
    unlabeled: Any,
    uncertainty_scores: Any,
    n_instances: int,
    metric: Metric = "euclidean",
    n_jobs: int | None = None,
) -> Picks:
    """Rank a batch given the uncertainty of each row; see `uncertainty_batch_sampling`."""
    uncertainty = np.asarray(uncertainty_scores)
    rows = count(unlabeled)
    wanted = check_count(min(n_instances, rows), rows)
    pool = features(classifier, unlabeled)
    known = getattr(classifier, "X_training", None)
    labelled = features(classifier, known) if known is not None and count(known) else None
    near = Nearest(pool, labelled, metric, n_jobs)
    left = np.ones(rows, dtype=bool)
    ranking: list[int] = []
    while len(ranking) < wanted:
        if near.centres:
            value = _values(near.distance, uncertainty, rows - len(ranking), near.centres)
            row = int(np.argmax(np.where(left, value, -np.inf)))
        else:
            row = _most_central(pool, metric, n_jobs)
        left[row] = False
        ranking.append(row)
        if len(ranking) < wanted:
            near.add(row)
    indices = np.asarray(ranking, dtype=np.int64)
    return indices, uncertainty[indices]


def select_cold_start_instance(X: Any, metric: Metric = "euclidean", n_jobs: int | None = None) -> tuple[int, Any]:
    """Return the position and the row, as a matrix, whose mean distance to the others is smallest."""
    matrix = features(None, X)
    row = _most_central(matrix, metric, n_jobs)
    return row, take(matrix, [row])


def select_instance(
    X_training: Any, X_pool: Any, X_uncertainty: Any, mask: Any, metric: Metric = "euclidean", n_jobs: int | None = None
) -> tuple[int, Any, Array]:
    """Return the position and the row, as a matrix, of the next pick, and `mask` with that row taken out."""
    mask = np.array(mask, dtype=bool)
    pool, labelled = features(None, X_pool), features(None, X_training)
    left = np.flatnonzero(mask)
    distance = nearest(take(pool, left), labelled, metric, n_jobs)
    value = _values(distance, np.asarray(X_uncertainty)[left], len(left), count(labelled))
    row = int(left[np.argmax(value)])
    mask[row] = False
    return row, take(X_pool, [row]), mask


def _values(distance: Array, uncertainty: Array, unlabelled: int, labelled: int) -> Array:
    alpha = unlabelled / (unlabelled + labelled)
    return np.asarray(alpha * (1 - 1 / (1 + distance)) + (1 - alpha) * uncertainty)


def _most_central(pool: Any, metric: Metric, n_jobs: int | None) -> int:
    return int(np.argmin(reduced(pool, pool, metric, n_jobs, lambda block: block.mean(axis=1))))


def _uncertainty(classifier: Any, X: Any, chunk_size: ChunkSize, progress: Progress, kwargs: dict[str, Any]) -> Array:
    """Score without the warning for an unfitted model: a cold start is what the ranked batch is made for."""
    ask, parts = predict_proba_of(classifier), []
    pool = pool_of(classifier, X, chunk_size, progress)
    for _, block in pool:
        try:
            proba = ask(block, **kwargs)
        except NotFittedError:
            return np.ones(pool.rows)
        parts.append(score_matrix(proba, "least_confident"))
    return np.concatenate(parts)
