"""What rounds on every engine share: tasks from a part as the engine holds it to an answer,
and checks on the driver.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from shortlist.arguments import whole
from shortlist.diversity.features import Features, as_features, as_points, metric_name, picks_of, uncertainty_of
from shortlist.diversity.k_center import INITS
from shortlist.diversity.rounds.part import advance
from shortlist.diversity.rounds.rows import Rows
from shortlist.pools import Source, open_pool

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from shortlist.diversity.rounds import drive
    from shortlist.diversity.rounds.messages import Offer, Question, State
    from shortlist.selection import Selection


@dataclass(frozen=True)
class Part:
    """Which rows of a part are in question, and how to read them.

    Attributes
    ----------
    first : int
        Id of the first row; the others follow.
    some : ndarray of int64 or None
        Rows in question, counted from the first; None for all.
    before : int
        Rows in question in the parts before.
    column, id_column : str, list of str or None
        As `Source` takes them.
    dtype : {None, "bfloat16"}
        How to read uint16.
    """

    first: int
    some: NDArray[np.int64] | None = None
    before: int = 0
    column: str | Sequence[str] | None = None
    id_column: str | None = None
    dtype: str | None = None

    def read(self, block: Any, uncertainty: Any) -> Rows:
        """Return the rows in question of a block."""
        features = features_of(block, self.column, self.id_column, self.dtype)
        known = None if uncertainty is None else uncertainty_of(uncertainty, features.rows, None, self.first)
        ids, array = np.arange(self.first, self.first + features.rows), features.array
        if self.some is not None:
            ids, array = ids[self.some], array[self.some]
            known = None if known is None else known[self.some]
        return Rows(array, ids, known, features.bfloat16)


def features_of(block: Any, column: str | Sequence[str] | None, id_column: str | None, dtype: str | None) -> Features:
    """Return the features of a block: an array or a table."""
    if isinstance(block, np.ndarray):
        return as_features(block, "x", dtype)
    pool = open_pool(block if column is None and id_column is None else Source(block, column, id_column), dtype=dtype)
    arrays = [pool.kept(part) for part in pool.blocks()]
    if not arrays:
        return Features(np.empty((0, pool.classes)))
    return Features(arrays[0] if len(arrays) == 1 else np.concatenate(arrays))


def width(block: Any, column: str | Sequence[str] | None, id_column: str | None, dtype: str | None) -> tuple[int, int]:
    """Return how many features a row of a block has, and its bytes: a task."""
    features = features_of(block, column, id_column, dtype)
    return features.columns, features.columns * features.array.itemsize


def look(part: Part, block: Any, task: Callable[..., Any]) -> Any:
    """Return what a task gives for a part: a task."""
    return task(part.read(block, None))


def look_from(part: Part, block: Any, task: Callable[..., Any]) -> Any:
    """Return what a task gives for a part that knows how many rows come before: a task."""
    return task(part.read(block, None), part.before)


def answer(
    part: Part,
    block: Any,
    uncertainty: Any,
    before: tuple[State, Offer] | None,
    question: Question,
    amount: int | None,
    gone: NDArray[np.int64],
) -> tuple[State, Offer]:
    """Return the next state of a part and its offer, given those of the round before: a task."""
    return advance(part.read(block, uncertainty), before[0] if before else None, question, amount, gone)


def offered(answer: tuple[State, Offer]) -> Offer:
    """Return what goes to the client: a task."""
    return answer[1]


def pick(
    rule: Callable[..., Selection],
    parts: drive.Parts,
    k: int,
    metric: Any,
    labelled: Any,
    strict: bool,
    candidates: int | None,
    progress: Any,
    *,
    dtype: str | None = None,
    init: str | int | None = None,
) -> Selection:
    """Check on the driver what every engine takes, and pick by one of `drive`'s rules."""
    if callable(metric):
        raise TypeError(
            "metric is a callable, of which no bounds are known; accepted on clusters are euclidean, sqeuclidean, cosine and "
            "manhattan"
        )
    if isinstance(init, str) and init not in INITS:
        raise ValueError(f'init is {init!r}; accepted are "farthest", "central" and the id of a row')
    if progress is not None and not callable(progress):
        raise TypeError(
            f"progress is a {type(progress).__name__}; accepted is a callable of (rows picked, rows to pick)"
        )
    like = Features(np.empty((0, parts.columns), np.uint16 if dtype else np.float64), dtype == "bfloat16")
    options: dict[str, Any] = {
        "metric": metric_name(metric),
        "labelled": as_points(labelled, like),
        "candidates": None if candidates is None else whole(candidates, "candidates", least=1),
        "progress": progress,
    }
    if init is not None:
        options["init"] = init if isinstance(init, str) else whole(init, "init")
    return rule(parts, picks_of(k, parts.rows, strict=strict), **options)


def threads_of(n_threads: int | None) -> int:
    """Return the threads of a task: 1 by default, as a cluster has a task for each core already."""
    return 1 if n_threads is None else whole(n_threads, "n_threads", least=1)
