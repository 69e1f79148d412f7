"""Measure pools that lie in files: one larger than memory, Parquet, and Dask and Ray on this machine.

Figures are ratios to what reads the same bytes and does nothing else. See README.md one folder up.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from ..report import Printer
from . import cluster, k_center, large, parquet, states

PARTS = ("large", "parquet", "k_center", "states", "dask", "ray")


def main() -> int:
    """Run the parts asked for."""
    parser = argparse.ArgumentParser(prog="python -m benches.files", description=__doc__)
    add = parser.add_argument
    add("--part", action="append", choices=PARTS, help="a part to run; may be repeated (default: all)")
    add("--gb", type=float, default=8.0, help="size of the large file (default: 8)")
    add("--state", action="append", choices=("cold", "warm"), help="of the page cache (default: both)")
    add("--limit-mib", type=int, default=2048, help="memory it is read in (default: 2048)")
    add("--rows", type=int, default=1_000_000, help="rows of the other pools (default: 1,000,000)")
    add("--k", type=int, default=500, help="rows that k_center picks (default: 500)")
    add("--k-center-mib", type=int, default=300, help="memory that k_center reads its file in (default: 300)")
    add("--matrix", type=Path, metavar="FILE", help="a .npy file for Dask and Ray (default: one is made, 228 classes)")
    add("--rounds", type=int, default=7, help="runs of each (default: 7)")
    add("--folder", help="where files are made and removed again (default: the system's temporary folder)")
    add("--markdown", action="store_true", help="tables for a document")
    add("--strict", action="store_true", help="exit with 1 if a target is missed")
    given = parser.parse_args()
    printer = Printer(markdown=given.markdown)
    met = []
    if "large" in (given.part or PARTS):
        met += large.run(
            printer,
            n_bytes=int(given.gb * 1e9),
            limit_bytes=given.limit_mib << 20,
            rounds=given.rounds,
            states=given.state or ["cold", "warm"],
            folder=given.folder,
        )
    if "parquet" in (given.part or PARTS):
        met += parquet.run(printer, rows=given.rows, rounds=given.rounds, folder=given.folder)
    if "k_center" in (given.part or PARTS):
        met += k_center.run(
            printer, rows=given.rows, k=given.k, limit_bytes=given.k_center_mib << 20, folder=given.folder
        )
    if "states" in (given.part or PARTS):
        states.run(printer, rounds=given.rounds)
    for engine in cluster.ENGINES:
        if engine in (given.part or PARTS):
            met += cluster.run(
                printer,
                engine=engine,
                rows=given.rows,
                rounds=given.rounds,
                matrix=given.matrix,
                folder=given.folder,
            )
    return int(given.strict and not all(met))


if __name__ == "__main__":
    sys.exit(main())
