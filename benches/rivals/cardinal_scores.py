"""cardinal: its scores of given probabilities. Its samplers sort all of them; `np.argpartition` is kinder."""

from __future__ import annotations

import numpy as np
from cardinal.uncertainty import confidence_score, entropy_score, margin_score

from shortlist.benchmarking.rivals import MEASURES

SCORES = {"least_confident": confidence_score, "margin": margin_score, "entropy": entropy_score}


class Cardinal:
    """The package's functions on the whole matrix; its margin is 1 - margin."""

    name = "cardinal"
    fused = False
    cold = True

    def setup(self, x: np.ndarray, n_threads: int) -> None:
        """Nothing to prepare; one thread is all there is."""
        self.x = x

    def has(self, measure: str) -> bool:
        """All three."""
        return measure in MEASURES

    def scores(self, measure: str) -> np.ndarray:
        """All scores."""
        found = SCORES[measure]("precomputed", self.x)
        return 1 - found if measure == "margin" else found

    def top(self, measure: str, scores: np.ndarray, k: int) -> np.ndarray:
        """`np.argpartition`, from the side that is informative."""
        if measure == "margin":
            return np.argpartition(scores, k - 1)[:k]
        return np.argpartition(scores, len(scores) - k)[-k:]
