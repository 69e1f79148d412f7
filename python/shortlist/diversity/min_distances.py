"""min_distances(): from each row to the nearest of some others."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from shortlist import _core
from shortlist.diversity.callable_metric import CallableMetric, Metric
from shortlist.diversity.features import MetricName, among_ids, as_features, metric_name
from shortlist.options import called
from shortlist.pools import array_of
from shortlist.threads import thread_count

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from shortlist.arguments import Progress
    from shortlist.selection import Selection


def min_distances(
    X: Any,
    Y: Any,
    *,
    metric: MetricName | str | Metric = "euclidean",
    among: Selection | ArrayLike | None = None,
    dtype: str | None = None,
    n_threads: int | None = None,
    progress: Progress | None = None,
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Return the distance from each row of X to the nearest row of Y, and which row that is.

    Parameters
    ----------
    X : array-like or path, shape (rows, features)
        Finite numbers: float16, bfloat16, float32 or float64, in any memory order, or a `.npy` file
        read in place.
    Y : array-like or path, shape (others, features)
        The rows searched for the nearest; any of these dtypes, not necessarily that of X.
    metric : {"euclidean", "sqeuclidean", "cosine", "manhattan"} or callable
        Cosine distance is 1 - cosine similarity, in [0, 2]; a row of zeros has distance 1 to every
        row. A callable takes (m, features) rows of X and all of Y, and returns (m, others)
        distances.
    among : Selection, array of int or mask of bool, optional
        Ids of the rows of X to look at, in this order ascending; no other row is read. By default
        all.
    dtype : {None, "bfloat16"}
        Read uint16 as bfloat16.
    n_threads : int, optional
        At most so many threads; by default what affinity and cgroup limits allow.
    progress : callable, optional
        Called about twenty times a second with (rows done, rows in all).

    Returns
    -------
    distances : ndarray of float64, shape (rows,)
        At least 0.
    indices : ndarray of int64, shape (rows,)
        Row numbers of Y; the lowest where several are at the same distance.

    Raises
    ------
    ValueError, TypeError
        One sentence that names the argument, what came and what is accepted; of data the first bad
        row.
    OSError
        A file that cannot be opened.

    Notes
    -----
    Exact: a distance is the sum of direct differences, in float64 for every dtype. The expanded
    form, shaped like a matrix product, only rules out pairs, by bounds that hold whatever the
    rounding; what they leave open, most often one pair for each row, is computed directly.
    Near-duplicates and rows far from the origin are as exact as others. O(rows x others x features)
    time; beside the input and the result, memory for Y once and a few hundred rows for each thread.
    No number of threads changes a bit of the result.

    See Also
    --------
    density : the mean similarity of each row to all.

    Examples
    --------
    >>> import numpy as np, shortlist as sl
    >>> X, points = np.array([[0.0, 0.0], [3.0, 3.0]]), np.array([[0.0, 1.0], [3.0, 7.0]])
    >>> sl.min_distances(X, points)
    (array([1.        , 3.60555128]), array([0, 0]))
    """
    x = as_features(X, "X", _uint16(X, dtype))
    y = as_features(Y, "Y", _uint16(Y, dtype))
    if x.columns != y.columns:
        raise ValueError(f"Y has {y.columns} features, and X has {x.columns}; they must be equal")
    for found, name in ((x, "X"), (y, "Y")):
        if not found.rows:
            raise ValueError(f"{name} is empty: it has no rows; at least one is needed")
    ids = among_ids(among, x.rows)
    if callable(metric):
        pool = CallableMetric(metric, x.array, ids, bfloat16=x.bfloat16)
        distances, indices = np.empty(pool.rows), np.empty(pool.rows, np.int64)
        for part, block in pool.to_all(array_of(y.array, y.bfloat16), progress):
            indices[part] = block.argmin(axis=1)
            distances[part] = block.min(axis=1)
        return distances, indices
    return _core.min_distances(
        x.array,
        y.array,
        metric=metric_name(metric),
        among=ids,
        bfloat16=(x.bfloat16, y.bfloat16),
        n_threads=thread_count(n_threads),
        progress=called(progress),
    )


def _uint16(x: Any, dtype: str | None) -> str | None:
    """Return how to read one of two arrays, of which only those of uint16 are told by `dtype`."""
    holds = getattr(x, "dtype", None)
    return dtype if dtype != "bfloat16" or holds is None or holds == np.uint16 else None
