"""What the clock of `bench` adds to what it times: ``python -m benches.overhead``.

One selection is timed by `interleave` and by hand, turn about. Other work on the machine only ever adds to a run, so the fastest
tenth of either is compared: they should be within 3%.
"""

from __future__ import annotations

import statistics
import time

import shortlist as sl
from shortlist.benchmarking import data
from shortlist.benchmarking.timing import interleave

TURNS, ROWS, CLASSES = 60, 1_000_000, 10


def main() -> None:
    """Time both ways and print the ratio."""
    x = data.fill(data.Buffer(ROWS * CLASSES * 4).rows(ROWS, CLASSES, "float32"), "dirichlet")
    for name in ("margin", "entropy"):

        def task(name: str = name) -> object:
            return sl.select(x, name, 100, n_threads=1)

        clocked, by_hand = [], []
        for _ in range(TURNS):
            clocked += interleave({name: task}, 1)[name].seconds
            start = time.perf_counter()
            task()
            by_hand.append(time.perf_counter() - start)
        ratio = statistics.quantiles(clocked, n=10)[0] / statistics.quantiles(by_hand, n=10)[0]
        verdict = "met" if abs(ratio - 1) <= 0.03 else "MISSED"
        print(f"{name}: {ratio:.3f} of the time by hand, over {TURNS} turns ({verdict}: within 3%)")


if __name__ == "__main__":
    main()
