"""Measure Shortlist: against memory bandwidth, and against its rivals.

Figures are medians of interleaved runs and are quoted as ratios. See README.md beside this file.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path

import numpy as np

from shortlist.benchmarking import bandwidth, data
from shortlist.benchmarking.machine import cores, machine
from shortlist.benchmarking.rivals import RIVALS
from shortlist.benchmarking.timing import interleave

from . import (  # noqa: F401  (rivals adds itself)
    against_memory,
    against_rivals,
    half,
    import_cost,
    levels,
    logits,
    memory,
    probe,
    rivals,
)
from .report import Figure, Printer, believed, verdict

PARTS = ("bandwidth", "levels", *against_memory.PARTS, "logits", "half", "rivals", "memory", "import")


def options() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m benches", description=__doc__)
    add = parser.add_argument
    add("--part", action="append", choices=PARTS, help="a part to run; may be repeated (default: all)")
    add("--quick", action="store_true", help="small data: to see that everything runs, not how fast")
    add("--full", action="store_true", help="the full number of rounds for slow rivals too")
    add("--rounds", type=int, default=7, help="interleaved runs of each task (default: 7)")
    add("--threads", type=int, nargs="+", help="thread counts (default: 1, and 2 where there are two cores)")
    add("--classes", type=int, nargs="+", help="only these numbers of classes")
    add("--dtypes", nargs="+", default=["float32", "float64"], choices=["float32", "float64"])
    add("--rivals", nargs="+", choices=RIVALS.names, help="only these rivals")
    add("--json", type=Path, metavar="FILE", help="write every figure with its raw seconds")
    add("--markdown", action="store_true", help="tables for a document")
    add("--minutes", type=float, help="begin no pool of the rivals that could end later than this")
    add("--strict", action="store_true", help="exit with 1 if a target is missed")
    given = parser.parse_args()
    given.rivals = given.rivals or RIVALS.names
    given.part = set(given.part or PARTS)
    if given.quick:
        given.rounds = min(given.rounds, 3)
    given.end = None if given.minutes is None else time.perf_counter() + 60 * given.minutes
    given.threads = given.threads or ([1, 2] if cores() > 1 else [1])
    return given


def measure_bandwidth(given: argparse.Namespace, printer: Printer) -> list[Figure]:
    """Read bandwidth with each number of threads, and copying for comparison."""
    name, read = bandwidth.reader()
    checked = probe.check()
    printer.line("The probe: " + ", ".join(f"{who} {rate:.1f} GB/s" for who, rate in checked.items()))
    n_bytes = 40_000_000 if given.quick else 800_000_000
    x = data.fill(data.Buffer(n_bytes).rows(n_bytes // 400, 100, "float32"), "flat")
    target = np.empty_like(x)
    tasks = {f"read, {n} threads": lambda n=n: read(x, n) for n in given.threads}
    times = interleave(tasks | {"copy, 1 thread": lambda: np.copyto(target, x)}, given.rounds)
    printer.title(f"Memory bandwidth, {n_bytes / 1e9:.2f} GB ({name})")
    rows = []
    for task, taken in times.items():
        traffic = n_bytes * (2 if task.startswith("copy") else 1)
        rows.append([task, f"{traffic / taken.median / 1e9:.1f} GB/s", f"{taken.spread:.0%}"])
    printer.table(["", "median", "spread"], rows)
    return [
        Figure("bandwidth", task, "flat", "float32", *x.shape, 0, n_bytes / taken.median / 1e9, seconds=taken.seconds)
        for task, taken in times.items()
    ]


def main() -> int:
    """Run the parts asked for, print each as soon as it is there."""
    given = options()
    printer = Printer(markdown=given.markdown)
    start = time.perf_counter()
    try:
        about = machine()
    except ImportError as error:
        print(f"benches: shortlist cannot be imported ({error}): run `make build` first", file=sys.stderr)
        return 2
    built = about["shortlist"]
    printer.line(
        f"Shortlist {built['version']} on {about['cpu']}, {about['cores']} cores, CPU level {built['cpu_level']} of "
        f"{', '.join(built['cpu_levels'])}; "
        f"Python {about['python']}, NumPy {about['numpy']}; medians of {given.rounds} interleaved runs"
    )
    if built.get("debug"):
        printer.line("WARNING: a debug build of shortlist: these figures mean nothing")
    figures: list[Figure] = []
    if "bandwidth" in given.part:
        figures += measure_bandwidth(given, printer)
    if "levels" in given.part:
        found = believed([*levels.run(given), *levels.others(given)])
        levels.show(found, printer)
        figures += found
    if shared := given.part.intersection(against_memory.PARTS):
        found = believed(against_memory.Bench(shared, given).run())
        against_memory.show(found, printer)
        figures += found
    if "logits" in given.part:
        found = believed(logits.run(given))
        logits.show(found, printer)
        figures += found
    if "half" in given.part:
        found = believed(half.run(given))
        half.show(found, printer)
        figures += found
    if "import" in given.part:
        found = import_cost.run(given.rounds)
        import_cost.show(found, printer)
        figures += found
    if "memory" in given.part:
        found = memory.run(RIVALS.load(given.rivals)[0], quick=given.quick)
        memory.show(found, printer)
        figures += found
    if "rivals" in given.part:
        figures += against_rivals.run(given, printer)
    missed = summary(figures, printer)
    printer.line(f"{time.perf_counter() - start:.0f} s in all")
    if given.json:
        record = {"machine": about, "figures": [f.to_dict() for f in figures]}
        given.json.write_text(json.dumps(record, indent=1, default=float))
    return 1 if given.strict and missed else 0


def summary(figures: list[Figure], printer: Printer) -> int:
    """Targets met by part; the number missed."""
    judged = [f for f in figures if f.met is not None]
    if not judged:
        return 0
    rows = []
    for part in dict.fromkeys(f.part for f in judged):
        of_part = [f.met for f in judged if f.part == part]
        rows.append([part, f"{sum(map(bool, of_part))} of {len(of_part)}", verdict(of_part)])
    printer.title("Targets met")
    printer.table(["part", "met", ""], rows)
    return sum(not f.met for f in judged)


if __name__ == "__main__":
    sys.exit(main())
