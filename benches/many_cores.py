"""What of a call no second thread can share: `python -m benches.many_cores`.

With two threads that take blocks from one queue, the calling thread spends the serial part and half
of the rest: so twice its CPU seconds less those of the process are the serial part, to about a block.
Its growth with the rows is what would bind a machine with many cores, which is not needed to see it.
The other half of the question, whether the blocks keep 64 threads equally busy, is a test of the core
(`many_threads_end_at_about_the_same_time` in `rust/core/src/blocks.rs`).
"""

from __future__ import annotations

import argparse
import statistics
import time
from typing import TYPE_CHECKING

import numpy as np

import shortlist as sl
from shortlist.benchmarking.machine import cores

from .report import Printer

if TYPE_CHECKING:
    from collections.abc import Callable

THREADS = 2
CORES = 64


def probabilities(rows: int, classes: int = 10) -> np.ndarray:
    """Rows that sum to one."""
    pool = np.random.default_rng(0).random((rows, classes), dtype=np.float32)
    return pool / pool.sum(axis=1, keepdims=True)


def embeddings(rows: int, features: int = 64) -> np.ndarray:
    """Rows without structure."""
    return np.random.default_rng(1).standard_normal((rows, features), dtype=np.float32)


def select(rows: int) -> Callable[[], object]:
    """The plain call."""
    pool = probabilities(rows)
    return lambda: sl.select(pool, "margin", 100, n_threads=THREADS)


def select_in_groups(rows: int) -> Callable[[], object]:
    """At most five rows of each of fifty groups."""
    pool, groups = probabilities(rows), np.random.default_rng(2).integers(0, 50, rows)
    return lambda: sl.select(pool, "margin", 100, groups=groups, per_group=5, n_threads=THREADS)


def score(rows: int) -> Callable[[], object]:
    """All scores, into an array that is there."""
    pool, out = probabilities(rows), np.empty(rows, np.float32)
    return lambda: sl.score(pool, "entropy", out=out, n_threads=THREADS)


def k_center(rows: int) -> Callable[[], object]:
    """A hundred rows that cover the pool."""
    pool = embeddings(rows)
    return lambda: sl.k_center(pool, 100, n_threads=THREADS)


def min_distances(rows: int) -> Callable[[], object]:
    """The nearest of a hundred rows."""
    pool = embeddings(rows)
    return lambda: sl.min_distances(pool, pool[:100], n_threads=THREADS)


CALLS = {
    "select": (select, 1 << 21),
    "select, groups": (select_in_groups, 1 << 21),
    "score": (score, 1 << 21),
    "k_center": (k_center, 1 << 19),
    "min_distances": (min_distances, 1 << 19),
}


def serial(call: Callable[[], object], rounds: int) -> tuple[float, float]:
    """Medians of the serial part and of all, in CPU seconds."""
    call()
    parts, wholes = [], []
    for _ in range(rounds):
        caller, process = time.thread_time(), time.process_time()
        call()
        caller, process = time.thread_time() - caller, time.process_time() - process
        parts.append(2 * caller - process)
        wholes.append(process)
    return statistics.median(parts), statistics.median(wholes)


def main() -> None:
    """Print the serial part of each call at two sizes, and what it would come to on many cores."""
    parser = argparse.ArgumentParser(prog="python -m benches.many_cores", description=__doc__)
    parser.add_argument("--rounds", type=int, default=9, help="runs of each (default: 9)")
    parser.add_argument("--calls", nargs="+", choices=CALLS, default=list(CALLS))
    given = parser.parse_args()
    if cores() < THREADS:
        raise SystemExit("This needs two cores.")
    lines = []
    for name in given.calls:
        make, rows = CALLS[name]
        few, _ = serial(make(rows // 4), given.rounds)
        many, whole = serial(make(rows), given.rounds)
        grows = max(many - few, 0.0) / (rows - rows // 4)
        shared = (whole - many) / rows
        times = f"{few * 1e3:.2f}, {many * 1e3:.2f} of {whole * 1e3:.1f} ms"
        lines.append(
            [
                name,
                f"{rows:,}",
                times,
                f"{grows / (grows + shared):.1%}",
                f"{(grows + shared) / (grows + shared / CORES):.0f} x",
            ]
        )
    printer = Printer()
    printer.title("CPU time that only the calling thread can spend")
    printer.table(
        ["", "rows", "serial at a quarter, at all rows", "serial share of a further row", f"{CORES} cores, many rows"],
        lines,
    )


if __name__ == "__main__":
    main()
