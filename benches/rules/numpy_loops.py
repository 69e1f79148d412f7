"""NumPy at its best: one matrix-vector product a pick, squared lengths kept, in the dtype of the pool.

No array of rows by rows is made but for herding, and gradients are never multiplied out. Products use BLAS on all threads.
"""

from __future__ import annotations

import heapq
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from shortlist.benchmarking.rules import Work

BLOCK = 1024


class Distances:
    """Squared distances to the nearest centre so far."""

    def __init__(self, work: Work) -> None:
        self.X = work.X
        self.lengths = np.einsum("ij,ij->i", self.X, self.X)
        self.nearest = np.full(len(self.X), np.inf, self.X.dtype)
        centres = work.labelled
        of_centres = np.einsum("ij,ij->i", centres, centres)
        for start in range(0, len(self.X), BLOCK):
            part = slice(start, start + BLOCK)
            squared = self.lengths[part, None] + of_centres - 2 * (self.X[part] @ centres.T)
            np.maximum(squared.min(axis=1), 0, out=self.nearest[part])

    def add(self, row: int) -> None:
        """Take a row among the centres."""
        squared = self.lengths + self.lengths[row] - 2 * (self.X @ self.X[row])
        np.minimum(self.nearest, np.maximum(squared, 0, out=squared), out=self.nearest)
        self.nearest[row] = 0


class NumPyLoops:
    """A loop over picks, as a patient expert would write it."""

    name = "NumPy loops"

    def k_center(self, work: Work) -> Callable[[], Any]:
        """Take the farthest; a centre is at distance 0."""

        def run() -> list[int]:
            distances, picks = Distances(work), []
            for _ in range(work.k):
                picks.append(int(distances.nearest.argmax()))
                distances.add(picks[-1])
            return picks

        return run

    def ranked_batch(self, work: Work) -> Callable[[], Any]:
        """Take the highest a (1 - 1 / (1 + d)) + (1 - a) u."""

        def value(distance: np.ndarray, picked: int) -> np.ndarray:
            a = (len(work.X) - picked) / (len(work.X) + len(work.labelled))
            return a * (1 - 1 / (1 + distance)) + (1 - a) * work.uncertainty

        return self._by_value(work, value)

    def diverse_uncertain(self, work: Work) -> Callable[[], Any]:
        """Take the highest 0.7 u + 0.3 d, both scaled."""
        u = work.uncertainty - work.uncertainty.min()
        u = 0.7 * (u / u.max())
        far: list[float] = []

        def value(distance: np.ndarray, picked: int) -> np.ndarray:
            if not picked:
                far[:] = [float(distance.max())]
            return u + 0.3 * (distance / far[0])

        return self._by_value(work, value)

    def _by_value(self, work: Work, value: Callable[[np.ndarray, int], np.ndarray]) -> Callable[[], Any]:
        def run() -> list[int]:
            distances, picks = Distances(work), []
            out = np.zeros(len(work.X), bool)
            for picked in range(work.k):
                values = value(np.sqrt(distances.nearest), picked)
                values[out] = -np.inf
                picks.append(int(values.argmax()))
                out[picks[-1]] = True
                distances.add(picks[-1])
            return picks

        return run

    def kmeans_plus_plus(self, work: Work) -> Callable[[], Any]:
        """Draw in proportion to squared distances."""
        X = work.X
        lengths = np.einsum("ij,ij->i", X, X)
        return lambda: drawn(lambda row: lengths + lengths[row] - 2 * (X @ X[row]), None, len(X), work.k)

    def badge(self, work: Work) -> Callable[[], Any]:
        """Multiply two products instead of making gradients, as BADGE's authors do."""
        X, error = work.X, work.probs.copy()
        error[np.arange(len(error)), error.argmax(axis=1)] -= 1

        def run() -> list[int]:
            lengths = np.einsum("ij,ij->i", X, X) * np.einsum("ij,ij->i", error, error)
            squared = lambda row: lengths + lengths[row] - 2 * (X @ X[row]) * (error @ error[row])  # noqa: E731
            return drawn(squared, int(lengths.argmax()), len(X), work.k)

        return run

    def herding(self, work: Work) -> Callable[[], Any]:
        """Lazy greedy over a stored kernel of all rows by all rows."""
        X = work.X.astype(np.float64)

        def run() -> list[int]:
            lengths = np.einsum("ij,ij->i", X, X)
            kernel = lengths[:, None] + lengths - 2 * (X @ X.T)
            kernel *= -0.5 / work.scale**2
            np.exp(kernel, out=kernel)
            covered = np.zeros(len(X))
            picks: list[int] = []
            heap = [(-gain, row) for row, gain in enumerate(kernel.sum(axis=1))]
            heapq.heapify(heap)
            while len(picks) < work.k:
                _, row = heap[0]
                gain = -float(np.maximum(kernel[row] - covered, 0).sum())
                heapq.heapreplace(heap, (gain, row))
                if heap[0] == (gain, row):
                    heapq.heappop(heap)
                    picks.append(row)
                    np.maximum(covered, kernel[row], out=covered)
            return picks

        return run

    def density(self, work: Work) -> Callable[[], Any]:
        """Block by block, in float64."""
        X = work.X.astype(np.float64)

        def run() -> np.ndarray:
            lengths = np.einsum("ij,ij->i", X, X)
            out = np.empty(len(X))
            for start in range(0, len(X), BLOCK):
                part = slice(start, start + BLOCK)
                squared = lengths[part, None] + lengths - 2 * (X[part] @ X.T)
                np.maximum(squared, 0, out=squared)
                np.sqrt(squared, out=squared)
                squared += 1
                np.reciprocal(squared, out=squared)
                squared.mean(axis=1, out=out[part])
            return out

        return run

    def min_distances(self, work: Work) -> Callable[[], Any]:
        """Block by block: the product, and the smallest."""
        X, Y = work.X, work.labelled

        def run() -> np.ndarray:
            half, nearest = np.einsum("ij,ij->i", Y, Y) / 2, np.empty(len(X), np.int64)
            for start in range(0, len(X), BLOCK):
                part = slice(start, start + BLOCK)
                nearest[part] = (half - X[part] @ Y.T).argmin(axis=1)
            return nearest

        return run


def drawn(squared: Callable[[int], np.ndarray], first: int | None, rows: int, k: int) -> list[int]:
    """Draw rows in proportion to the squared distance to the nearest drawn before."""
    rng = np.random.default_rng(0)
    picks = [int(rng.integers(rows)) if first is None else first]
    nearest = np.maximum(squared(picks[0]), 0)
    while len(picks) < k:
        nearest[picks[-1]] = 0
        sums = np.cumsum(nearest, dtype=np.float64)
        picks.append(int(np.searchsorted(sums, rng.random() * sums[-1], side="right")))
        np.minimum(nearest, np.maximum(squared(picks[-1]), 0), out=nearest)
    return picks
