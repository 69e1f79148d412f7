"""What `bench` adds to what it times: ``python -m benches.overhead``.

The same selection is timed by `sl.bench` and by a bare loop of three lines, turn about on one pool that no cache holds, and each
turn gives one ratio. Noise of the machine comes in spells longer than a turn, so it is in both halves of most turns and cancels;
the median over turns is printed with its 95% bootstrap interval. It should be within 3%.
"""

from __future__ import annotations

import statistics
import time

import numpy as np

import shortlist as sl
from shortlist.benchmarking import data

TURNS, RUNS, ROWS, CLASSES = 60, 3, 4_000_000, 10
WITHIN = 0.03


def main() -> None:
    """Time both ways and print the ratio."""
    x = data.fill(data.Buffer(ROWS * CLASSES * 4).rows(ROWS, CLASSES, "float32"), "dirichlet")
    call = {"k": 100, "rivals": "none", "rounds": RUNS, "threads": [1], "peaks": False}
    for name in ("margin", "entropy"):

        def by_bench(name: str = name) -> float:
            return sl.bench(x, name, **call).median(name, 1)

        def by_hand(name: str = name) -> float:
            seconds = []
            for _ in range(RUNS):
                start = time.perf_counter()
                sl.select(x, name, 100, n_threads=1)
                seconds.append(time.perf_counter() - start)
            return statistics.median(seconds)

        ratios = []
        for turn in range(TURNS):
            if turn % 2:
                bare, clocked = by_hand(), by_bench()
            else:
                clocked, bare = by_bench(), by_hand()
            ratios.append(clocked / bare)
        ratio = statistics.median(ratios)
        drawn = np.random.default_rng(0).choice(ratios, (2000, TURNS))
        low, high = np.percentile(np.median(drawn, axis=1), [2.5, 97.5])
        verdict = "met" if abs(ratio - 1) <= WITHIN else "MISSED"
        print(
            f"{name}: {ratio:.3f} of the time by hand ({low:.3f} to {high:.3f}), median of {TURNS} turns "
            f"({verdict}: within {WITHIN:.0%})"
        )


if __name__ == "__main__":
    main()
