"""What a learner costs beside its model: ``python benches/learners.py [pool|loop] [--rows N] [--repeats R]``.

pool: one query on a memory-mapped pool of N x 64 float32 with a linear model: peak memory beyond the interpreter with its
libraries, and time against ``predict_proba`` alone over the same blocks, interleaved.
loop: 200 queries on digits with LogisticRegression: the share of time spent outside ``fit`` and ``predict_proba``.
"""

from __future__ import annotations

import argparse
import gc
import statistics
import tempfile
import time
import warnings
from pathlib import Path

import numpy as np
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression

import shortlist as sl
from shortlist.strategies.asking import pool_of

COLUMNS, CLASSES = 64, 10


def resident(name: str) -> float:
    """VmRSS or VmHWM of this process, in MiB."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(name)) / 1024


def write_pool(path: Path, rows: int) -> None:
    """Write the pool block by block, so that writing leaves no trace in memory."""
    draw = np.random.default_rng(0)
    pool = np.lib.format.open_memmap(path, "w+", np.float32, (rows, COLUMNS))
    for first in range(0, rows, 1 << 16):
        stop = min(rows, first + (1 << 16))
        pool[first:stop] = draw.standard_normal((stop - first, COLUMNS), dtype=np.float32)
    pool.flush()


def linear_learner() -> sl.ActiveLearner:
    draw = np.random.default_rng(1)
    X = draw.standard_normal((500, COLUMNS), dtype=np.float32)
    y = np.argmax(X @ draw.standard_normal((COLUMNS, CLASSES)), axis=1)
    return sl.ActiveLearner(LogisticRegression(max_iter=200), sl.margin_sampling, X_training=X, y_training=y)


def predict_alone(learner: sl.ActiveLearner, pool: np.ndarray) -> None:
    for _, block in pool_of(learner, pool, "auto", None):
        learner.predict_proba(block)


def bench_pool(rows: int, repeats: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "pool.npy"
        write_pool(path, rows)
        learner = linear_learner()
        learner.query(np.zeros((100, COLUMNS), dtype=np.float32), n_instances=10)
        gc.collect()
        pool = np.load(path, mmap_mode="r")
        before = resident("VmRSS")
        Path("/proc/self/clear_refs").write_text("5")
        learner.query(pool, n_instances=1000)
        peak = resident("VmHWM") - before
        blocks = pool_of(learner, pool, "auto", None)
        print(
            f"pool {rows:,} x {COLUMNS} float32, {path.stat().st_size / 2**20:.0f} MiB, blocks of {blocks.size:,} rows"
        )
        print(f"peak memory of a query beyond interpreter and libraries: {peak:.0f} MiB (aim: < 150)")
        alone, query = [], []
        for _ in range(repeats):
            began = time.perf_counter()
            predict_alone(learner, pool)
            middle = time.perf_counter()
            learner.query(pool, n_instances=1000)
            query.append(time.perf_counter() - middle)
            alone.append(middle - began)
        ratio = statistics.median(q / a for q, a in zip(query, alone, strict=True))
        print(f"predict_proba alone {statistics.median(alone):.3f} s, query {statistics.median(query):.3f} s")
        print(f"query / predict_proba, median of {repeats} pairs: {ratio:.3f} (aim: < 1.1)")


class Timed(LogisticRegression):
    """Counts the seconds spent in fit and predict_proba."""

    seconds = 0.0

    def fit(self, X, y):
        began = time.perf_counter()
        super().fit(X, y)
        Timed.seconds += time.perf_counter() - began
        return self

    def predict_proba(self, X):
        began = time.perf_counter()
        proba = super().predict_proba(X)
        Timed.seconds += time.perf_counter() - began
        return proba


def bench_loop(queries: int) -> None:
    X, y = load_digits(return_X_y=True)
    X = X / 16.0
    seed = np.concatenate([np.flatnonzero(y == digit)[:2] for digit in range(10)])
    Timed.seconds = 0.0
    began = time.perf_counter()
    learner = sl.ActiveLearner(Timed(max_iter=1000), sl.margin_sampling, X_training=X[seed], y_training=y[seed])
    for _ in range(queries):
        indices, rows = learner.query(X)
        learner.teach(rows, y[indices])
    total = time.perf_counter() - began
    outside = total - Timed.seconds
    print(f"{queries} queries on digits: {total:.2f} s, of which {Timed.seconds:.2f} s in fit and predict_proba")
    print(f"time outside: {outside * 1e3 / queries:.3f} ms a query, {outside / total:.2%} of the total (aim: < 2%)")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", nargs="?", choices=["pool", "loop", "all"], default="all")
    parser.add_argument("--rows", type=int, default=2_000_000)
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--queries", type=int, default=200)
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    if options.what in ("pool", "all"):
        bench_pool(options.rows, options.repeats)
    if options.what in ("loop", "all"):
        bench_loop(options.queries)


if __name__ == "__main__":
    main()
