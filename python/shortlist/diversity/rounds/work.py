"""Bringing distances up to date, as few as can be."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from shortlist.diversity.rounds.messages import Question
    from shortlist.diversity.rounds.rows import Rows

TOGETHER = 64
"""Points that rows are compared with before it is asked whether they still matter."""
FEW = 1024
"""Rows that are compared in one call, whatever they have seen."""


class Work:
    """Rows whose distances are being brought up to date."""

    def __init__(self, rows: Rows, nearest: NDArray[np.float64], seen: NDArray[np.uint32], question: Question) -> None:
        self.rows, self.nearest, self.seen = rows, nearest, seen
        self.question = question
        self.computed = 0

    def keys(self, which: NDArray[np.int64] | slice | int = slice(None)) -> NDArray[np.float64]:
        """Return what rows are worth at this step, by distances that may be out of date."""
        uncertainty = self.rows.uncertainty
        step = len(self.question.points)
        return self.question.rule.keys(self.nearest[which], None if uncertainty is None else uncertainty[which], step)

    def bring(self, which: NDArray[np.int64], floor: float, until: int | None = None) -> None:
        """Bring rows up to date, each until it has seen all points (or the first `until`) or is worth less than `floor`."""
        points = self.question.points
        until = len(points) if until is None else until
        while True:
            which = which[self.seen[which] < until]
            keys = self.keys(which)
            which = which[(keys >= floor) & (keys > -np.inf)]
            if not len(which):
                return
            # Those that are furthest behind; ends are the same for all, so that rows meet there. A few rows are better
            # compared again with what some of them have seen than in several calls.
            seen = self.seen[which]
            start = int(seen.min())
            stop = min((start // TOGETHER + 1) * TOGETHER, until)
            some = which[seen < stop]
            if len(some) > FEW:
                some = which[seen == start]
            some.sort()
            distances = self.rows.distances(
                points[start:stop],
                self.question.rule.metric,
                None if len(some) == len(self.rows) else some,
                self.question.threads,
            )
            self.nearest[some] = np.minimum(self.nearest[some], distances)
            self.seen[some] = stop
            self.computed += len(some) * (stop - start)


def top(keys: NDArray[np.float64], ids: NDArray[np.int64], amount: int) -> NDArray[np.int64]:
    """Return the positions of the best keys, the lowest ids of equal ones, in no order."""
    if amount >= len(keys):
        return np.arange(len(keys))
    cut = np.partition(keys, len(keys) - amount)[len(keys) - amount]
    above, equal = np.flatnonzero(keys > cut), np.flatnonzero(keys == cut)
    wanted = amount - len(above)
    if wanted < len(equal):
        equal = equal[np.argpartition(ids[equal], wanted)[:wanted]]
    return np.concatenate([above, equal])
