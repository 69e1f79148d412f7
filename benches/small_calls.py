"""What a call costs beside its rows: ``python -m benches.small_calls [--instructions]``.

Times are of pools of 100, 200 and 1,000 rows of 10 classes, medians of nine turns, beside NumPy's two lines for the same picks.
With ``--instructions`` Valgrind's callgrind counts what 1,000 further calls execute, of this process and of another that makes as
many more: what the interpreter, the border and the core do for one call, whatever else the machine does.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import statistics
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import numpy as np

import shortlist as sl

if TYPE_CHECKING:
    from collections.abc import Callable

CLASSES, PICKS, CALLS, TURNS = 10, 10, 1_000, 9
SIZES = (100, 200, 1_000)
TARGETS = {"select": 15.0, "score": 8.0, "query": 60.0}
"""Microseconds of a call on 100 rows; of a query beyond its `predict_proba`."""


def pool(rows: int) -> Any:
    """Draw probabilities in float32."""
    return np.random.default_rng(0).dirichlet(np.ones(CLASSES), rows).astype(np.float32)


def two_lines(x: Any) -> Any:
    """Pick as NumPy does."""
    largest = np.sort(x, axis=1)
    return np.argpartition(largest[:, -1] - largest[:, -2], PICKS)[:PICKS]


def calls(rows: int) -> dict[str, Callable[[], Any]]:
    """Name what is called."""
    from sklearn.linear_model import LogisticRegression

    x, rng = pool(rows), np.random.default_rng(0)
    features, labels = rng.normal(size=(rows, CLASSES)), np.arange(rows) % CLASSES
    model = LogisticRegression().fit(features, labels)
    learner = sl.ActiveLearner(model, sl.margin_sampling)
    return {
        "select": lambda: sl.select(x, "margin", PICKS),
        "score": lambda: sl.score(x, "margin"),
        "numpy": lambda: two_lines(x),
        "query": lambda: learner.query(features, n_instances=PICKS),
        "predict_proba": lambda: model.predict_proba(features),
    }


def timed() -> None:
    """Print microseconds, and which targets are met."""
    for rows in SIZES:
        found: dict[str, list[float]] = {}
        for _ in range(TURNS + 1):
            for name, call in calls(rows).items():
                call()
                began = time.perf_counter()
                for _ in range(CALLS // 4):
                    call()
                found.setdefault(name, []).append((time.perf_counter() - began) / (CALLS // 4) * 1e6)
        took = {name: statistics.median(times[1:]) for name, times in found.items()}
        took["query"] -= took.pop("predict_proba")
        print(f"{rows} rows")
        for name, microseconds in took.items():
            target = TARGETS.get(name) if rows == SIZES[0] else None
            verdict = (
                "" if target is None else f"  target {target:.0f}: {'met' if microseconds <= target else 'MISSED'}"
            )
            print(f"  {name:<8} {microseconds:>7.1f} us{verdict}")


def instructions(name: str) -> int:
    """Count what one call executes, by two processes that differ in the number of calls alone."""
    counts = []
    for repeat in (CALLS, 2 * CALLS):
        words = ["--tool=callgrind", "--callgrind-out-file=/dev/null", sys.executable, "-m", "benches.small_calls"]
        said = subprocess.run(
            ["valgrind", *words, "--repeat", name, str(repeat)],
            check=True,
            capture_output=True,
            text=True,
            env={**os.environ, "PYTHONHASHSEED": "0"},
        ).stderr
        found = re.search(r"Collected : (\d+)", said)
        if found is None:
            raise SystemExit(f"callgrind counted nothing:\n{said}")
        counts.append(int(found[1]))
    return (counts[1] - counts[0]) // CALLS


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(prog="python -m benches.small_calls", description=__doc__)
    parser.add_argument("--instructions", action="store_true", help="count instructions, which needs valgrind")
    parser.add_argument("--repeat", nargs=2, metavar=("NAME", "CALLS"), help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.repeat:
        x = pool(SIZES[0])
        call: Any = {"select": lambda: sl.select(x, "margin", PICKS), "score": lambda: sl.score(x, "margin")}
        for _ in range(int(asked.repeat[1])):
            call[asked.repeat[0]]()
    elif asked.instructions:
        if shutil.which("valgrind") is None:
            raise SystemExit("there is no valgrind on PATH")
        for name in ("select", "score"):
            print(f"{name:<8} {instructions(name):>8,} instructions a call, {SIZES[0]} rows")
    else:
        timed()


if __name__ == "__main__":
    main()
