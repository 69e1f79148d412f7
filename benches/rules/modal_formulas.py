"""What modAL computes for batches and densities, written from its definitions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.metrics import pairwise_distances, pairwise_distances_argmin_min

if TYPE_CHECKING:
    from collections.abc import Callable

    from shortlist.benchmarking.rules import Work


class ModALFormulas:
    """modAL, without the classifier around it."""

    name = "modAL's formulas"

    def ranked_batch(self, work: Work) -> Callable[[], Any]:
        """Distances of all rows left to all labelled and picked rows, anew at every pick."""

        def run() -> list[int]:
            left, known = np.ones(len(work.X), bool), work.labelled
            picks: list[int] = []
            for _ in range(work.k):
                rows = np.flatnonzero(left)
                distance = pairwise_distances_argmin_min(work.X[rows], known)[1]
                a = len(rows) / (len(rows) + len(known))
                value = a * (1 - 1 / (1 + distance)) + (1 - a) * work.uncertainty[rows]
                picks.append(int(rows[value.argmax()]))
                left[picks[-1]] = False
                known = np.vstack([known, work.X[picks[-1]]])
            return picks

        return run

    def density(self, work: Work) -> Callable[[], Any]:
        """The mean similarity of each row, over a matrix of rows by rows."""
        X = work.X.astype(np.float64)
        return lambda: (1 / (1 + pairwise_distances(X, X))).mean(axis=1)
