"""density against modAL's formula, 1/(1 + pairwise_distances) averaged over each row, and the memory that takes.

On float64, as modAL's users have it. Memory is the peak beyond the input, measured in a process of its own.
"""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import numpy as np

import shortlist as sl
from shortlist.benchmarking.timing import interleave

from ..report import Figure, Printer, number, verdict

if TYPE_CHECKING:
    import argparse

SHAPES = [(20_000, 64), (5000, 768)]
LARGE = 200_000, 64
TARGET = 7.0

PEAK = """
import sys
import numpy as np
import shortlist as sl
from benches.diversity.density import modal

def memory(field):
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) << 10 for line in status if line.startswith(field))

call = {"ours": sl.density, "modAL": modal}[sys.argv[1]]
x = np.random.default_rng(0).standard_normal((int(sys.argv[2]), int(sys.argv[3])))
call(x[:100])
with open("/proc/self/clear_refs", "w") as refs:
    refs.write("5")
before = memory("VmRSS")
call(x)
print(memory("VmHWM") - before)
"""


def modal(x: np.ndarray) -> np.ndarray:
    """modAL's formula."""
    from sklearn.metrics import pairwise_distances

    return (1 / (1 + pairwise_distances(x, x))).mean(axis=1)


def run(given: argparse.Namespace, printer: Printer) -> list[Figure]:
    """All shapes, then a large one with progress."""
    figures, table = [], []
    for rows, features in SHAPES:
        if given.features not in (None, features):
            continue
        rows = given.rows or (rows // 10 if given.quick else rows)
        x = np.random.default_rng(0).standard_normal((rows, features))
        times = interleave(
            {"ours": lambda x=x: sl.density(x, n_threads=given.threads), "modAL": lambda x=x: modal(x)}, given.rounds
        )
        ratio = times["modAL"].median / times["ours"].median
        target = TARGET if (rows, features) == SHAPES[0] else None
        figure = Figure("density", "modAL", "iid", "float64", rows, features, given.threads or 0, ratio, target)
        figures.append(figure)
        off = float(np.abs(sl.density(x) / modal(x) - 1).max())
        memory = [f"{peak(which, rows, features) / 2**20:,.0f}" for which in ("ours", "modAL")]
        table.append(
            [
                f"{rows:,}",
                str(features),
                f"{times['ours'].median:.2f}",
                number(ratio),
                f"{off:.0e}",
                *memory,
                verdict([figure.met]),
            ]
        )
    printer.title("density: times faster than modAL's formula, and MiB beyond the input")
    printer.table(["rows", "features", "ours (s)", "modAL", "largest difference", "ours", "modAL", ""], table)
    if given.full:
        rows, features = LARGE
        steps: list[int] = []
        x = np.random.default_rng(0).standard_normal((rows, features))
        sl.density(x, n_threads=given.threads, progress=lambda done, _: steps.append(done))
        printer.line(f"{rows:,} x {features}: finished, progress told {len(steps)} times")
    return figures


def peak(which: str, rows: int, features: int) -> int:
    """Peak memory of one call beyond its input, in bytes."""
    command = [sys.executable, "-c", PEAK, which, str(rows), str(features)]
    return int(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
