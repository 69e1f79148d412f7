"""Numba: hand-fused parallel loops, the number of classes known to the compiler.

`NumbaLoops` writes all scores and selects by `np.argpartition`. `NumbaFused` keeps a heap of the
best k beside each thread's scoring loop and never stores a score: the same design as Shortlist's,
as far as a loop without intrinsics takes it (no validation, no tie rule).
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numba
import numpy as np

from shortlist.benchmarking.rivals import LOWEST, MEASURES

UNROLLED = 24
FAST = {"reassoc", "nsz", "contract", "arcp", "nnan"}
TILE = 2048  # rows scored before their scores are looked at: they stay in L1


@cache
def row_kernel(measure: str, n_classes: int) -> Any:
    """One row's score from the flat pool.

    `n_classes` is a constant to the compiler, and so is the stride: LLVM unrolls and vectorises.
    """

    @numba.njit(fastmath=FAST, inline="always")
    def least_confident(x: np.ndarray, i: int) -> float:
        row = i * n_classes
        best = x[row]
        for c in range(1, n_classes):
            best = max(best, x[row + c])
        return x.dtype.type(1) - best

    @numba.njit(fastmath=FAST, inline="always")
    def margin_narrow(x: np.ndarray, i: int) -> float:
        row = i * n_classes
        first, second = max(x[row], x[row + 1]), min(x[row], x[row + 1])
        for c in range(2, n_classes):
            p = x[row + c]
            second = max(second, min(first, p))
            first = max(first, p)
        return first - second

    @numba.njit(fastmath=FAST, inline="always")
    def margin_wide(x: np.ndarray, i: int) -> float:
        row = i * n_classes
        # a running top two does not vectorise; two maxima over a row in L1 do
        first = x[row]
        for c in range(1, n_classes):
            first = max(first, x[row + c])
        second, ties = x.dtype.type(-1), 0
        for c in range(n_classes):
            p = x[row + c]
            below = p < first
            second = max(second, p if below else x.dtype.type(-1))
            ties += 0 if below else 1
        return x.dtype.type(0) if ties > 1 else first - second

    @numba.njit(fastmath=FAST, inline="always")
    def entropy(x: np.ndarray, i: int) -> float:
        row = i * n_classes
        total = x.dtype.type(0)
        for c in range(n_classes):
            p = x[row + c]
            if p > 0:
                total -= p * np.log(p)
        return total

    margin = margin_narrow if n_classes <= UNROLLED else margin_wide
    return {"least_confident": least_confident, "margin": margin, "entropy": entropy}[measure]


@cache
def score_kernel(measure: str, n_classes: int) -> Any:
    """All scores, rows in parallel."""
    score = row_kernel(measure, n_classes)

    @numba.njit(parallel=True, fastmath=FAST)
    def run(x: np.ndarray, out: np.ndarray) -> None:
        for i in numba.prange(len(out)):
            out[i] = score(x, i)

    return run


@numba.njit
def replace_worst(heap: np.ndarray, ids: np.ndarray, value: float, row: int) -> None:
    """Put a value in place of the root of a max-heap of the lowest k."""
    size, at = len(heap), 0
    while True:
        child = 2 * at + 1
        if child >= size:
            break
        if child + 1 < size and heap[child + 1] > heap[child]:
            child += 1
        if heap[child] <= value:
            break
        heap[at], ids[at] = heap[child], ids[child]
        at = child
    heap[at], ids[at] = value, row


@cache
def top_kernel(measure: str, n_classes: int) -> Any:
    """Score tiles of rows and keep a heap of the best k per thread."""
    score = row_kernel(measure, n_classes)
    sign = 1 if measure in LOWEST else -1

    @numba.njit(parallel=True, fastmath=FAST)
    def run(x: np.ndarray, heaps: np.ndarray, ids: np.ndarray, tiles: np.ndarray) -> None:
        parts, n_rows = len(heaps), len(x) // n_classes
        for part in numba.prange(parts):
            heap, mine, tile = heaps[part], ids[part], tiles[part]
            first, last = n_rows * part // parts, n_rows * (part + 1) // parts
            for start in range(first, last, TILE):
                rows = min(TILE, last - start)
                lowest = heap[0]
                for i in range(rows):
                    value = sign * score(x, start + i)
                    tile[i] = value
                    lowest = min(lowest, value)
                if lowest < heap[0]:
                    for i in range(rows):
                        if tile[i] < heap[0]:
                            replace_worst(heap, mine, tile[i], start + i)

    return run


class NumbaLoops:
    """Scores by a parallel loop, then `np.argpartition`."""

    name = "Numba"
    fused = False
    cold = False

    def setup(self, x: np.ndarray, n_threads: int) -> None:
        """Allocate the scores."""
        numba.set_num_threads(n_threads)
        self.x, self.n_threads, self.n_classes = x.reshape(-1), n_threads, x.shape[1]
        self.out = np.empty(len(x), x.dtype)

    def has(self, measure: str) -> bool:
        """All three."""
        return measure in MEASURES

    def scores(self, measure: str) -> np.ndarray:
        """All scores, into the reused output."""
        score_kernel(measure, self.n_classes)(self.x, self.out)
        return self.out

    def top(self, measure: str, scores: np.ndarray, k: int) -> np.ndarray:
        """`np.argpartition`, from the side that is informative."""
        if measure in LOWEST:
            return np.argpartition(scores, k - 1)[:k]
        return np.argpartition(scores, len(scores) - k)[-k:]


class NumbaFused(NumbaLoops):
    """Score and select in one parallel pass."""

    name = "Numba fused top-k"
    fused = True

    def top(self, measure: str, scores: None, k: int) -> np.ndarray:
        """Merge the heaps of the threads."""
        heaps = np.full((self.n_threads, k), np.inf, self.x.dtype)
        ids = np.full((self.n_threads, k), -1, np.int64)
        tiles = np.empty((self.n_threads, TILE), self.x.dtype)
        top_kernel(measure, self.n_classes)(self.x, heaps, ids, tiles)
        return ids.ravel()[np.argpartition(heaps.ravel(), k - 1)[:k]]
