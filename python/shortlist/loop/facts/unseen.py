"""Parts of the pool that nobody was asked about."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


@dataclass(frozen=True)
class Cell:
    """Rows that lie together, none of them labelled.

    Attributes
    ----------
    rows : int
    share : float
        Of all rows that were looked at.
    distance : float
        Median distance of its rows to the nearest labelled row, as a multiple of that of all rows;
        infinite where all other rows lie on labelled ones.
    examples : tuple of int
        The rows nearest to its middle.
    """

    rows: int
    share: float
    distance: float
    examples: tuple[int, ...]


def unseen_cells(
    X: ArrayLike, labelled: ArrayLike, *, cells: int = 50, examples: int = 5, random_state: int = 0
) -> list[Cell]:
    """Return the cells of the pool without a labelled row, the largest first.

    Parameters
    ----------
    X : array-like of shape (n, features)
        Rows of the pool, or a sample of it: with 20,000 rows a cell of a hundredth of the pool
        can't be missed.
    labelled : array-like of int
        Which of these rows are labelled.
    cells : int, default=50
        How many cells the rows are divided into (k-means).
    examples : int, default=5
    random_state : int, default=0

    Examples
    --------
    >>> import numpy as np
    >>> X = np.repeat([[0.0, 0.0], [9.0, 9.0]], [60, 40], axis=0)
    >>> X += np.random.default_rng(0).normal(size=(100, 2)) / 10
    >>> [(cell.rows, cell.share) for cell in unseen_cells(X, np.arange(10), cells=2)]
    [(40, 0.4)]
    """
    from sklearn.cluster import MiniBatchKMeans
    from threadpoolctl import threadpool_limits

    from shortlist.diversity import min_distances

    rows = np.ascontiguousarray(X, dtype=np.float32)
    asked = np.unique(np.asarray(labelled, dtype=np.int64))
    if not len(rows):
        return []
    distinct = len(np.unique(rows, axis=0))
    means = MiniBatchKMeans(min(cells, distinct), random_state=random_state, n_init=3, batch_size=4096)
    # One thread: sums in one order, and so the same cells everywhere.
    with threadpool_limits(1):
        of = means.fit_predict(rows)
    away = min_distances(rows, rows[asked])[0] if len(asked) else np.full(len(rows), np.inf)
    typical = float(np.median(away))
    seen = np.zeros(len(means.cluster_centers_), dtype=np.bool)
    seen[of[asked]] = True
    found = [
        _cell(rows, np.flatnonzero(of == cell), means.cluster_centers_[cell], away, typical, examples)
        for cell in np.flatnonzero(~seen)
        if (of == cell).any()
    ]
    return sorted(found, key=lambda cell: (-cell.rows, cell.examples))


def _cell(
    X: NDArray[Any], members: NDArray[np.int64], middle: NDArray[Any], away: NDArray[Any], typical: float, examples: int
) -> Cell:
    from_middle = ((X[members] - middle) ** 2).sum(axis=1)
    nearest = members[np.argsort(from_middle, kind="stable")[:examples]]
    median = float(np.median(away[members]))
    relative = 1.0 if median == typical else median / typical if typical else float("inf")
    return Cell(len(members), len(members) / len(X), relative, tuple(map(int, nearest)))
