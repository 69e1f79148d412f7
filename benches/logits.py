"""Top-100 straight from float32 logits, as a fraction of read bandwidth."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shortlist.benchmarking import data
from shortlist.benchmarking.bandwidth import reader
from shortlist.benchmarking.timing import Task, interleave

from .against_memory import WIDTHS, K
from .report import Figure, Printer, progress

if TYPE_CHECKING:
    from collections.abc import Iterator

TARGETS = {"margin": 0.8, "entropy": 0.5}


def run(options: Any) -> Iterator[Figure]:
    """Margin and entropy, every width, every thread count."""
    import shortlist as sl

    _, read = reader()
    n_bytes = 40_000_000 if options.quick else 800_000_000
    buffer = data.Buffer(n_bytes)
    for classes in options.classes or ((2, 100) if options.quick else WIDTHS):
        x = data.fill(buffer.rows(n_bytes // (classes * 4), classes, "float32"), "logits")
        progress(f"logits, C={classes}")
        for threads in options.threads:
            tasks: dict[str, Task] = {"read": lambda x=x, n=threads: read(x, n)}
            for measure in TARGETS:
                tasks[measure] = lambda x=x, m=measure, n=threads: sl.select(x, m, K, from_logits=True, n_threads=n)
            times = interleave(tasks, options.rounds)
            for measure, goal in TARGETS.items():
                yield Figure(
                    "logits", measure, "logits", "float32", *x.shape, threads,
                    times["read"].median / times[measure].median,
                    goal if threads == 2 else None,
                    seconds=times[measure].seconds,
                    more={"read_seconds": times["read"].seconds},
                )  # fmt: skip


def show(figures: list[Figure], printer: Printer) -> None:
    """One table."""
    printer.title("Top-100 from float32 logits as a fraction of read bandwidth")
    printer.by_width(sorted(figures, key=lambda f: (f.what, f.threads)))
