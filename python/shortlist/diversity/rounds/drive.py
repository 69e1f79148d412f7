"""k_center and ranked_batch of rows in parts, wherever the parts are: what every engine shares."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from shortlist import _core
from shortlist.diversity.rounds import mean
from shortlist.diversity.rounds.greedy import HELD_BYTES, MOST, Greedy
from shortlist.diversity.rounds.messages import Rule
from shortlist.selection import Selection
from shortlist.selection_report import Report

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

    from shortlist.arguments import Progress
    from shortlist.diversity.rounds.messages import Offer, Question
    from shortlist.diversity.rounds.rows import Rows


class Parts(Protocol):
    """The parts of a pool, and a way to have tasks done where they are.

    Attributes
    ----------
    rows : int
        Rows of all parts.
    columns : int
        Features of a row.
    row_bytes : int
        Bytes of a row.
    threads : int
        Threads of a task.
    passes : int
        Passes over the rows so far.
    """

    rows: int
    columns: int
    row_bytes: int
    threads: int
    passes: int

    def each(self, task: Callable[[Rows], Any]) -> list[Any]:
        """Return what a task gives for each part: a pass."""

    def fold(self, task: Callable[[Rows, int], Any], add: Callable[[Any, Any], Any], start: Any) -> Any:
        """Return what all parts come to, added in the order of ids: a pass.
        Tasks get the place of the part's first row.
        """

    def advance(
        self, question: Question, amounts: Sequence[int] | None, gone: Mapping[int, NDArray[np.int64]]
    ) -> list[Offer]:
        """Return the answers of all parts, whose states stay where the rows are: a pass.

        `amounts` has a number for each part, and `gone` what is to go to some of them, by their
        number.
        """

    def row(self, row: int) -> First:
        """Return the row of an id."""


@dataclass(frozen=True)
class First:
    """A first pick: a row of a part."""

    part: int
    position: int
    id: int
    point: NDArray[np.float64]


def k_center(
    parts: Parts,
    k: int,
    *,
    labelled: NDArray[np.float64] | None,
    init: str | int,
    metric: str,
    candidates: int | None,
    progress: Progress | None,
) -> Selection:
    """Pick what `shortlist.k_center` picks, in rounds. Arguments have been checked."""
    began = time.perf_counter()
    first = _first(parts, init, metric) if labelled is None and k else None
    if labelled is None:
        labelled = np.empty((0, parts.columns)) if first is None else first.point[None, :]
    greedy = Greedy(Rule(metric), k, labelled, parts.rows, _candidates(parts, candidates), parts.threads)
    if first is not None:
        greedy.begin(first.id, first.part, first.position)
    found = _run(parts, greedy, f"k_center ({metric})", began, progress)
    distances = found.scores
    report = replace(
        found.report,
        filled=int(np.count_nonzero(distances == 0)),
        cover_radii=(*distances[1:].tolist(), greedy.radius) if k else (),
    )
    return replace(found, report=report)


def ranked_batch(
    parts: Parts,
    k: int,
    *,
    labelled: NDArray[np.float64] | None,
    metric: str,
    candidates: int | None,
    progress: Progress | None,
) -> Selection:
    """Pick what `shortlist.ranked_batch` picks, in rounds. Arguments have been checked."""
    if labelled is None:
        raise ValueError(
            "labelled is missing, and without it the first pick is the row whose mean distance to all others is smallest, "
            "which compares each row with each; accepted are the features of rows labelled already, or shortlist.ranked_batch "
            "on one machine"
        )
    began = time.perf_counter()
    rule = Rule(metric, parts.rows + len(labelled))
    greedy = Greedy(rule, k, labelled, parts.rows, _candidates(parts, candidates), parts.threads)
    return _run(parts, greedy, "ranked_batch", began, progress)


def _run(parts: Parts, greedy: Greedy, measure: str, began: float, progress: Progress | None) -> Selection:
    """Return what rounds pick, round after round."""
    while not greedy.done:
        greedy.take(parts.advance(greedy.question(), greedy.amounts, greedy.gone))
        if progress is not None:
            progress(len(greedy.ids), greedy.k)
    report = Report(
        rows=parts.rows,
        seconds=time.perf_counter() - began,
        bytes=parts.rows * parts.row_bytes * parts.passes,
        computed_share=greedy.computed / max(1, parts.rows * len(greedy.points)),
        passes=parts.passes,
        n_threads=parts.threads,
        cpu_level=_core.build_info()["cpu_level"],
    )
    return Selection(np.array(greedy.ids, np.int64), np.array(greedy.values, np.float64), measure, "highest", report)


def _candidates(parts: Parts, wanted: int | None) -> int:
    return min(MOST, max(1, HELD_BYTES // parts.row_bytes)) if wanted is None else wanted


def _first(parts: Parts, init: str | int, metric: str) -> First:
    """Return the first pick, where nothing is labelled."""
    if isinstance(init, int):
        return parts.row(init)
    total = parts.fold(
        partial(mean.piece_of, metric=metric, threads=parts.threads),
        partial(mean.add, metric=metric),
        mean.nothing(parts.columns),
    )
    find = partial(
        extreme, point=total.mean[None, :], metric=metric, farthest=init == "farthest", threads=parts.threads
    )
    found = [(key, number, *row) for number, some in enumerate(parts.each(find)) if some for key, *row in [some]]
    _, part, position, row, point = max(found, key=lambda some: (some[0], -some[3]))
    return First(part, position, row, point)


def extreme(
    rows: Rows, point: NDArray[np.float64], metric: str, farthest: bool, threads: int
) -> tuple[float, int, int, NDArray[np.float64]] | None:
    """Return the row of a part that is farthest from a point or nearest to it,
    of equals the lowest id: a task.

    Returns
    -------
    key, position, id, features
        The key is the distance, or less than nothing by it.
    """
    if not len(rows):
        return None
    keys = rows.distances(point, metric, None, threads)
    keys = keys if farthest else -keys
    equal = np.flatnonzero(keys == keys.max())
    position = int(equal[np.argmin(rows.ids[equal])])
    return float(keys[position]), position, int(rows.ids[position]), rows.point(position)
