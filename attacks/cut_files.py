"""Cut files while they are read: the picks are those of the whole file, or one sentence says that it became shorter.

Between the new size of a file and the loss of its pages the system gives a reader zeros, which may be valid rows.
"""

from __future__ import annotations

import argparse
import os
import random
import tempfile
import time
from collections import Counter
from pathlib import Path

import numpy as np

import shortlist as sl
from attacks.report import ended, table

K = 10
LATEST = 1 / 300
"""Seconds after which a file is cut at the latest: about as long as it takes to be read."""


def main() -> int:
    """Cut as often as asked for, print what was said, and return 1 where anything else was."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cuts", type=int, default=2000)
    given = parser.parse_args()
    chance, said, wrong = random.Random(0), Counter[str](), list[str]()
    rows = np.random.default_rng(0).dirichlet(np.ones(10), 100_000).astype(np.float32)
    known = sl.select(rows, "margin", K).indices.tolist()
    with tempfile.TemporaryDirectory(prefix="cut-") as folder:
        file = Path(folder) / "cut.npy"
        np.save(file, rows)
        whole = file.read_bytes()
        for number in range(given.cuts):
            file.write_bytes(whole)
            at, after = chance.randrange(200, len(whole)), chance.random() * LATEST
            child = os.fork()
            if not child:
                time.sleep(after)
                os.truncate(file, at)
                os._exit(0)
            try:
                # Where rows are taken as they are, zeros in place of what is gone would be rows too.
                picks = sl.select(file, "margin", K, normalize=("check", "as_is")[number % 2]).indices.tolist()
                came = "the picks of the whole file" if picks == known else f"other picks: {picks}"
                fine = picks == known
            except ValueError as error:
                # Where it is cut before it is opened, its header promises more than it holds.
                fine = str(file) in str(error) and ("became shorter" in str(error) or "bytes" in str(error))
                came = "it became shorter" if fine else str(error)
            os.waitpid(child, 0)
            said[came if fine else "something else"] += 1
            if not fine:
                wrong.append(f"cut at {at:,} of {len(whole):,} bytes: {came}")
    print(table(["what came of a cut", "times"], [[what, times] for what, times in said.most_common()]))
    return ended("files cut while they are read", wrong, faults=given.cuts)


if __name__ == "__main__":
    raise SystemExit(main())
