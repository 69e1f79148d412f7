"""How fast a loop's store is: ``python -m benches.loop_store``.

Answers are taken in bulk, taken again, and looked at. At least 20,000 answers a second are wanted, and a look within 0.3 s.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from shortlist.loop.store import Pick, Round, Store
from shortlist.loop.store.ingest import ingest
from shortlist.loop.store.summary import summary

CLASSES = ("billing", "bug", "how-to", "abuse")


# What the store reads of a spec.
SPEC: Any = SimpleNamespace(
    classes=CLASSES, version="1", text="", folder=Path(), labels=SimpleNamespace(resolve="majority"),
    pool=SimpleNamespace(id="id", text="text"), journal="wal",
)  # fmt: skip


class Timed(Store):
    """A store whose spec isn't read again, so that nothing else is timed."""

    spec = SPEC


def main() -> None:
    """Time each and print the rates."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--answers", type=int, default=100_000)
    number = parser.parse_args().answers
    rows = [f"T-{n}" for n in range(number)]
    records = [
        {"id": row, "label": CLASSES[n % 4], "annotator": "amy", "time": 1_700_000_000 + n}
        for n, row in enumerate(rows)
    ]
    with tempfile.TemporaryDirectory() as folder, Timed.create(folder, SPEC) as store:
        store.add_round(
            Round(1, "planned", "1", "", 0, None, 0), (Pick(1, n, row, n, "seed") for n, row in enumerate(rows))
        )
        for what in ("taken for the first time", "taken again"):
            start = time.perf_counter()
            done = ingest(store, records)
            rate = number / (time.perf_counter() - start)
            verdict = "met" if rate >= 20_000 else "MISSED"
            print(f"{rate:9,.0f} answers a second, {what} ({done.new:,} new; {verdict}: 20,000)")
        summary(store, SPEC)
        ingest(store, [{"id": rows[0], "label": "bug"}])
        start = time.perf_counter()
        summary(store, SPEC)
        seconds = time.perf_counter() - start
        print(f"{seconds:9.3f} s to look at {number + 1:,} answers ({'met' if seconds < 0.3 else 'MISSED'}: 0.3)")


if __name__ == "__main__":
    main()
