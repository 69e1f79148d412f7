"""What each option of `select` costs beside the plain call: ``python -m benches.options [--rows N] [NAME ...]``.

All calls take turns in one process on one pool of 10 classes. Shown is the median of the ratios of a call with the option to the
plain call of the same turn, the milliseconds of the median call, and the target. Names choose lines by their beginning.
"""

from __future__ import annotations

import argparse
import statistics
import time
from typing import TYPE_CHECKING, Any

import numpy as np

import shortlist as sl
from shortlist.benchmarking.machine import machine

if TYPE_CHECKING:
    from collections.abc import Callable

CLASSES, PICKS, TURNS = 10, 100, 9
EXCLUDED, MANY, BLOCK = 100_000, 100_000, 1_000
PLAIN = "plain"


def frames(x: Any) -> dict[str, Any]:
    """Put the pool into the frames that are installed."""
    columns = {f"class {number}": np.ascontiguousarray(x[:, number]) for number in range(x.shape[1])}
    found: dict[str, Any] = {}
    try:
        import pandas as pd

        found["pandas frame"] = pd.DataFrame(columns)
    except ModuleNotFoundError:
        print("pandas is not installed")
    try:
        import polars as pl

        found["polars frame"] = pl.DataFrame(columns)
    except ModuleNotFoundError:
        print("polars is not installed")
    return found


def lines(rows: int) -> dict[str, tuple[float, Callable[[], Any]]]:
    """Name the calls, and how many times as long as the plain one each may take."""
    rng = np.random.default_rng(0)
    x = rng.dirichlet(np.ones(CLASSES), rows).astype(np.float32)
    blocks = [x[first : first + BLOCK] for first in range(0, rows, BLOCK)]
    groups = rng.integers(0, 50, rows)
    texts = np.array([f"source {number}" for number in range(50)])[groups]
    excluded = rng.choice(rows, min(EXCLUDED, rows // 10), replace=False)
    mask = np.zeros(rows, dtype=np.bool)
    mask[excluded] = True
    many = min(MANY, rows // 10)

    def select(pool: Any = x, k: int | None = PICKS, **options: Any) -> Callable[[], Any]:
        return lambda: sl.select(pool, "margin", k, **options)

    return {
        PLAIN: (1.0, select()),
        "groups, per_group=5": (1.5, select(groups=groups, per_group=5)),
        "groups, per_group alone": (1.5, select(k=None, groups=groups, per_group=5)),
        "groups, uint8": (1.5, select(groups=groups.astype(np.uint8), per_group=5)),
        "groups of text": (1.5, select(groups=texts, per_group=5)),
        "quotas, equal": (1.5, select(groups=groups, quotas="equal")),
        "quotas, proportional": (1.5, select(groups=groups, quotas="proportional")),
        "quotas by name": (1.5, select(groups=groups, quotas={7: 60, 3: 30})),
        "exclude, ids": (1.5, select(exclude=excluded)),
        "exclude, mask": (1.5, select(exclude=mask)),
        "ties at random": (1.5, select(ties="random", random_state=0)),
        "perturb, power": (1.5, select(perturb="power", random_state=0)),
        "perturb, softmax": (1.5, select(perturb="softmax", random_state=0)),
        "perturb, softrank": (15.0, select(perturb="softrank", random_state=0)),
        "renormalize": (1.5, select(normalize="renormalize")),
        "as_is": (1.5, select(normalize="as_is")),
        f"k = {many:,}": (3.0, select(k=many)),
        f"blocks of {BLOCK:,} rows": (3.0, select(blocks)),
        **{name: (1.5, select(frame)) for name, frame in frames(x).items()},
    }


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m benches.options", description=__doc__)
    parser.add_argument("--rows", type=int, default=2_000_000)
    parser.add_argument("names", nargs="*", help="how the lines to measure begin; by default all")
    asked = parser.parse_args()
    print(machine())
    calls = {
        name: line
        for name, line in lines(asked.rows).items()
        if name == PLAIN or not asked.names or name.startswith(tuple(asked.names))
    }
    took: dict[str, list[float]] = {name: [] for name in calls}
    for turn in range(TURNS + 1):
        for name, (_, call) in calls.items():
            began = time.perf_counter()
            call()
            if turn:
                took[name].append(time.perf_counter() - began)
    print(f"{'option':<24} {'ms':>8} {'ratio':>7} {'target':>7}")
    for name, (target, _) in calls.items():
        ratio = statistics.median(own / plain for own, plain in zip(took[name], took[PLAIN], strict=True))
        verdict = "met" if ratio <= target else "MISSED"
        print(f"{name:<24} {statistics.median(took[name]) * 1e3:>8.2f} {ratio:>7.2f} {target:>7.1f} {verdict}")


if __name__ == "__main__":
    main()
