"""Distances that the core cannot compute itself: by a callable, or between rows of a sparse matrix.

A callable is asked for the distances between two blocks of rows at a time. The shape of what it
gives is checked here, and distances that the core picks by are checked in the core.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from shortlist.arguments import Steps
from shortlist.diversity.features import among_ids, metric_name, none_given
from shortlist.pools import array_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from shortlist.arguments import Progress

Metric: TypeAlias = Callable[[Any, Any], Any]
"""Takes two blocks of rows, (m, features) and (n, features), and returns their (m, n) distances."""

CELLS = 1 << 21
"""Distances that a callable is asked for at once, at most."""


class CallableMetric:
    """The rows of a pool, and how far they are from others as a callable says.

    The core asks it for the distances that a greedy rule needs: see `nearest`, `pick`, `central`
    and `from_mean`.

    Parameters
    ----------
    metric : callable
        See `Metric`.
    pool : array or SciPy CSR matrix, shape (rows, features)
        Whatever ``pool[positions]`` takes rows of.
    ids : ndarray of int64, optional
        The rows of the pool that positions count; by default all.
    labelled : the same as `pool`, optional
        The points from the start.
    bfloat16 : bool
        Whether the pool is uint16 and holds bfloat16.
    """

    def __init__(
        self,
        metric: Metric,
        pool: Any,
        ids: NDArray[np.int64] | None = None,
        labelled: Any = None,
        *,
        bfloat16: bool = False,
    ) -> None:
        self.metric, self.pool, self.ids, self.labelled, self.bfloat16 = metric, pool, ids, labelled, bfloat16
        self.name = getattr(metric, "__name__", type(metric).__name__)
        self.rows = int(pool.shape[0]) if ids is None else len(ids)
        self.known = 0 if labelled is None else int(labelled.shape[0])
        self.picks: list[int] = []

    def nearest(self, rows: NDArray[np.int64], start: int, stop: int) -> NDArray[np.float64]:
        """Return the distance of each row to the nearest of some points:
        labelled ones, then picks.
        """
        parts = []
        if start < self.known:
            parts.append(self.labelled[start : min(stop, self.known)])
        if stop > self.known:
            parts.append(self._take(np.asarray(self.picks[max(start - self.known, 0) : stop - self.known])))
        found = np.full(len(rows), np.inf)
        for points in parts:
            for part, block in self._blocks(points, rows):
                np.minimum(found[part], block.min(axis=1), out=found[part])
        return found

    def pick(self, row: int) -> None:
        """Make a row a point."""
        self.picks.append(row)

    def central(self) -> int:
        """Return the position of the row with the smallest mean distance to all rows."""
        means = [block.mean(axis=1) for _, block in self._blocks(self._take(slice(None)))]
        return int(np.argmin(np.concatenate(means)))

    def from_mean(self) -> NDArray[np.float64]:
        """Return the distance of each row to the mean of all rows."""
        mean = np.asarray(self._take(slice(None)).mean(axis=0), dtype=np.float64).reshape(1, -1)
        return np.concatenate([block[:, 0] for _, block in self._blocks(mean)])

    def to_all(self, others: Any, progress: Progress | None) -> Iterator[tuple[slice, NDArray[np.float64]]]:
        """Yield the distances of all rows to all others, some rows at a time; refuse NaN alone."""
        steps = Steps(progress, self.rows)
        for part, block in self._blocks(others):
            unknown = np.isnan(block).any(axis=1)
            if unknown.any():
                row = part.start + int(unknown.argmax())
                raise ValueError(
                    f"metric {self.name} gave NaN for row {row if self.ids is None else self.ids[row]}; accepted are numbers"
                )
            yield part, block
            steps.block(len(block))
        steps.end()

    def _blocks(
        self, points: Any, rows: NDArray[np.int64] | None = None
    ) -> Iterator[tuple[slice, NDArray[np.float64]]]:
        """Yield places among `rows`, by default all, and the distances of these to all points."""
        count = self.rows if rows is None else len(rows)
        step = max(1, CELLS // max(1, int(points.shape[0])))
        for first in range(0, count, step):
            part = slice(first, min(first + step, count))
            block = self._take(part if rows is None else rows[part])
            found = np.asarray(self.metric(block, points), dtype=np.float64)
            m, n = int(block.shape[0]), int(points.shape[0])
            if found.shape != (m, n):
                raise ValueError(
                    f"metric {self.name} gave shape {found.shape} for blocks of {m} and {n} rows; "
                    f"accepted is {(m, n)}, one distance for each pair"
                )
            yield part, found

    def _take(self, rows: NDArray[np.int64] | slice) -> Any:
        return array_of(self.pool[rows if self.ids is None else self.ids[rows]], self.bfloat16)


def sparse_metric(name: str) -> Metric:
    """Return a metric by name for blocks of sparse rows, as scikit-learn computes it."""
    from sklearn.metrics.pairwise import euclidean_distances, pairwise_distances

    if name == "sqeuclidean":
        return partial(euclidean_distances, squared=True)
    return partial(pairwise_distances, metric=name)


def check_sparse(x: Any, name: str) -> Any:
    """Return a sparse matrix in rows; refuse numbers that are not finite,
    naming the first such row.
    """
    matrix = x.tocsr()
    bad = ~np.isfinite(matrix.data)
    if bad.any():
        row = int(np.searchsorted(matrix.indptr, int(bad.argmax()), side="right")) - 1
        whose = "" if name == "X" else f"{name} "
        raise ValueError(f"{whose}row {row} has {matrix.data[bad.argmax()]}; accepted are finite numbers")
    return matrix


def as_callable_metric(X: Any, labelled: Any, metric: Any, among: Any) -> CallableMetric:
    """Return a pool whose distances a callable gives, or scikit-learn where it is sparse."""
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
        metric = sparse_metric(metric_name(metric))
    return CallableMetric(metric, pool, among_ids(among, int(pool.shape[0])), labelled)
