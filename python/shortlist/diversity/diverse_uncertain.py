"""diverse_uncertain(): part uncertainty, part diversity, in fixed shares."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shortlist.diversity.uncertain import pick

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import ArrayLike

    from shortlist.arguments import Progress
    from shortlist.selection import Selection


def diverse_uncertain(
    X: Any,
    uncertainty: ArrayLike,
    k: int,
    *,
    balance: float = 0.7,
    labelled: Any = None,
    metric: str | Callable[[Any, Any], Any] = "euclidean",
    among: Selection | ArrayLike | None = None,
    dtype: str | None = None,
    strict: bool = True,
    n_threads: int | None = None,
    progress: Progress | None = None,
) -> Selection:
    """Pick rows one by one by a weighted sum of uncertainty and of distance to
    what is labelled or picked.

    The next pick is the highest ``balance u + (1 - balance) d / D``: u is the uncertainty of a row,
    scaled to lie between 0 and 1 over the rows to pick from, d its distance to the nearest labelled
    or picked row, and D the largest such distance when there first is one. Both scales stay as they
    are for the whole batch, so values can be compared from pick to pick. Where nothing is labelled,
    the first pick is the most uncertain row. Of equals the lowest id is picked. It is maximal
    marginal relevance (Carbonell & Goldstein 1998) with distances in place of similarities.

    Parameters
    ----------
    X : array-like, path, memory map or SciPy sparse matrix, shape (rows, features)
        Finite features of float16, bfloat16, float32 or float64.
    uncertainty : array-like, shape (rows,)
        How uncertain the model is of each row of the pool, the highest most: finite.
    k : int
        Rows to pick.
    balance : float
        The share of uncertainty, from 0 (all diversity) to 1 (all uncertainty).
    labelled : array-like or sparse matrix, shape (labelled rows, features), optional
        Features of rows that are labelled already.
    metric : {"euclidean", "sqeuclidean", "cosine", "manhattan"} or callable
        See `ranked_batch`.
    among : Selection, array of int or mask of bool, optional
        Ids of the rows to pick from; no other row is read. By default all.
    dtype : {None, "bfloat16"}
        Read uint16 as bfloat16.
    strict : bool
        Whether it is an error if there are fewer than k rows; otherwise all are picked.
    n_threads : int, optional
        At most so many threads; by default what affinity and cgroup limits allow.
    progress : callable, optional
        Called about twenty times a second with (rows picked, k).

    Returns
    -------
    Selection
        ``.indices`` in the order picked; ``.scores`` the value each had then.

    Raises
    ------
    ValueError, TypeError
        One sentence that names the argument, what came and what is accepted; of data the first bad
        row.

    Notes
    -----
    Exact, lazy, and in the memory of `ranked_batch`.

    Examples
    --------
    >>> import numpy as np, shortlist as sl
    >>> X = np.array([[0.0], [0.1], [5.0], [9.0]])
    >>> sl.diverse_uncertain(X, np.array([0.5, 0.49, 0.1, 0.4]), 2).indices
    array([0, 3])
    """
    if isinstance(balance, bool) or not isinstance(balance, int | float) or not 0 <= balance <= 1:
        raise ValueError(f"balance is {balance!r}; accepted is a number from 0 to 1")
    return pick(
        "diverse_uncertain",
        X,
        uncertainty,
        k,
        weights=(balance, 1 - balance),
        labelled=labelled,
        metric=metric,
        among=among,
        dtype=dtype,
        strict=strict,
        n_threads=n_threads,
        progress=progress,
    )
