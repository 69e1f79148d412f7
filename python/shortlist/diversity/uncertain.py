"""What `ranked_batch` and `diverse_uncertain` share: arguments, and the way to the core."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from shortlist import _core
from shortlist.arguments import Steps
from shortlist.diversity.callable_metric import as_callable_metric
from shortlist.diversity.features import (
    among_ids,
    as_features,
    as_points,
    metric_name,
    picks_of,
    report_on,
    uncertainty_of,
)
from shortlist.diversity.rounds import drive
from shortlist.diversity.rounds.blocks import Blocks, in_blocks
from shortlist.memory import room
from shortlist.selection import Selection
from shortlist.selection_report import Report
from shortlist.threads import thread_count

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import ArrayLike

    from shortlist.arguments import Progress


def pick(
    measure: str,
    X: Any,
    uncertainty: ArrayLike,
    k: int,
    *,
    weights: tuple[float, float] | None,
    labelled: Any = None,
    metric: str | Callable[[Any, Any], Any] = "euclidean",
    among: Selection | ArrayLike | None = None,
    dtype: str | None = None,
    strict: bool = True,
    n_threads: int | None = None,
    progress: Progress | None = None,
) -> Selection:
    """Pick rows by uncertainty and distance: by ranked batch, or by `weights` of the two."""
    Steps(progress, None)  # checks it
    began, threads = time.perf_counter(), thread_count(n_threads)
    if weights is None and in_blocks(X, room(), dtype):
        blocks = Blocks(X, dtype, metric, among, uncertainty, threads)
        points = blocks.points(labelled)
        k = picks_of(k, blocks.rows, strict=strict)
        picks = drive.ranked_batch(blocks, k, labelled=points, metric=str(metric), candidates=None, progress=progress)
        return blocks.finished(picks)
    if callable(metric) or hasattr(X, "tocsr"):
        pool = as_callable_metric(X, labelled, metric, among)
        known = uncertainty_of(uncertainty, int(pool.pool.shape[0]), pool.ids)
        k = picks_of(k, pool.rows, strict=strict)
        ids, values = _core.uncertain_batch_by(
            pool,
            pool.pool.shape[0],
            known,
            k,
            labelled=pool.known,
            weights=weights,
            among=pool.ids,
            progress=progress,
        )
        report = Report(rows=pool.rows, seconds=time.perf_counter() - began)
        return Selection(ids, values, measure, "highest", report)
    features = as_features(X, "X", dtype)
    found = among_ids(among, features.rows)
    points = as_points(labelled, features)
    rows = features.rows if found is None else len(found)
    known = uncertainty_of(uncertainty, features.rows, found)
    k = picks_of(k, rows, strict=strict)
    ids, values = _core.uncertain_batch(
        features.array,
        known,
        k,
        weights=weights,
        bfloat16=features.bfloat16,
        labelled=points,
        metric=metric_name(metric),
        among=found,
        n_threads=threads,
        progress=progress,
    )
    return Selection(ids, values, measure, "highest", report_on([features], rows, began, threads))
