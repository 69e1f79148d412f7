"""kmeans_plus_plus(): rows drawn in proportion to their squared distance to the
nearest row drawn before.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from shortlist import _core
from shortlist.arguments import seed_of
from shortlist.diversity.badge import drawn
from shortlist.diversity.features import among_ids, as_features, as_points, picks_of
from shortlist.options import called
from shortlist.threads import thread_count

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from shortlist.arguments import Progress, RandomState
    from shortlist.selection import Selection


def kmeans_plus_plus(
    X: Any,
    k: int,
    *,
    labelled: Any = None,
    random_state: RandomState = None,
    among: Selection | ArrayLike | None = None,
    dtype: str | None = None,
    strict: bool = True,
    n_threads: int | None = None,
    progress: Progress | None = None,
) -> Selection:
    """Pick rows that differ from each other, drawn as k-means++ draws its seeds
    (Arthur & Vassilvitskii 2007).

    The first row is drawn uniformly, every other in proportion to its squared Euclidean distance to
    the nearest row drawn before or labelled.

    Parameters
    ----------
    X : array-like or path, shape (rows, features)
        Finite features of float16, bfloat16, float32 or float64.
    k : int
        Rows to pick.
    labelled : array-like, shape (labelled rows, features), optional
        Features of rows that are labelled already, to stay away from.
    random_state : int, numpy Generator or RandomState, optional
        Seed; by default a fresh one, which the report names.
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
        ``.indices`` in the order drawn. ``.scores`` are squared distances to the nearest row drawn
        before or labelled; infinite for the first where nothing is. Once all rows left equal one of
        those the lowest ids follow, with score 0; the report counts them.

    Raises
    ------
    ValueError, TypeError
        One sentence that names the argument, what came and what is accepted; of data the first bad
        row.

    Notes
    -----
    The exact law, with one random number a row: see `badge`, whose race this is. One pass over the
    rows, and after that only rows that may be next are compared with the picks. 24 bytes a row
    beside the input. The draws depend on the seed and the rows alone: no number of threads changes
    them.

    Examples
    --------
    >>> import numpy as np, shortlist as sl
    >>> X = np.array([[0.0], [0.0], [1e6], [1e6]])
    >>> picks = sl.kmeans_plus_plus(X, 2, random_state=0)
    >>> sorted(X[picks.indices, 0].tolist())
    [0.0, 1000000.0]
    """
    features = as_features(X, "X", dtype)
    centres = as_points(labelled, features)
    ids = among_ids(among, features.rows)
    k = picks_of(k, features.rows if ids is None else len(ids), strict=strict)
    began, seed, n_threads = time.perf_counter(), seed_of(random_state), thread_count(n_threads)
    indices, squared, _ = _core.kmeans_plus_plus(
        features.array,
        k,
        labelled=centres,
        seed=seed,
        among=ids,
        bfloat16=features.bfloat16,
        n_threads=n_threads,
        progress=called(progress),
    )
    return drawn("kmeans_plus_plus", indices, squared, [features], ids, seed, n_threads, began)
