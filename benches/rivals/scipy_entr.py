"""SciPy: `scipy.special.entr` in cache-sized chunks, summed; it has no other measure.

`scipy.stats.entropy` on the whole matrix is what modAL calls, and is measured there.
"""

from __future__ import annotations

import numpy as np
from scipy.special import entr

CHUNK = 1 << 18


class SciPy:
    """`entr` into a reused buffer, then a matrix-vector product for the sums."""

    name = "SciPy entr"
    fused = False
    cold = False

    def setup(self, x: np.ndarray, n_threads: int) -> None:
        """Allocate the buffers."""
        self.x = x
        self.rows = max(64, CHUNK // (x.shape[1] * x.itemsize))
        self.buffer = np.empty((self.rows, x.shape[1]), x.dtype)
        self.ones = np.ones(x.shape[1], x.dtype)
        self.out = np.empty(len(x), x.dtype)

    def has(self, measure: str) -> bool:
        """Entropy alone."""
        return measure == "entropy"

    def scores(self, measure: str) -> np.ndarray:
        """Chunk after chunk."""
        for start in range(0, len(self.x), self.rows):
            chunk = self.x[start : start + self.rows]
            terms = entr(chunk, out=self.buffer[: len(chunk)])
            np.dot(terms, self.ones, out=self.out[start : start + len(chunk)])
        return self.out

    def top(self, measure: str, scores: np.ndarray, k: int) -> np.ndarray:
        """`np.argpartition`."""
        return np.argpartition(scores, len(scores) - k)[-k:]
