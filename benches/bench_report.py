"""docs/benchmarks.md from what ``shortlist bench --json`` stored in docs/benchmarks: ``python -m benches.bench_report``."""

from __future__ import annotations

import json
import statistics
from pathlib import Path
from typing import TYPE_CHECKING

from shortlist.benchmarking import Benchmark

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

DOCS = Path(__file__).resolve().parent.parent / "docs"

NOISY = 0.3
"""Median spread above which a page says that its figures are rough."""

HEAD = """# Benchmarks

Made by `make bench-report` from the JSON files in [benchmarks/](benchmarks), which `python -m benches.bench` wrote; nothing here
is typed in. To measure your machine: `shortlist bench`, or `shortlist bench probs.npy` for your own matrix.

Every run of every task is interleaved with all others in one process, on the same matrix; medians count. Times are quoted as
ratios: to reading the same memory and doing nothing else, or to Shortlist's time. Shortlist checks every row in these figures;
of the rivals only scikit-activeml does. Rivals have the same threads where they can be told (JAX and Polars take their own).
A `*` marks rivals stopped after two runs for being more than ten times slower.
"""

RULES = """Rules over embeddings beside their rivals, with 100 rows labelled, on as many rows as every rival can bear. On pools as
small as these, which a cache holds, one matrix product a pick costs little; what rows are spared pays on larger ones:
`python -m benches.diversity` measures them.
"""


def markdown(rows: Sequence[Sequence[str]]) -> str:
    """A table."""
    head, *rest = rows
    lines = [head, ["---"] * len(head), *rest]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"


def losses(found: Benchmark) -> Iterator[str]:
    """Where a rival is as fast or faster, on the whole pool and on its first rows."""
    for t in found.timings:
        ours = found.find("Shortlist", t.strategy, t.threads, t.rows)
        if t.who != "Shortlist" and ours is not None and t.median <= ours.median * 1.05:
            threads = f"{t.threads} thread{'s' if t.threads > 1 else ''}"
            yield f"{t.who}, {t.strategy}, {t.rows:,} rows, {threads}: {t.median / ours.median:.2f} of Shortlist's time"


def section(name: str, found: Benchmark) -> str:
    """One stored benchmark: heading, losses, tables, plot."""
    rows, classes = found.shape
    lost = list(losses(found))
    spread = statistics.median(t.spread for t in found.timings if t.who == "Shortlist" and t.rows == rows)
    parts = [
        f"## {rows:,} x {classes:,} {found.dtype}" + (f", {found.features} features\n" if found.features else "\n"),
        f"{found.heading()}. {found.machine['date']}, Python {found.machine['python']}, NumPy {found.machine['numpy']}, "
        f"Shortlist {found.machine['shortlist']['version']} at level {found.machine['shortlist']['cpu_level']}. "
        f"Stored: [{name}.json](benchmarks/{name}.json).\n",
        f"![{rows:,} x {classes:,}](benchmarks/{name}.png)\n",
        "**Where Shortlist loses or draws** (a rival within 5% or faster): "
        + ("; ".join(lost) + ".\n" if lost else "nowhere.\n"),
        markdown(found.rows()),
    ]
    if spread > NOISY:
        parts.insert(
            2,
            f"**Noisy.** The machine was shared: half of Shortlist's tasks have a spread above {spread:.0%} of their median, and "
            "more threads may show no gain. Read the ratios as rough.\n",
        )
    if found.rival_rows():
        parts.append(markdown(found.rival_rows()))
    if found.contest_rows():
        parts += [RULES, markdown(found.contest_rows())]
    if found.skipped:
        parts.append("Left out: " + "; ".join(f"{who} ({why})" for who, why in found.skipped.items()) + ".\n")
    return "\n".join(parts)


def main() -> None:
    """Write the page and its plots."""
    stored = sorted((DOCS / "benchmarks").glob("*.json"))
    if not stored:
        raise SystemExit("bench_report: docs/benchmarks has no JSON: shortlist bench --json docs/benchmarks/NAME.json")
    parts = [HEAD]
    for path in stored:
        found = Benchmark.from_dict(json.loads(path.read_text()))
        found.to_png(path.with_suffix(".png"))
        parts.append(section(path.stem, found))
    (DOCS / "benchmarks.md").write_text("\n".join(parts))


if __name__ == "__main__":
    main()
