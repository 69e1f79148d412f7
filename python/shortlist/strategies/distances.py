"""Distances from the rows of a pool to a few others: plain blocks, no N x N matrix."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
from scipy import sparse
from scipy.spatial.distance import cdist
from sklearn.metrics import pairwise_distances

from shortlist.rows import count, kind, span, take

Array = np.ndarray[Any, Any]
Metric: TypeAlias = str | Callable[..., Any]
CELLS = 2**21

_DIRECT = {"euclidean": "euclidean", "sqeuclidean": "sqeuclidean", "manhattan": "cityblock", "cityblock": "cityblock"}


def features(model: Any, X: Any) -> Any:
    """Return rows as a matrix: transformed where the learner says so, flattened where a row has several axes."""
    if getattr(model, "on_transformed", False):
        X = model.transform_without_estimating(X)
    if kind(X) == "sparse":
        return X.tocsr()
    matrix = np.asarray(X)
    return matrix.reshape(len(matrix), -1)


def between(A: Any, B: Any, metric: Metric = "euclidean", n_jobs: int | None = None) -> Array:
    """Return the distances from each row of `A` to each of `B`.

    Euclidean and Manhattan distances of dense rows are sums of differences, so that equal rows are at distance 0; all
    else is what scikit-learn's ``pairwise_distances`` gives.
    """
    if isinstance(metric, str) and metric in _DIRECT and not (sparse.issparse(A) or sparse.issparse(B)):
        return np.asarray(cdist(A, B, _DIRECT[metric]))
    return np.asarray(pairwise_distances(A, B, metric=metric, n_jobs=n_jobs))


def nearest(A: Any, B: Any, metric: Metric = "euclidean", n_jobs: int | None = None) -> Array:
    """Return the distance from each row of `A` to the nearest of `B`."""
    return reduced(A, B, metric, n_jobs, lambda block: block.min(axis=1))


def reduced(A: Any, B: Any, metric: Metric, n_jobs: int | None, reduce: Callable[[Array], Array]) -> Array:
    """Return ``reduce(distances to B)`` for each row of `A`, in blocks of at most `CELLS` numbers."""
    rows, step = count(A), max(1, CELLS // max(1, count(B), A.shape[1]))
    out = np.empty(rows)
    for first in range(0, rows, step):
        stop = min(first + step, rows)
        out[first:stop] = reduce(between(span(A, first, stop), B, metric, n_jobs))
    return out


class Nearest:
    """Distance from each row of a pool to the nearest centre, kept up to date as centres are added.

    Parameters
    ----------
    pool : matrix
        As `features` gives it.
    centres : matrix or None
        The first centres; None or no rows for none.
    metric, n_jobs
        See `between`.
    """

    def __init__(self, pool: Any, centres: Any, metric: Metric, n_jobs: int | None = None) -> None:
        self.pool, self.metric, self.n_jobs = pool, metric, n_jobs
        self.centres = 0 if centres is None else count(centres)
        self.distance = (
            nearest(pool, centres, metric, n_jobs) if self.centres else np.full(count(pool), np.inf, dtype=np.float64)
        )

    def add(self, row: int) -> None:
        """Make a row of the pool a centre."""
        centre = take(self.pool, [row])
        np.minimum(self.distance, nearest(self.pool, centre, self.metric, self.n_jobs), out=self.distance)
        self.centres += 1
