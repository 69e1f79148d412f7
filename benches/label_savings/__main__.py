"""Run the four studies and write docs/label-savings.md. Killed, it goes on where it was."""

from __future__ import annotations

import argparse
from pathlib import Path

from . import page, sets
from .study import STRATEGIES, STUDIES


def main() -> None:
    """Run what is missing, then write the page."""
    parser = argparse.ArgumentParser(prog="python -m benches.label_savings", description=__doc__)
    parser.add_argument("--repeats", type=int, default=30)
    parser.add_argument("--jobs", type=int, help="processes; by default all cores")
    parser.add_argument("--only", choices=[study.name for study in STUDIES], nargs="+", help="these sets alone")
    parser.add_argument("--strategies", nargs="+", choices=STRATEGIES, default=list(STRATEGIES))
    parser.add_argument("--runs", type=Path, help="where runs are kept; by default in the cache of the data")
    parser.add_argument("--docs", type=Path, default=Path(__file__).parents[2] / "docs", help="where the page goes")
    given = parser.parse_args()
    folder = given.runs or sets.cache_folder() / "runs"
    found = {}
    for study in STUDIES:
        if given.only is None or study.name in given.only:
            print(f"\n{study.title}", flush=True)
            found[study] = study.run(folder, given.repeats, given.jobs, given.strategies, progress=True)
            print(found[study], flush=True)
    if given.only is None:
        page.write(given.docs, found)


if __name__ == "__main__":
    main()
