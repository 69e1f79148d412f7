"""k_center(): each pick the row farthest from everything labelled or picked."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from shortlist import _core
from shortlist.arguments import Steps, whole
from shortlist.diversity.callable_metric import Metric, as_callable_metric
from shortlist.diversity.features import (
    HELD_BYTES,
    MetricName,
    among_ids,
    as_features,
    as_points,
    metric_name,
    picks_of,
    report_on,
)
from shortlist.diversity.rounds import drive
from shortlist.diversity.rounds.blocks import Blocks, in_blocks
from shortlist.memory import room
from shortlist.selection import Selection
from shortlist.selection_report import Report
from shortlist.threads import thread_count

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from shortlist.arguments import Progress

INITS = ("farthest", "central")


def k_center(
    X: Any,
    k: int,
    *,
    labelled: Any = None,
    init: str | int = "farthest",
    metric: MetricName | Metric = "euclidean",
    among: Selection | ArrayLike | None = None,
    dtype: str | None = None,
    strict: bool = True,
    n_threads: int | None = None,
    progress: Progress | None = None,
) -> Selection:
    """Pick rows that cover the pool: each is the one farthest from everything
    labelled or picked before it.

    Greedy k-centre, or core-set selection (Gonzalez 1985; Sener & Savarese 2018): the largest
    distance of any row to its nearest pick, the cover radius, is at most twice the least that any k
    rows could reach.

    Parameters
    ----------
    X : array-like or path, shape (rows, features)
        Finite numbers below 2**500 in magnitude: float16, bfloat16, float32 or float64 in any
        memory order, read as they lie; or a file or files of any kind that `select` takes, or a
        `Source`, read in passes (see Notes).
    k : int
        Rows to pick.
    labelled : array-like or path, shape (m, features), optional
        Features of rows that are labelled already: the picks keep away from these too.
    init : {"farthest", "central"} or int
        The first pick where nothing is labelled: the row farthest from the mean of all, the one
        nearest to it, or the row with that id.
    metric : {"euclidean", "sqeuclidean", "cosine", "manhattan"} or callable
        What distance means. Cosine distance is 1 - cosine similarity; a row of zeros has similarity
        0 to every row. A callable takes two blocks of rows, (a, features) and (b, features), and
        gives their (a, b) distances, finite and not negative. It is asked for few of the distances
        between rows and picks, as one to the nearest pick can only fall.
    among : Selection, array of int or mask of bool, optional
        Ids of the rows to pick from and to cover; no other row is read. By default all.
    dtype : {None, "bfloat16"}
        Read uint16 as bfloat16.
    strict : bool
        Whether it is an error if there are fewer than k rows; otherwise all are picked.
    n_threads : int, optional
        At most so many threads; by default what affinity and cgroup limits allow, and 1 inside a
        Dask or Ray worker.
    progress : callable, optional
        Called about twenty times a second with (rows picked, k).

    Returns
    -------
    Selection
        ``.indices`` in the order picked; any prefix is what a smaller k picks. ``.scores`` are the
        distances at the pick to everything labelled or picked before, which never rise; infinite
        for a first pick with nothing before it. ``.report.cover_radii`` has the cover radius of
        each prefix. Once every row coincides with one labelled or picked the rest are filled up by
        lowest id, which the report counts (``.filled``).

    Raises
    ------
    ValueError, TypeError
        One sentence that names the argument, what came and what is accepted; of data the first bad
        row.
    OSError
        A file that cannot be opened.

    Notes
    -----
    Exact: the picks of the plain loop of one pass over all rows per pick, the lowest id of equals,
    with all distances in float64 by direct difference. A row's distance to the nearest pick can
    only fall, so an old one is an upper bound, and only rows whose bound is among the highest are
    compared with the picks they have not seen: a few percent of rows x k distances
    (``.report.computed_share``) on most data. No number of threads changes the picks.

    Memory beside X is about 20 bytes a row, 20 bytes a feature of each labelled or picked row, and
    one row in sixteen in float32, or all of them where these take up to 32 MiB. A `.npy` file of up
    to 128 MiB is read into memory. Larger ones and files of other kinds are read block by block,
    whole in each pass (``.report.passes``), of which each yields many picks, with 12 bytes a row
    and up to 128 MiB of candidates held in memory. So is a memory map larger than memory (what is
    available, and what control groups allow); of a smaller one a pass reads only the rows that may
    be picked.

    Examples
    --------
    >>> import numpy as np, shortlist as sl
    >>> X = np.array([[0.0], [1.0], [2.0], [10.0], [3.0]])
    >>> picks = sl.k_center(X, 3)
    >>> picks.indices
    array([3, 0, 4])
    >>> picks.scores
    array([inf, 10.,  3.])
    >>> picks.report.cover_radii
    (10.0, 3.0, 1.0)
    """
    start = init if isinstance(init, str) else whole(init, "init")
    if isinstance(start, str) and start not in INITS:
        raise ValueError(f'init is {init!r}; accepted are "farthest", "central" and the id of a row')
    Steps(progress, None)  # checks it
    if in_blocks(X, HELD_BYTES, dtype):
        return _in_rounds(X, k, labelled, start, metric, among, dtype, strict, n_threads, progress)
    if callable(metric):
        return _by_callable(X, k, labelled, start, metric, among, strict, progress)
    features = as_features(X, dtype=dtype)
    if features.mapped and features.array.nbytes > (room() or features.array.nbytes):
        # The pages of rows here and there would be read from disk again and again.
        return _in_rounds(features.array, k, labelled, start, metric, among, dtype, strict, n_threads, progress)
    points = as_points(labelled, features)
    ids = among_ids(among, features.rows)
    rows = features.rows if ids is None else len(ids)
    k = picks_of(k, rows, strict=strict)
    began, n_threads = time.perf_counter(), thread_count(n_threads)
    found = _core.k_center(
        features.array,
        k,
        bfloat16=features.bfloat16,
        labelled=points,
        init=start,
        metric=metric_name(metric),
        among=ids,
        held=max(1, HELD_BYTES // 2 // features.row_bytes) if features.mapped else None,
        n_threads=n_threads,
        progress=progress,
    )
    m = 0 if points is None else len(points)
    passes = found["first_passes"] + found["scans"] if features.mapped else int(features.filed)
    report = report_on([features], rows, began, n_threads, passes=passes)
    report = replace(report, bytes=report.bytes * max(1, found["first_passes"]))
    return _covering(found, rows * (m + k), f"k_center ({metric})", report)


def _in_rounds(
    X: Any,
    k: int,
    labelled: Any,
    start: str | int,
    metric: Any,
    among: Any,
    dtype: str | None,
    strict: bool,
    n_threads: int | None,
    progress: Progress | None,
) -> Selection:
    """Pick from rows that are read in blocks, again for each round."""
    blocks = Blocks(X, dtype, metric, among, None, thread_count(n_threads))
    points = blocks.points(labelled)
    k = picks_of(k, blocks.rows, strict=strict)
    found = drive.k_center(blocks, k, labelled=points, init=start, metric=metric, candidates=None, progress=progress)
    return blocks.finished(found)


def _by_callable(
    X: Any, k: int, labelled: Any, start: str | int, metric: Metric, among: Any, strict: bool, progress: Any
) -> Selection:
    """Pick by distances that a callable gives."""
    pool = as_callable_metric(X, labelled, metric, among)
    k, began = picks_of(k, pool.rows, strict=strict), time.perf_counter()
    found = _core.k_center_by(
        pool, pool.pool.shape[0], k, labelled=pool.known, init=start, among=pool.ids, progress=progress
    )
    report = Report(rows=pool.rows, seconds=time.perf_counter() - began)
    return _covering(found, pool.rows * (pool.known + k), f"k_center ({pool.name})", report)


def _covering(found: dict[str, Any], distances_in_all: int, measure: str, report: Report) -> Selection:
    """Return the core's picks, with what they cover in the report."""
    distances = found["distances"]
    report = replace(
        report,
        filled=int(np.count_nonzero(distances == 0)),
        cover_radii=(*distances[1:].tolist(), found["radius"]) if len(distances) else (),
        computed_share=found["computed"] / max(1, distances_in_all),
    )
    return Selection(found["ids"], distances, measure, "highest", report)
