"""Top-100 of float16 and bfloat16, as a fraction of read bandwidth.

Probabilities, and logits of as many classes as a language model has.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from shortlist.benchmarking import data
from shortlist.benchmarking.bandwidth import reader
from shortlist.benchmarking.timing import Task, interleave

from .report import Figure, Printer, progress

if TYPE_CHECKING:
    from collections.abc import Iterator

WIDTHS = (10, 100, 1000)
VOCABULARIES = (32_000, 128_256)
K = 100


def fill(buffer: data.Buffer, n_bytes: int, classes: int, pool: str, dtype: str) -> np.ndarray:
    """A pool made of one of float32, in blocks; bfloat16 as the upper halves of its bits."""
    x = buffer.rows(n_bytes // (2 * classes), classes, "float16" if dtype == "float16" else "uint16")
    rows = max(1, data.BLOCK // classes)
    for start in range(0, len(x), rows):
        part = x[start : start + rows]
        wide = data.fill(np.empty(part.shape, np.float32), pool, seed=start)
        part[:] = wide if dtype == "float16" else wide.view(np.uint32) >> 16
    return x


def run(options: Any) -> Iterator[Figure]:
    """Both types, every width, every thread count."""
    import shortlist as sl

    _, read = reader()
    n_bytes = 40_000_000 if options.quick else 400_000_000
    buffer = data.Buffer(n_bytes)
    pools = [("flat", classes, 0.8) for classes in WIDTHS] + [("logits", classes, 0.7) for classes in VOCABULARIES]
    for pool, classes, target in pools:
        if options.classes and classes not in options.classes:
            continue
        for dtype in ("float16", "bfloat16"):
            progress(f"{dtype}, C={classes}")
            x = fill(buffer, n_bytes, classes, pool, dtype)
            more = {"from_logits": pool == "logits", "dtype": "bfloat16" if dtype == "bfloat16" else None}
            for threads in options.threads:
                tasks: dict[str, Task] = {"read": lambda x=x, n=threads: read(x, n)}
                for measure in ("least_confident", "margin", "entropy"):
                    tasks[measure] = lambda x=x, m=measure, n=threads, o=more: sl.select(x, m, K, n_threads=n, **o)
                times = interleave(tasks, options.rounds)
                for measure in list(tasks)[1:]:
                    yield Figure(
                        "half", measure, pool, dtype, *x.shape, threads,
                        times["read"].median / times[measure].median,
                        target if threads == 2 and measure != "entropy" else None,
                        seconds=times[measure].seconds,
                        more={"read_seconds": times["read"].seconds},
                    )  # fmt: skip


def show(figures: list[Figure], printer: Printer) -> None:
    """One table."""
    printer.title("Top-100 of half precision as a fraction of read bandwidth")
    printer.by_width(sorted(figures, key=lambda f: (f.what, f.pool, f.dtype, f.threads)))
