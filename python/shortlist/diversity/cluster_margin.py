"""cluster_margin(): the rows of lowest margin, spread over clusters."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from shortlist.arguments import Steps, seed_of, whole
from shortlist.diversity.badge import holds_uint16
from shortlist.diversity.clusters import cluster
from shortlist.diversity.features import among_ids, as_features, picks_of
from shortlist.groups import as_labels, distinct
from shortlist.pools import array_of
from shortlist.selection import Selection
from shortlist.selector import Selector
from shortlist.threads import thread_count

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from shortlist.arguments import Progress, RandomState
    from shortlist.diversity.features import Features

GATHERED = 1 << 14
"""Rows of `among` that are copied at a time."""


def cluster_margin(
    probs: Any,
    k: int,
    *,
    clusters: ArrayLike | None = None,
    X: Any = None,
    candidates: int | None = None,
    n_clusters: int | None = None,
    from_logits: bool = False,
    random_state: RandomState = None,
    among: Selection | ArrayLike | None = None,
    dtype: str | None = None,
    strict: bool = True,
    n_threads: int | None = None,
    progress: Progress | None = None,
) -> Selection:
    """Pick rows of low margin from many clusters (Cluster-Margin, Citovsky et al. 2021).

    The rows of lowest margin are candidates. They are picked one from each cluster in turn, the
    cluster with the fewest candidates first, from each its lowest margin; a cluster that is used up
    is passed over.

    Parameters
    ----------
    probs : array-like or path, shape (rows, classes)
        Probabilities, or with ``from_logits=True`` logits, as `select` takes them.
    k : int
        Rows to pick.
    clusters : array-like, shape (rows,), optional
        The cluster of each row, by any labels. Either this or `X` is needed.
    X : array-like or path, shape (rows, features), optional
        Features: the candidates are clustered by scikit-learn's mini-batch k-means. Only their rows
        are read.
    candidates : int, optional
        How many rows of lowest margin to pick from; by default 10 k.
    n_clusters : int, optional
        Clusters to look for in `X`; by default k.
    from_logits : bool
        Whether `probs` are logits.
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
        Called about twenty times a second with (rows scored, rows in all).

    Returns
    -------
    Selection
        ``.indices`` in the order picked, ``.scores`` their margins.

    Raises
    ------
    ValueError, TypeError
        One sentence that names the argument, what came and what is accepted; of data the first bad
        row.

    Notes
    -----
    One pass over `probs`, then O(candidates). Clusters of the same number of candidates are taken
    in the order of their lowest margins, and rows of the same margin in that of their ids: with
    `clusters` given nothing is left to chance.

    Examples
    --------
    >>> import numpy as np, shortlist as sl
    >>> probs = np.array([[0.5, 0.5], [0.49, 0.51], [0.4, 0.6], [0.9, 0.1]])
    >>> sl.cluster_margin(probs, 2, clusters=["a", "a", "b", "b"], candidates=3).indices
    array([2, 0])
    """
    outputs = as_features(probs, "probs", dtype if holds_uint16(probs) else None)
    ids = among_ids(among, outputs.rows)
    k = picks_of(k, outputs.rows if ids is None else len(ids), strict=strict)
    wanted = 10 * k if candidates is None else whole(candidates, "candidates")
    if wanted < k:
        raise ValueError(f"candidates is {wanted:,}; accepted is at least k, {k:,}")
    if (clusters is None) == (X is None):
        came = "neither" if X is None else "both"
        raise ValueError(f"of clusters and X {came} came; accepted is one of them")
    if n_clusters is not None and X is None:
        raise ValueError(f"n_clusters is {n_clusters}, and clusters are given; accepted with X only")
    n_threads = thread_count(n_threads)
    labels = None if clusters is None else as_labels(clusters, outputs.rows, "clusters")
    features = None if X is None else as_features(X, "X", dtype if holds_uint16(X) else None)
    if features is not None and features.rows != outputs.rows:
        raise ValueError(f"probs has {outputs.rows:,} rows, and X has {features.rows:,}; they must be equal")
    began = time.perf_counter()
    close = _lowest_margins(outputs, wanted, ids, from_logits, n_threads, progress)
    report = replace(close.report, ties_picked=0, ties_left=0, copies=tuple(outputs.copies))
    if labels is not None:
        found = distinct(labels).codes(labels[close.indices]).astype(np.int64)
    elif features is not None:
        seed = seed_of(random_state)
        groups = k if n_clusters is None else whole(n_clusters, "n_clusters", least=1)
        found = _clustered(features, close.indices, groups, seed, n_threads)
        report = replace(report, seed=seed, copies=(*report.copies, *features.copies))
    _, codes = np.unique(found, return_inverse=True)
    order = round_robin(codes)[:k]
    report = replace(report, seconds=time.perf_counter() - began)
    return Selection(close.indices[order], close.scores[order], "cluster_margin", "lowest", report)


def round_robin(codes: NDArray[np.integer[Any]]) -> NDArray[np.int64]:
    """Return the places of rows, given best first by their groups, one from each group in turn,
    the smallest group first.
    """
    # Whole numbers alone: no rounding that could differ from the core's.
    by_group = np.argsort(codes, kind="stable")
    sizes = np.bincount(codes)
    starts = np.cumsum(sizes) - sizes
    turn = np.empty(len(codes), np.int64)
    turn[by_group] = np.arange(len(codes)) - np.repeat(starts, sizes)
    best = by_group[starts] if len(codes) else starts
    return np.lexsort((best[codes], sizes[codes], turn))


def _lowest_margins(
    outputs: Features,
    wanted: int,
    ids: NDArray[np.int64] | None,
    from_logits: bool,
    n_threads: int,
    progress: Progress | None,
) -> Selection:
    selector = Selector(
        "margin",
        wanted,
        from_logits=from_logits,
        dtype="bfloat16" if outputs.bfloat16 else None,
        strict=False,
        n_threads=n_threads,
    )
    if ids is None:
        return selector.update(outputs.array, progress=progress).finish()
    steps = Steps(progress, len(ids))
    for start in range(0, len(ids), GATHERED):
        some = ids[start : start + GATHERED]
        selector.update(outputs.array[some], ids=some)
        steps.block(len(some))
    steps.end()
    return selector.finish()


def _clustered(
    features: Features, ids: NDArray[np.int64], n_clusters: int, seed: int, n_threads: int
) -> NDArray[np.int64]:
    if not len(ids):
        return ids
    rows = array_of(features.array[ids], features.bfloat16)
    bad = np.flatnonzero(~np.isfinite(rows).all(axis=1))
    if len(bad):
        row = bad[np.argmin(ids[bad])]
        column = int(np.flatnonzero(~np.isfinite(rows[row]))[0])
        raise ValueError(f"X row {ids[row]} has {rows[row, column]} in column {column}; accepted are finite numbers")
    return cluster(rows, n_clusters, seed, mini_batch=True, n_threads=n_threads)
