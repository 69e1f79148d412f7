"""What a cluster sends and merges: the bytes of a state, the time to merge eight, and how fast a worker's thread scores."""

from __future__ import annotations

import pickle
from typing import TYPE_CHECKING

import numpy as np

import shortlist as sl
from shortlist.benchmarking import data
from shortlist.benchmarking.timing import interleave
from shortlist.distributed.states import merge

if TYPE_CHECKING:
    from ..report import Printer

SIZES = (100, 1_000, 10_000)
MERGED = 8
ROWS, CLASSES = 200_000, 228


def run(printer: Printer, *, rounds: int) -> None:
    """Print a line for each number of picks, and the rate of one thread."""
    x = data.fill(data.Buffer(ROWS * CLASSES * 4).rows(ROWS, CLASSES, "float32"), "dirichlet")
    table = []
    for k in SIZES:
        states = []
        for number, part in enumerate(np.array_split(x, MERGED)):
            state = sl.Selector("margin", k)
            state.update(part, first_id=number * len(part))
            states.append(pickle.dumps(state))
        times = interleave({"merge": lambda states=states: merge(*map(pickle.loads, states))}, rounds)["merge"]
        table.append([f"{k:,}", f"{len(states[0]):,}", f"{times.median * 1e3:.1f} ms"])
    printer.title(f"States of a selection by margin, {ROWS // MERGED:,} rows each")
    printer.table(["k", "bytes, pickled", f"{MERGED} unpickled and merged"], table)

    def score() -> None:
        state = sl.Selector("margin", 1_000, n_threads=1)
        state.update(x, first_id=0)

    once = interleave({"score": score}, rounds)["score"]
    printer.line(
        f"One thread scores {x.nbytes / once.median / 1e9:.1f} GB/s by margin ({CLASSES} classes, float32, in memory)"
    )
