"""What one writes with scikit-learn: its distances in a loop, its k-means++, its nearest rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.cluster import kmeans_plusplus
from sklearn.metrics import pairwise_distances, pairwise_distances_argmin_min

from shortlist.benchmarking.rules import CELLS

if TYPE_CHECKING:
    from collections.abc import Callable

    from shortlist.benchmarking.rules import Work


class ScikitLearnForms:
    """One call a pick, or one call."""

    name = "scikit-learn"

    def k_center(self, work: Work) -> Callable[[], Any]:
        """Distances to the new centre, minimum, argmax, each over all rows: the form of Google's active-learning code."""

        def run() -> list[int]:
            nearest = pairwise_distances_argmin_min(work.X, work.labelled)[1]
            picks: list[int] = []
            for _ in range(work.k):
                picks.append(int(nearest.argmax()))
                nearest = np.minimum(nearest, pairwise_distances(work.X, work.X[picks[-1] :][:1])[:, 0])
            return picks

        return run

    def kmeans_plus_plus(self, work: Work) -> Callable[[], Any]:
        """The best of one draw, as in the paper; its default is the best of several."""
        return lambda: kmeans_plusplus(work.X, work.k, random_state=0, n_local_trials=1)[1]

    def badge(self, work: Work) -> Callable[[], Any] | None:
        """k-means++ over the gradients, made within the time."""
        if work.probs.size * work.X.shape[1] > CELLS:
            return None

        def run() -> Any:
            error = work.probs - np.eye(work.probs.shape[1], dtype=work.probs.dtype)[work.probs.argmax(axis=1)]
            gradients = (error[:, :, None] * work.X[:, None, :]).reshape(len(error), -1)
            return kmeans_plusplus(gradients, work.k, random_state=0, n_local_trials=1)[1]

        return run

    def min_distances(self, work: Work) -> Callable[[], Any]:
        """One call, in blocks."""
        return lambda: pairwise_distances_argmin_min(work.X, work.labelled)[0]
