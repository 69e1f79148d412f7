"""min_distances(): from each row to the nearest of some others."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from shortlist import _core
from shortlist.arguments import Steps
from shortlist.diversity.features import Features, MetricName, among_ids, as_features, metric_name
from shortlist.options import called
from shortlist.pools import array_of
from shortlist.threads import thread_count

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from shortlist.arguments import Progress
    from shortlist.selection import Selection

Distance: TypeAlias = Callable[[Any, Any], Any]
"""Takes (m, d) and (n, d) rows and returns (m, n) distances."""

CELLS = 1 << 21
"""Distances that a callable metric is asked for at once, at most."""


def min_distances(
    X: Any,
    Y: Any,
    *,
    metric: MetricName | str | Distance = "euclidean",
    among: Selection | ArrayLike | None = None,
    dtype: str | None = None,
    n_threads: int | None = None,
    progress: Progress | None = None,
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Return the distance from each row of X to the nearest row of Y, and which row that is.

    Parameters
    ----------
    X : array-like or path, shape (rows, features)
        Finite numbers: float16, bfloat16, float32 or float64, in any memory order, or a `.npy` file read in place.
    Y : array-like or path, shape (others, features)
        The rows searched for the nearest; any of these dtypes, not necessarily that of X.
    metric : {"euclidean", "sqeuclidean", "cosine", "manhattan"} or callable
        Cosine distance is 1 - cosine similarity, in [0, 2]; a row of zeros has distance 1 to every row. A callable takes
        (m, features) rows of X and all of Y, and returns (m, others) distances.
    among : Selection, array of int or mask of bool, optional
        Ids of the rows of X to look at, in this order ascending; no other row is read. By default all.
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
        One sentence that names the argument, what came and what is accepted; of data the first bad row.
    OSError
        A file that cannot be opened.

    Notes
    -----
    Exact: a distance is the sum of direct differences, in float64 for every dtype. The expanded form, shaped like a
    matrix product, only rules out pairs, by bounds that hold whatever the rounding; what they leave open, most often
    one pair for each row, is computed directly. Near-duplicates and rows far from the origin are as exact as others.
    O(rows x others x features) time; beside the input and the result, memory for Y once and a few hundred rows for each
    thread. No number of threads changes a bit of the result.

    See Also
    --------
    density : the mean similarity of each row to all.

    Examples
    --------
    >>> import numpy as np, shortlist as sl
    >>> distances, indices = sl.min_distances(np.array([[0.0, 0.0], [3.0, 3.0]]), np.array([[0.0, 1.0], [3.0, 7.0]]))
    >>> distances, indices
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
        return _by_callable(x, y, metric, ids, progress)
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


def _by_callable(
    x: Features, y: Features, metric: Distance, ids: NDArray[np.int64] | None, progress: Progress | None
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    rows = x.rows if ids is None else len(ids)
    distances, indices = np.empty(rows), np.empty(rows, np.int64)
    steps = Steps(progress, rows)
    for first, block in distance_blocks(x, y, metric, ids):
        part = slice(first, first + len(block))
        indices[part] = block.argmin(axis=1)
        distances[part] = np.take_along_axis(block, indices[part, None], axis=1)[:, 0]
        steps.block(len(block))
    steps.end()
    return distances, indices


def distance_blocks(x: Features, y: Features, metric: Distance, ids: NDArray[np.int64] | None = None) -> Any:
    """Yield (first row, distances of some rows of `x` to all of `y`), block by block."""
    rows = x.rows if ids is None else len(ids)
    others = array_of(y.array, y.bfloat16)
    step = max(1, CELLS // len(others))
    name = getattr(metric, "__name__", type(metric).__name__)
    for first in range(0, rows, step):
        part = slice(first, min(first + step, rows))
        some = array_of(x.array[part if ids is None else ids[part]], x.bfloat16)
        block = np.asarray(metric(some, others), dtype=np.float64)
        if block.shape != (len(some), len(others)):
            raise ValueError(
                f"metric {name} returned shape {block.shape} for {len(some)} and {len(others)} rows; "
                f"accepted is one distance for each pair, {(len(some), len(others))}"
            )
        if np.isnan(block).any():
            row = first + int(np.isnan(block).any(axis=1).argmax())
            raise ValueError(
                f"metric {name} returned NaN for row {row if ids is None else ids[row]}; accepted are numbers"
            )
        yield first, block
