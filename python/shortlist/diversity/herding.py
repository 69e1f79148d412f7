"""herding(): rows that cover the pool, each adding most to what the ones before it cover."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np

from shortlist import _core
from shortlist.arguments import as_ids, seed_of, whole
from shortlist.diversity.features import among_ids, as_features, as_points, metric_name, picks_of, report_on
from shortlist.options import called, number, word
from shortlist.sampling import sample
from shortlist.selection import Selection
from shortlist.selection_report import Report
from shortlist.threads import thread_count

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from shortlist.arguments import Progress, RandomState
    from shortlist.diversity.features import MetricName

KernelName: TypeAlias = Literal["top_hat", "gaussian", "laplacian", "cosine"]


def herding(
    X: Any,
    k: int,
    *,
    weights: ArrayLike | None = None,
    kernel: KernelName = "gaussian",
    scale: float | None = None,
    metric: MetricName = "euclidean",
    labelled: Any = None,
    references: int | ArrayLike = 10_000,
    random_state: RandomState = None,
    among: Selection | ArrayLike | None = None,
    dtype: str | None = None,
    strict: bool = True,
    n_threads: int | None = None,
    progress: Progress | None = None,
) -> Selection:
    """Pick the rows that cover the pool best, greedily.

    What a set S of rows covers is f(S) = sum over reference rows r of w_r times the greatest
    kernel(r, s) of any s in S. Each pick adds most to it. This is ProbCover with a top-hat kernel
    (Yehuda et al. 2022), MaxHerding with any kernel (Bae et al. 2024), Uncertainty Herding with
    uncertainties as weights (Bae et al. 2025), and facility location with ``kernel="cosine"``.

    Parameters
    ----------
    X : array-like or path, shape (rows, features)
        Finite features of float16, bfloat16, float32 or float64.
    k : int
        Rows to pick.
    weights : array-like, shape (rows,), optional
        How much each row counts as a reference, at least 0. By default all count 1.
    kernel : {"gaussian", "laplacian", "top_hat", "cosine"}
        With d the distance and s the scale: exp(-d² / (2 s²)), exp(-d / s), 1 for d up to s and
        else 0; or the cosine of the angle, 0 where it is negative.
    scale : float, optional
        Above 0. By default the median distance of up to 1,000 pairs of references; ``"top_hat"``
        needs one.
    metric : {"euclidean", "sqeuclidean", "cosine", "manhattan"}
        What distance means; ``kernel="cosine"`` has its own.
    labelled : array-like, shape (labelled rows, features), optional
        Features of rows that are labelled already, and cover what they are near.
    references : int or array of int
        How many rows to draw as references, uniformly, or their ids. With as many as there are rows
        nothing is drawn.
    random_state : int, numpy Generator or RandomState, optional
        Seed of that draw; by default a fresh one, which the report names.
    among : Selection, array of int or mask of bool, optional
        Ids of the rows to pick from and to draw references from; no other row is read. By default
        all.
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
        ``.scores`` are what each pick added to f. Once nothing can be added the lowest ids follow,
        with score 0; the report counts them, and says which share of all weight is covered and at
        which scale.

    Raises
    ------
    ValueError, TypeError
        One sentence that names the argument, what came and what is accepted; of data the first bad
        row.

    Notes
    -----
    Exact for these references, by lazy greedy (Minoux 1978): what a row adds can only fall, so few
    are computed again after the first pass, which takes O(rows x references x features) time.
    Memory beside the input: 13 bytes a row and the references in double precision. No number of
    threads changes the picks.

    Examples
    --------
    >>> import numpy as np, shortlist as sl
    >>> X = np.array([[0.0], [0.1], [0.2], [5.0], [5.1]])
    >>> sl.herding(X, 2, kernel="top_hat", scale=0.15).indices
    array([1, 3])
    """
    features = as_features(X, "X", dtype)
    centres = as_points(labelled, features)
    ids = among_ids(among, features.rows)
    count = features.rows if ids is None else len(ids)
    k = picks_of(k, count, strict=strict)
    scale = None if scale is None else number(scale, "scale")
    if scale is None and word(kernel) == "top_hat":
        raise ValueError(
            'scale is None; accepted for kernel="top_hat" is the distance up to which a row covers, above 0'
        )
    if scale is not None and not 0 < scale < np.inf:
        raise ValueError(f"scale is {scale}; accepted is a finite number above 0")
    began, n_threads = time.perf_counter(), thread_count(n_threads)
    if not count:
        return Selection(np.empty(0, np.int64), np.empty(0), "herding", "highest", Report(rows=0, n_threads=n_threads))
    drawn, seed = _references(references, ids, features.rows, random_state)
    picked = _core.herding(
        features.array,
        k,
        drawn,
        weights=None if weights is None else _weights(weights, features.rows)[drawn],
        kernel=word(kernel),
        scale=scale,
        metric="cosine" if word(kernel) == "cosine" else metric_name(metric),
        bfloat16=features.bfloat16,
        labelled=centres,
        among=ids,
        n_threads=n_threads,
        progress=called(progress),
    )
    report = report_on(
        [features],
        count,
        began,
        n_threads,
        filled=int(np.count_nonzero(picked["gains"] == 0)),
        covered=picked["covered"] / picked["whole"] if picked["whole"] > 0 else 1.0,
        scale=None if kernel == "cosine" else picked["scale"],
        seed=seed,
    )
    return Selection(picked["ids"], picked["gains"], "herding", "highest", report)


def _references(
    references: int | ArrayLike, ids: NDArray[np.int64] | None, rows: int, random_state: RandomState
) -> tuple[NDArray[np.int64], int | None]:
    """Return the ids of the reference rows, and the seed if they were drawn."""
    if np.ndim(references) == 1:
        given = as_ids(references, "references")
        if not len(given):
            raise ValueError("references is empty; accepted are a number of rows, at least 1, and their ids")
        if given.max() >= rows:
            raise ValueError(
                f"references has id {given.max()}; accepted are 0 to {rows - 1}, for a pool of {rows:,} rows"
            )
        return given, None
    wanted = whole(references, "references", least=1)
    count = rows if ids is None else len(ids)
    seed = seed_of(random_state)
    if wanted < count:
        positions = sample(count, wanted, random_state=seed).indices
        return positions.copy() if ids is None else ids[positions], seed
    # In an order of chance too, which the scale is told from.
    order = sample(count, count, random_state=0).indices if count else np.empty(0, np.int64)
    return order.copy() if ids is None else ids[order], None


def _weights(weights: ArrayLike, rows: int) -> NDArray[np.float64]:
    array = np.asarray(weights)
    if array.dtype.kind not in "fiub":
        raise TypeError(f"weights has dtype {array.dtype}; accepted are numbers")
    if array.shape != (rows,):
        raise ValueError(f"weights has shape {array.shape}; accepted is ({rows},), one for each row")
    array = array.astype(np.float64)
    bad = np.flatnonzero(~((array >= 0) & np.isfinite(array)))
    if len(bad):
        raise ValueError(f"weights has {array[bad[0]]} for row {bad[0]}; accepted are finite numbers, at least 0")
    return array
