"""density(): how close a row is to all others."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, overload

import numpy as np

from shortlist import _core
from shortlist.arguments import whole
from shortlist.diversity.callable_metric import CallableMetric, Metric
from shortlist.diversity.features import Features, MetricName, among_ids, as_features, metric_name
from shortlist.options import called
from shortlist.pools import array_of
from shortlist.sampling import sample as draw
from shortlist.threads import thread_count

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from shortlist.arguments import Progress, RandomState
    from shortlist.selection import Selection


@overload
def density(
    X: Any,
    *,
    metric: MetricName | str | Metric = ...,
    sample: None = ...,
    random_state: RandomState = ...,
    among: Selection | ArrayLike | None = ...,
    dtype: str | None = ...,
    n_threads: int | None = ...,
    progress: Progress | None = ...,
) -> NDArray[np.float64]: ...
@overload
def density(
    X: Any,
    *,
    metric: MetricName | str = ...,
    sample: int,
    random_state: RandomState = ...,
    among: Selection | ArrayLike | None = ...,
    dtype: str | None = ...,
    n_threads: int | None = ...,
    progress: Progress | None = ...,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]: ...
def density(
    X: Any,
    *,
    metric: MetricName | str | Metric = "euclidean",
    sample: int | None = None,
    random_state: RandomState = None,
    among: Selection | ArrayLike | None = None,
    dtype: str | None = None,
    n_threads: int | None = None,
    progress: Progress | None = None,
) -> NDArray[np.float64] | tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the information density of each row: the mean of ``1 / (1 + d)`` over its
    distances d to every row.

    The row itself, at distance 0, is one of them. High where a row has many others near it (Settles
    & Craven 2008, with the similarity modAL takes).

    Parameters
    ----------
    X : array-like or path, shape (rows, features)
        Finite numbers: float16, bfloat16, float32 or float64, in any memory order, or a `.npy` file
        read in place.
    metric : {"euclidean", "sqeuclidean", "cosine", "manhattan"} or callable
        Cosine distance is 1 - cosine similarity; a row of zeros has distance 1 to every other row.
        A callable takes (m, features) rows and all of X, and returns (m, rows) distances.
    sample : int, optional
        Estimate from so many rows, at least 3, drawn uniformly without replacement; the same for
        all rows.
    random_state : int, numpy Generator or RandomState, optional
        Seed of that draw; by default a fresh one.
    among : Selection, array of int or mask of bool, optional
        Ids of the rows in question: only these are read, into a copy, and compared with each other.
        By default all.
    dtype : {None, "bfloat16"}
        Read uint16 as bfloat16.
    n_threads : int, optional
        At most so many threads; by default what affinity and cgroup limits allow.
    progress : callable, optional
        Called about twenty times a second with (rows done, rows in all).

    Returns
    -------
    values : ndarray of float64, shape (rows,)
        In (0, 1]; with `among` one for each of its ids, by ascending id.
    errors : ndarray of float64, shape (rows,)
        With `sample`: the standard errors of the estimates. They are about 1 / sqrt(sample) of the
        spread of a row's similarities, whatever the number of rows; estimates share the rows drawn,
        so their errors go together.

    Raises
    ------
    ValueError, TypeError
        One sentence that names the argument, what came and what is accepted; of data the first bad
        row.
    OSError
        A file that cannot be opened.

    Notes
    -----
    O(rows² x features / 2) time, or O(rows x sample x features). Memory beside the input and the
    result: a few hundred rows for each thread and 8 bytes a row; never rows x rows. No number of
    threads changes a bit of the result. For float64 a similarity is right to a share of 1e-11.
    Other dtypes are computed in float32: right to 1e-4 in the worst case that rounding allows, and
    about 1e-7 most often. Pairs so close that rounding could do more to them are computed by direct
    differences.

    See Also
    --------
    min_distances : the nearest of some rows to each row.

    Examples
    --------
    >>> import numpy as np, shortlist as sl
    >>> sl.density(np.array([[0.0], [1.0], [4.0]])).round(4)
    array([0.5667, 0.5833, 0.4833])
    """
    x = as_features(X, "X", dtype)
    ids = among_ids(among, x.rows)
    if ids is not None:
        x = _taken(x, ids)
        if not x.rows:
            return np.empty(0) if sample is None else (np.empty(0), np.empty(0))
    if not x.rows:
        raise ValueError("X is empty: it has no rows; at least one is needed")
    references = None
    if sample is not None:
        sample = whole(sample, "sample", least=3)
        if sample > x.rows:
            raise ValueError(f"sample is {sample:,}, and X has {x.rows:,} rows; accepted are at most as many")
        if callable(metric):
            raise ValueError("sample was given with a callable metric; accepted with a metric's name")
        references = np.sort(draw(x.rows, sample, random_state=random_state).indices)
    if callable(metric):
        values = np.empty(x.rows)
        pool = CallableMetric(metric, x.array, bfloat16=x.bfloat16)
        for part, distances in pool.to_all(array_of(x.array, x.bfloat16), progress):
            # NumPy may round as it likes: what a callable gives is nowhere else made a density.
            values[part] = (1 / (1 + distances)).mean(axis=1)
        return values
    values, errors = _core.density(
        x.array,
        metric=metric_name(metric),
        references=references,
        bfloat16=x.bfloat16,
        n_threads=thread_count(n_threads),
        progress=called(progress),
    )
    return values if errors is None else (values, errors)


def _taken(x: Features, ids: NDArray[np.int64]) -> Features:
    """Copy the rows in question, and name the first bad one by its id while it is known."""
    taken = x.array[ids]
    bad = ~np.isfinite(array_of(taken, x.bfloat16))
    if bad.any():
        row, column = (int(i) for i in np.argwhere(bad)[0])
        value = array_of(taken, x.bfloat16)[row, column]
        came = "NaN" if np.isnan(value) else value
        raise ValueError(f"row {ids[row]} has {came} in column {column}; accepted are finite numbers")
    return Features(taken, x.bfloat16, copies=x.copies)
