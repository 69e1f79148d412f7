"""scikit-activeml: `uncertainty_scores`, as the package computes it, its validation included.

Its own `simple_batch` keeps a copy of all utilities per pick (k x N doubles) and would need 8 GB
for 100 of 10 million rows, so selection is `np.argpartition` here: kinder than the package.
"""

from __future__ import annotations

import numpy as np
from skactiveml.pool import uncertainty_scores

from shortlist.benchmarking.rivals import MEASURES

METHODS = {"least_confident": "least_confident", "margin": "margin_sampling", "entropy": "entropy"}


class ScikitActiveML:
    """The package's function on the whole matrix."""

    name = "scikit-activeml"
    fused = False
    cold = True

    def setup(self, x: np.ndarray, n_threads: int) -> None:
        """Nothing to prepare; one thread is all there is."""
        self.x = x

    def has(self, measure: str) -> bool:
        """All three."""
        return measure in MEASURES

    def scores(self, measure: str) -> np.ndarray:
        """Utilities: high is informative; its margin is 1 - margin."""
        utilities = uncertainty_scores(self.x, method=METHODS[measure])
        return 1 - utilities if measure == "margin" else utilities

    def top(self, measure: str, scores: np.ndarray, k: int) -> np.ndarray:
        """`np.argpartition`, from the side that is informative."""
        if measure == "margin":
            return np.argpartition(scores, k - 1)[:k]
        return np.argpartition(scores, len(scores) - k)[-k:]
