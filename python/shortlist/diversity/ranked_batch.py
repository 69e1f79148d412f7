"""ranked_batch(): rows that are uncertain and unlike each other and what is labelled."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shortlist.diversity.uncertain import pick

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import ArrayLike

    from shortlist.arguments import Progress
    from shortlist.selection import Selection


def ranked_batch(
    X: Any,
    uncertainty: ArrayLike,
    k: int,
    *,
    labelled: Any = None,
    metric: str | Callable[[Any, Any], Any] = "euclidean",
    among: Selection | ArrayLike | None = None,
    dtype: str | None = None,
    strict: bool = True,
    n_threads: int | None = None,
    progress: Progress | None = None,
) -> Selection:
    """Pick rows that are uncertain and unlike each other,
    by ranked batch-mode sampling (Cardoso et al. 2017).

    With n_U rows left to pick from and n_L rows labelled or picked, the next pick is the highest
    ``a (1 - 1 / (1 + d)) + (1 - a) u``, where ``a = n_U / (n_U + n_L)``, u is the uncertainty of a
    row and d its distance to the nearest labelled or picked row. Where nothing is labelled, the
    first pick is the row whose mean distance to all rows is smallest. Of equals the lowest id is
    picked. These are the picks of modAL's ``ranked_batch``, but for its cold start, which may pick
    the first row again.

    Parameters
    ----------
    X : array-like, path, memory map or SciPy sparse matrix, shape (rows, features)
        Finite features of float16, bfloat16, float32 or float64; or a file or files of any kind
        that `select` takes, or a `Source`, read in blocks, again for each round
        (``.report.passes``): these need `labelled`.
    uncertainty : array-like, shape (rows,)
        How uncertain the model is of each row of the pool, the highest most: finite, usually
        between 0 and 1.
    k : int
        Rows to pick.
    labelled : array-like or sparse matrix, shape (labelled rows, features), optional
        Features of rows that are labelled already.
    metric : {"euclidean", "sqeuclidean", "cosine", "manhattan"} or callable
        A callable takes two blocks of rows, (a, features) and (b, features), and gives their (a, b)
        distances, finite and not negative. Rows of a sparse matrix are compared by scikit-learn's
        ``pairwise_distances``.
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
        ``.indices`` in the order picked; ``.scores`` the value each had then, 1 for the first pick
        of a cold start.

    Raises
    ------
    ValueError, TypeError
        One sentence that names the argument, what came and what is accepted; of data the first bad
        row.

    Notes
    -----
    A row's value can only fall as its distance does, so a row is compared with labelled and picked
    rows only until it has lost to the best value known for certain: the picks are those of
    computing every distance at every step. Memory is that of `k_center`, and 8 bytes a row. The
    picks depend on the data alone, not on the number of threads. A cold start compares each row
    with each, in the same memory.

    See Also
    --------
    diverse_uncertain : a weighted sum of the two, with weights that stay.

    Examples
    --------
    >>> import numpy as np, shortlist as sl
    >>> X = np.array([[0.0], [0.1], [5.0], [9.0]])
    >>> sl.ranked_batch(X, np.array([0.5, 0.4, 0.1, 0.3]), 2, labelled=np.array([[4.0]])).indices
    array([0, 3])
    """
    return pick(
        "ranked_batch",
        X,
        uncertainty,
        k,
        weights=None,
        labelled=labelled,
        metric=metric,
        among=among,
        dtype=dtype,
        strict=strict,
        n_threads=n_threads,
        progress=progress,
    )
