"""NumPy at its best: cache-sized chunks, reused buffers, no temporaries of the pool's size.

Rows of few classes are transposed chunk by chunk, so that every ufunc runs along contiguous
rows of a class; wide rows use reductions along the row. Each choice was the fastest of four to
six forms tried (`np.partition` is 2 to 18 times slower than the running top two used here).
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

from . import LOWEST, MEASURES

CHUNK = 1 << 18  # bytes: half an L2 cache, leaving room for the buffers


class Chunks:
    """Scores of row ranges of one pool, computed in one thread's buffers."""

    def __init__(self, x: np.ndarray) -> None:
        self.x = x
        n_classes = x.shape[1]
        self.rows = max(64, CHUNK // (n_classes * x.itemsize))
        self.tall = np.empty((self.rows, n_classes), x.dtype)
        self.wide = np.empty((n_classes, self.rows), x.dtype)
        self.vectors = np.empty((3, self.rows), x.dtype)
        self.ones = np.ones(n_classes, x.dtype)
        self.row = np.arange(self.rows)

    def score(self, measure: str, start: int, out: np.ndarray) -> None:
        """Scores of the rows from `start` on; as many as `out` takes, at most one chunk."""
        chunk = self.x[start : start + len(out)]
        getattr(self, measure)(chunk, out)

    def transposed(self, chunk: np.ndarray) -> np.ndarray:
        """Return the chunk as contiguous columns, in a buffer."""
        wide = self.wide[:, : len(chunk)]
        np.copyto(wide, chunk.T)
        return wide

    def least_confident(self, chunk: np.ndarray, out: np.ndarray) -> None:
        """1 - max."""
        if chunk.shape[1] <= 48:
            self.transposed(chunk).max(axis=0, out=out)
        else:
            chunk.max(axis=1, out=out)
        np.subtract(1, out, out=out)

    def margin(self, chunk: np.ndarray, out: np.ndarray) -> None:
        """Largest less second largest: a running top two, or two maxima per row."""
        n_rows, n_classes = chunk.shape
        if n_classes <= 24:
            wide = self.transposed(chunk)
            first, second, low = self.vectors[:, :n_rows]
            np.maximum(wide[0], wide[1], out=first)
            np.minimum(wide[0], wide[1], out=second)
            for column in wide[2:]:
                np.minimum(first, column, out=low)
                np.maximum(first, column, out=first)
                np.maximum(second, low, out=second)
            np.subtract(first, second, out=out)
            return
        tall, row = self.tall[:n_rows], self.row[:n_rows]
        np.copyto(tall, chunk)
        best = tall.argmax(axis=1)
        first = tall[row, best]
        tall[row, best] = -1
        np.subtract(first, tall.max(axis=1), out=out)

    def entropy(self, chunk: np.ndarray, out: np.ndarray) -> None:
        """-sum p ln p; rows with a zero are recomputed with the zero lifted to tiny."""
        logs = self.tall[: len(chunk)]
        np.log(chunk, out=logs)
        self.dot(chunk, logs, out)
        if np.isnan(out).any():
            np.maximum(chunk, np.finfo(chunk.dtype).tiny, out=logs)
            np.log(logs, out=logs)
            self.dot(chunk, logs, out)
        np.negative(out, out=out)

    def dot(self, chunk: np.ndarray, logs: np.ndarray, out: np.ndarray) -> None:
        """Row-wise products, summed."""
        if chunk.shape[1] <= 16:
            np.multiply(chunk, logs, out=logs)
            np.dot(logs, self.ones, out=out)
        else:
            np.einsum("ij,ij->i", chunk, logs, out=out)


class NumPyChunked:
    """One thread; selection by `np.argpartition`."""

    name = "NumPy chunked"
    fused = False
    cold = False
    threads = 1

    def setup(self, x: np.ndarray, n_threads: int) -> None:
        """Allocate the scores and the buffers of every thread."""
        self.x = x
        self.parts = n_threads if self.threads != 1 else 1
        self.workers = [Chunks(x) for _ in range(self.parts)]
        self.out = np.empty(len(x), x.dtype)

    def has(self, measure: str) -> bool:
        """All three."""
        return measure in MEASURES

    def bounds(self) -> list[int]:
        """Where the rows of each thread begin and end."""
        return [len(self.x) * part // self.parts for part in range(self.parts + 1)]

    def score_part(self, measure: str, part: int) -> None:
        """Chunk after chunk of one thread's rows."""
        first, last = self.bounds()[part : part + 2]
        worker = self.workers[part]
        with np.errstate(divide="ignore", invalid="ignore"):
            for start in range(first, last, worker.rows):
                worker.score(measure, start, self.out[start : min(start + worker.rows, last)])

    def scores(self, measure: str) -> np.ndarray:
        """All scores, into the reused output."""
        if self.parts == 1:
            self.score_part(measure, 0)
        else:
            with ThreadPoolExecutor(self.parts) as pool:
                list(pool.map(lambda part: self.score_part(measure, part), range(self.parts)))
        return self.out

    def top(self, measure: str, scores: np.ndarray, k: int, /) -> np.ndarray:
        """`np.argpartition`, from the side that is informative."""
        if measure in LOWEST:
            return np.argpartition(scores, k - 1)[:k]
        return np.argpartition(scores, len(scores) - k)[-k:]


class NumPyThreads(NumPyChunked):
    """The same in a thread pool: ufuncs release the interpreter lock."""

    name = "NumPy chunked, threads"
    threads = 0


class NumPyFused(NumPyThreads):
    """The same, keeping a running cut: only scores that beat it are looked at again."""

    name = "NumPy fused top-k, threads"
    fused = True

    def top_part(self, measure: str, k: int, part: int) -> tuple[np.ndarray, np.ndarray]:
        """Candidates of one thread: (scores with low informative, ids)."""
        first, last = self.bounds()[part : part + 2]
        worker = self.workers[part]
        values, ids = np.empty(0, self.x.dtype), np.empty(0, np.int64)
        cut = np.inf
        with np.errstate(divide="ignore", invalid="ignore"):
            for start in range(first, last, worker.rows):
                out = self.out[first : first + min(worker.rows, last - start)]  # stays in cache
                worker.score(measure, start, out)
                if measure not in LOWEST:
                    np.negative(out, out=out)
                new = np.flatnonzero(out < cut)
                if len(new):
                    values = np.concatenate([values, out[new]])
                    ids = np.concatenate([ids, new + start])
                    if len(values) > k:
                        keep = np.argpartition(values, k - 1)[:k]
                        values, ids = values[keep], ids[keep]
                        cut = values.max()
        return values, ids

    def top(self, measure: str, _scores: Any, k: int, /) -> np.ndarray:
        """Score and select in one pass."""
        with ThreadPoolExecutor(self.parts) as pool:
            found = list(pool.map(lambda part: self.top_part(measure, k, part), range(self.parts)))
        values = np.concatenate([values for values, _ in found])
        ids = np.concatenate([ids for _, ids in found])
        return ids[np.argpartition(values, k - 1)[:k]] if len(ids) > k else ids
