"""Distances that the core cannot compute itself: by a callable, or between rows of a sparse matrix."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from shortlist.diversity.features import METRICS, among_ids, metric_name, none_given

if TYPE_CHECKING:
    from numpy.typing import NDArray

BlockMetric: TypeAlias = Callable[[Any, Any], Any]
"""Takes two blocks of rows, gives the distances from each row of the first to each of the second."""

CELLS = 1 << 21
"""Distances computed at a time."""


class Told:
    """What the core asks for distances: rows of a pool against labelled rows and picks.

    Parameters
    ----------
    pool : array or SciPy CSR matrix, shape (rows, features)
        Whatever ``pool[positions]`` takes rows of.
    labelled : the same, or None
        The points from the start.
    metric : callable
        See `BlockMetric`.
    ids : ndarray of int64 or None
        The rows of the pool that positions count; None for all.
    """

    def __init__(self, pool: Any, labelled: Any, metric: BlockMetric, ids: NDArray[np.int64] | None) -> None:
        self.pool, self.labelled, self.metric, self.ids = pool, labelled, metric, ids
        self.rows = int(pool.shape[0]) if ids is None else len(ids)
        self.known = 0 if labelled is None else int(labelled.shape[0])
        self.picks: list[int] = []

    def nearest(self, rows: NDArray[np.int64], start: int, stop: int) -> NDArray[np.float64]:
        """Return the distance of each row to the nearest of the points `start` to `stop`, in the order they became points."""
        parts = []
        if start < self.known:
            parts.append(self.labelled[start : min(stop, self.known)])
        if stop > self.known:
            parts.append(self._take(np.asarray(self.picks[max(start - self.known, 0) : stop - self.known])))
        found = np.full(len(rows), np.inf)
        for points in parts:
            for first, block in self._blocks(rows, int(points.shape[0])):
                part = found[first : first + block.shape[0]]
                np.minimum(part, self._between(block, points).min(axis=1), out=part)
        return found

    def pick(self, row: int) -> None:
        """Make a row a point."""
        self.picks.append(row)

    def central(self) -> int:
        """Return the position of the row with the smallest mean distance to all rows."""
        every = np.arange(self.rows)
        pool = self._take(every)
        means = [self._between(block, pool).mean(axis=1) for _, block in self._blocks(every, self.rows)]
        return int(np.argmin(np.concatenate(means)))

    def from_mean(self) -> NDArray[np.float64]:
        """Return the distance of each row to the mean of all rows."""
        every = np.arange(self.rows)
        mean = np.asarray(self._take(every).mean(axis=0), dtype=np.float64).reshape(1, -1)
        return np.concatenate([self._between(block, mean)[:, 0] for _, block in self._blocks(every, 1)])

    def _between(self, block: Any, points: Any) -> NDArray[np.float64]:
        found = np.asarray(self.metric(block, points), dtype=np.float64)
        wanted = (int(block.shape[0]), int(points.shape[0]))
        if found.shape != wanted:
            raise ValueError(f"metric gave shape {found.shape} for two blocks of rows; accepted is {wanted}")
        return found

    def _blocks(self, rows: NDArray[np.int64], points: int) -> Any:
        step = max(1, CELLS // max(1, points))
        for first in range(0, len(rows), step):
            yield first, self._take(rows[first : first + step])

    def _take(self, rows: NDArray[np.int64]) -> Any:
        return self.pool[rows if self.ids is None else self.ids[rows]]


def sparse_metric(name: str) -> BlockMetric:
    """Return a metric by name for blocks of sparse rows, as scikit-learn computes it."""
    from sklearn.metrics.pairwise import euclidean_distances, pairwise_distances

    if name == "sqeuclidean":
        return partial(euclidean_distances, squared=True)
    return partial(pairwise_distances, metric=name)


def check_sparse(x: Any, name: str) -> Any:
    """Return a sparse matrix in rows; refuse numbers that are not finite, naming the first such row."""
    matrix = x.tocsr()
    bad = ~np.isfinite(matrix.data)
    if bad.any():
        row = int(np.searchsorted(matrix.indptr, int(bad.argmax()), side="right")) - 1
        whose = "" if name == "X" else f"{name} "
        raise ValueError(f"{whose}row {row} has {matrix.data[bad.argmax()]}; accepted are finite numbers")
    return matrix


def told_of(X: Any, labelled: Any, metric: Any, among: Any) -> Told:
    """Return a pool whose distances are told by a callable, or by scikit-learn where it is sparse."""
    labelled = None if none_given(labelled) else labelled
    if hasattr(X, "tocsr"):
        pool = check_sparse(X, "X")
        if labelled is not None:
            from scipy.sparse import csr_matrix

            labelled = check_sparse(labelled if hasattr(labelled, "tocsr") else csr_matrix(labelled), "labelled")
    else:
        pool = X if hasattr(X, "shape") else np.asarray(X)
        if labelled is not None and not hasattr(labelled, "shape"):
            labelled = np.asarray(labelled)
    if len(pool.shape) != 2:
        raise ValueError(f"X has {len(pool.shape)} dimensions, shape {pool.shape}; accepted is (rows, features)")
    if labelled is not None and labelled.shape[1:] != pool.shape[1:]:
        raise ValueError(f"labelled has shape {labelled.shape}, and X has {pool.shape[1]} features; they must be equal")
    if not callable(metric):
        if metric not in METRICS:
            metric_name(metric)
        metric = sparse_metric(metric)
    return Told(pool, labelled, metric, among_ids(among, int(pool.shape[0])))
