"""Measure the diversity functions: ratios of times, interleaved on the same input.

    python -m benches.diversity --part k_center

Every part says what its rivals are and which of them were timed in part and scaled up.
"""

from __future__ import annotations

import argparse
import importlib
import json
import sys
import time
from pathlib import Path

from ..__main__ import machine
from ..report import Figure, Printer

PARTS = ("k_center", "ranked_batch", "min_distances", "in_cache", "density", "badge")


def options() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m benches.diversity", description=__doc__)
    add = parser.add_argument
    add("--part", action="append", choices=PARTS, help="a part to run; may be repeated (default: all)")
    add("--quick", action="store_true", help="small data: to see that everything runs, not how fast")
    add("--full", action="store_true", help="time slow rivals to the end instead of scaling a part of them up")
    add("--rounds", type=int, default=3, help="interleaved runs of each task (default: 3)")
    add("--rows", type=int, help="only pools of so many rows")
    add("--features", type=int, help="only pools of so many features")
    add("--pools", nargs="+", help="only these pools")
    add("--threads", type=int, help="threads of ours and of rivals that take a number (default: all)")
    add("--json", type=Path, metavar="FILE", help="write every figure with its raw seconds")
    add("--markdown", action="store_true", help="tables for a document")
    given = parser.parse_args()
    given.part = given.part or list(PARTS)
    return given


def main() -> int:
    """Run the parts asked for, print each as soon as it is there."""
    given = options()
    printer = Printer(markdown=given.markdown)
    about = machine()
    built = about["shortlist"]
    printer.line(f"Shortlist {built['version']} ({built['cpu_level']}) on {about['cpu']}, {about['cores']} cores")
    start = time.perf_counter()
    figures: list[Figure] = []
    for part in given.part:
        figures += importlib.import_module(f"{__package__}.{part}").run(given, printer)
    printer.line(f"{time.perf_counter() - start:.0f} s in all")
    if given.json:
        record = {"machine": about, "figures": [figure.to_dict() for figure in figures]}
        given.json.write_text(json.dumps(record, indent=1, default=float))
    return 0


if __name__ == "__main__":
    sys.exit(main())
