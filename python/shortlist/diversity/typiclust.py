"""typiclust(): the most typical row of each cluster that has no label."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import numpy as np

from shortlist import _core
from shortlist.arguments import seed_of, whole
from shortlist.diversity.clusters import MINI_BATCH_FROM, cluster
from shortlist.diversity.features import among_ids, as_features, as_points, picks_of, report_on
from shortlist.options import called
from shortlist.pools import array_of
from shortlist.selection import Selection
from shortlist.threads import thread_count

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from shortlist.arguments import Progress, RandomState

MOST_CLUSTERS = 500
SMALL = 5
"""Rows of clusters that are left for last."""


def typiclust(
    X: Any,
    k: int,
    *,
    labelled: Any = None,
    neighbours: int = 20,
    random_state: RandomState = None,
    among: Selection | ArrayLike | None = None,
    dtype: str | None = None,
    strict: bool = True,
    n_threads: int | None = None,
    progress: Progress | None = None,
) -> Selection:
    """Pick typical rows, each from another cluster (TypiClust, Hacohen et al. 2022):
    for the first labels of all.

    All rows, labelled ones too, are clustered by k-means into as many clusters as there will be
    labels, at most 500. Rows come from one cluster after the other, those with the fewest labels
    first and of these the largest; from each the most typical one left. Clusters of up to 5 rows
    come last.

    Parameters
    ----------
    X : array-like or path, shape (rows, features)
        Finite features of float16, bfloat16, float32 or float64; meant for embeddings learnt
        without labels.
    k : int
        Rows to pick.
    labelled : array-like, shape (labelled rows, features), optional
        Features of rows that are labelled already.
    neighbours : int
        Typicality is one over the mean distance to so many nearest rows of the cluster that are
        neither labelled nor picked, or to half of these if that is fewer.
    random_state : int, numpy Generator or RandomState, optional
        Seed of the clustering; by default a fresh one, which the report names.
    among : Selection, array of int or mask of bool, optional
        Ids of the rows to pick from; no other row is read. By default all.
    dtype : {None, "bfloat16"}
        Read uint16 as bfloat16.
    strict : bool
        Whether it is an error if there are fewer than k rows; otherwise all are picked.
    n_threads : int, optional
        At most so many threads; by default what affinity and cgroup limits allow.
    progress : callable, optional
        Called about twenty times a second with (rows picked, k), once the clusters are known.

    Returns
    -------
    Selection
        ``.scores`` are typicalities: infinite for a row that equals its neighbours or is the last
        of its cluster.

    Raises
    ------
    ValueError, TypeError
        One sentence that names the argument, what came and what is accepted; of data the first bad
        row.

    Notes
    -----
    Clusters are scikit-learn's: `KMeans` up to 50 and `MiniBatchKMeans` above, from seeds of
    `kmeans_plus_plus`. Typicality is exact, in O(size² x features) time for a cluster picked from,
    and one cluster at a time is held in double precision. Rows are copied for the clustering where
    `among` or `labelled` is given, and from half precision; the report says so.

    Examples
    --------
    >>> import numpy as np, shortlist as sl
    >>> rng = np.random.default_rng(0)
    >>> X = np.concatenate([rng.normal(0, 1, (50, 2)), rng.normal(9, 1, (50, 2))])
    >>> sorted(sl.typiclust(X, 2, random_state=0).indices // 50)
    [np.int64(0), np.int64(1)]
    """
    features = as_features(X, "X", dtype)
    points = as_points(labelled, features)
    ids = among_ids(among, features.rows)
    count = features.rows if ids is None else len(ids)
    k = picks_of(k, count, strict=strict)
    neighbours = whole(neighbours, "neighbours", least=1)
    began, seed, n_threads = time.perf_counter(), seed_of(random_state), thread_count(n_threads)
    n_labelled = 0 if points is None else len(points)
    n_clusters = min(n_labelled + k, MOST_CLUSTERS)
    if k == 0:
        picks, typicality = np.empty(0, np.int64), np.empty(0)
    else:
        # Draws nothing: it is for the sentence about the first row that is not finite, before
        # anything is copied.
        _core.kmeans_plus_plus(
            features.array, 0, labelled=points, among=ids, bfloat16=features.bfloat16, n_threads=n_threads
        )
        rows = _together(features.array if ids is None else features.array[ids], features.bfloat16, points)
        if not np.may_share_memory(rows, features.array):
            features.copies.append(f"X was copied for the clustering ({rows.nbytes:,} bytes)")
        found = cluster(rows, n_clusters, seed, mini_batch=n_clusters >= MINI_BATCH_FROM, n_threads=n_threads)
        del rows
        own, theirs = found[:count], found[count:]
        turns = _turns(own, theirs, k)
        wanted = np.bincount(turns, minlength=int(found.max()) + 1)
        visited = np.flatnonzero(wanted)
        members = [np.flatnonzero(own == each) for each in visited]
        picked, typical = _core.typiclust(
            features.array,
            np.concatenate([each if ids is None else ids[each] for each in members]),
            [len(each) for each in members],
            wanted[visited].tolist(),
            neighbours=neighbours,
            bfloat16=features.bfloat16,
            n_threads=n_threads,
            progress=called(progress),
        )
        places = np.argsort(turns, kind="stable")
        picks, typicality = np.empty(k, np.int64), np.empty(k)
        picks[places], typicality[places] = picked, typical
    report = report_on([features], count, began, n_threads, seed=seed)
    return Selection(picks, typicality, "typiclust", "highest", report)


def _together(rows: NDArray[Any], bfloat16: bool, points: NDArray[np.float64] | None) -> NDArray[np.floating[Any]]:
    """Return the rows to cluster, labelled ones last, in a type that scikit-learn takes."""
    rows = array_of(rows, bfloat16)
    if rows.dtype == np.float16:
        rows = rows.astype(np.float32)
    return rows if points is None else np.concatenate([rows, points.astype(rows.dtype)])


def _turns(own: NDArray[np.int64], theirs: NDArray[np.int64], k: int) -> NDArray[np.int64]:
    """Return the cluster that each of k picks comes from."""
    n_clusters = int(max(own.max(), theirs.max(initial=0))) + 1
    left = np.bincount(own, minlength=n_clusters)
    labels = np.bincount(theirs, minlength=n_clusters)
    sizes = left + labels
    first = np.full(n_clusters, len(own))
    np.minimum.at(first, own, np.arange(len(own)))
    order = np.lexsort((first, -sizes, labels, sizes <= SMALL))
    often = np.minimum(left[order], k)
    turn = np.concatenate([np.arange(n) for n in often])
    place = np.repeat(np.arange(n_clusters), often)
    small = (sizes <= SMALL)[order][place]
    return order[place[np.lexsort((place, turn, small))[:k]]]
