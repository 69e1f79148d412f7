"""What modAL computes, written from its definitions.

least confidence: one less the largest probability. margin: `np.partition` of the negated matrix,
first less second. entropy: `scipy.stats.entropy` of the transposed matrix, which normalises it.
picks (`multi_argmax`): the first k of `np.argpartition` of the negated utility; the margin is
negated before.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.stats import entropy

from . import LOWEST, MEASURES


def uncertainty(p: np.ndarray) -> Any:
    """Least confidence."""
    return 1 - np.max(p, axis=1)


def margin(p: np.ndarray) -> np.ndarray:
    """Best less second best."""
    if p.shape[1] == 1:
        return np.zeros(len(p))
    negated = np.partition(-p, 1, axis=1)
    return negated[:, 1] - negated[:, 0]


def row_entropy(p: np.ndarray) -> np.ndarray:
    """Shannon's entropy in nats."""
    return np.transpose(entropy(np.transpose(p)))


def multi_argmax(utility: np.ndarray, k: int) -> np.ndarray:
    """Ids of the k highest values, in no order."""
    return np.argpartition(-utility, k - 1)[:k]


FORMULAS = {"least_confident": uncertainty, "margin": margin, "entropy": row_entropy}


class ModALFormulas:
    """modAL, without the classifier around it."""

    name = "modAL's formulas"
    fused = False
    cold = True

    def setup(self, x: np.ndarray, _threads: int, /) -> None:
        """Nothing to prepare; one thread is all there is."""
        self.x = x

    def has(self, measure: str) -> bool:
        """All three."""
        return measure in MEASURES

    def scores(self, measure: str) -> Any:
        """Apply the formula to the whole matrix."""
        return FORMULAS[measure](self.x)

    def top(self, measure: str, scores: np.ndarray, k: int) -> np.ndarray:
        """`multi_argmax`."""
        return multi_argmax(-scores if measure in LOWEST else scores, k)
