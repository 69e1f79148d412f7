"""Selection and scores as fractions of read bandwidth, on pools of at least 0.8 GB.

Parts: `select` (top-100, validation on), `scores` (all of them, into `out`), `order` (Fortran
against C). They share each pool and each interleaving with the probe.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from shortlist.benchmarking import data
from shortlist.benchmarking.bandwidth import reader
from shortlist.benchmarking.timing import Task, Times, interleave

from .report import Figure, Printer, progress

if TYPE_CHECKING:
    from collections.abc import Iterator

WIDTHS = (2, 3, 10, 100, 1000)
MEASURES = ("least_confident", "margin", "entropy")
PARTS = ("select", "scores", "order")
K = 100
HEADINGS = {
    "select": "Top-100 as a fraction of read bandwidth (validation on)",
    "scores": "All scores into out=: bytes read and written, as a fraction of read bandwidth",
    "scores, read only": "The same, counting the bytes read alone",
    "order": "Top-100 on Fortran order: speed relative to C order",
}


def select_target(measure: str, pool: str, dtype: str, threads: int) -> float | None:
    """What a top-100 should reach."""
    if threads > 2:
        return None
    if measure != "entropy":
        return (0.85, 0.95)[threads - 1]
    if pool == "peaked":
        return (0.7, 0.9)[threads - 1]
    return {"float32": (0.5, 0.85), "float64": (0.42, 0.7)}[dtype][threads - 1]


def scores_target(measure: str, classes: int, threads: int) -> float | None:
    """What a full set of scores should reach."""
    if measure == "entropy" or threads > 2:
        return None
    return ((0.6, 0.85) if classes < 10 else (0.8, 0.9))[threads - 1]


def scored_fraction(x: np.ndarray, measure: str) -> float | None:
    """The share of rows whose logarithms were computed."""
    from shortlist import _core

    selector = _core.Selector(K, scorer=_core.Scorer(measure))
    selector.update(x)
    share = selector.finish()[2].get("scored_fraction")
    return None if share is None else float(share)


class Bench:
    """One run over all widths, dtypes and pools."""

    def __init__(self, parts: set[str], options: Any) -> None:
        self.parts = parts
        self.options = options
        self.n_bytes = 40_000_000 if options.quick else 800_000_000
        self.buffer = data.Buffer(self.n_bytes)
        self.read_name, self.read = reader()

    def pools(self) -> Iterator[tuple[str, np.ndarray]]:
        """Every pool that the asked parts need, filled in turn into the one buffer."""
        widths = (2, 100) if self.options.quick else WIDTHS
        for classes in self.options.classes or widths:
            for dtype in self.options.dtypes:
                x = self.buffer.rows(self.n_bytes // (classes * np.dtype(dtype).itemsize), classes, dtype)
                for pool in ("flat", "equal", "peaked"):
                    if pool == "flat" or "select" in self.parts:
                        yield pool, data.fill(x, pool)

    def tasks(self, x: np.ndarray, pool: str, threads: int) -> dict[str, Task]:
        """What is interleaved on one pool: named `part measure`."""
        import shortlist as sl

        tasks: dict[str, Task] = {"read": lambda: self.read(x, threads)}
        measures = MEASURES if pool == "flat" else ("entropy",)
        for measure in measures:
            if "select" in self.parts or "order" in self.parts:
                tasks[f"select {measure}"] = lambda m=measure: sl.select(x, m, K, n_threads=threads)
            if "scores" in self.parts and pool == "flat":
                tasks[f"scores {measure}"] = lambda m=measure: sl.score(x, m, out=self.out, n_threads=threads)
        if "order" in self.parts and pool == "flat" and threads == max(self.options.threads):
            columns = fortran(x)
            for measure in MEASURES:
                tasks[f"order {measure}"] = lambda m=measure: sl.select(columns, m, K, n_threads=threads)
        return tasks

    def run(self) -> list[Figure]:
        """Measure everything."""
        figures: list[Figure] = []
        for pool, x in self.pools():
            progress(f"C={x.shape[1]} {x.dtype} {pool}")
            if "scores" in self.parts:
                self.out = np.empty(len(x), x.dtype)
            for threads in self.options.threads:
                times = interleave(self.tasks(x, pool, threads), self.options.rounds)
                figures += self.figures(x, pool, threads, times)
        return figures

    def figures(self, x: np.ndarray, pool: str, threads: int, times: dict[str, Times]) -> Iterator[Figure]:
        """Ratios of the medians of one interleaving."""
        read = times["read"].median
        dtype = x.dtype.name
        for name, time in times.items():
            part, _, measure = name.partition(" ")
            if name == "read" or part not in self.parts:
                continue
            classes = x.shape[1]
            target, ratio = None, read / time.median
            if part == "select":
                target = select_target(measure, pool, dtype, threads)
            elif part == "scores":
                ratio *= 1 + 1 / classes
                target = scores_target(measure, classes, threads)
            elif part == "order":
                ratio, target = times[f"select {measure}"].median / time.median, 0.5
            more = {"read_seconds": times["read"].seconds, "read_gbps": x.nbytes / read / 1e9}
            if part == "select" and measure == "entropy":
                more["scored_fraction"] = scored_fraction(x, measure)
            yield Figure(
                part, measure, pool, dtype, *x.shape, threads, ratio, target,
                seconds=time.seconds, more=more,
            )  # fmt: skip


def show(figures: list[Figure], printer: Printer) -> None:
    """One table per part."""
    for part in PARTS:
        mine = sorted(
            (f for f in figures if f.part == part),
            key=lambda f: (MEASURES.index(f.what), f.pool, f.dtype, f.threads),
        )
        if not mine:
            continue
        printer.title(HEADINGS[part])
        printer.by_width(mine)
        if part == "scores":
            printer.title(HEADINGS["scores, read only"])
            printer.by_width([read_only(f) for f in mine])
        shares = [f for f in mine if f.more.get("scored_fraction") is not None]
        if shares:
            printer.title("Share of rows whose logarithms were computed for the entropy top-100")
            least = min(f.threads for f in shares)
            printer.by_width([share(f) for f in shares if f.threads == least])
    rates = sorted({(f.threads, f.dtype, f.classes, f.more["read_gbps"]) for f in figures})
    if rates:
        printer.line(f"Read bandwidth beside these: {min(r[3] for r in rates):.1f} to "
                     f"{max(r[3] for r in rates):.1f} GB/s.")  # fmt: skip


def read_only(f: Figure) -> Figure:
    """The same figure without the bytes written."""
    ratio = f.ratio / (1 + 1 / f.classes)
    return Figure(f.part, f.what, f.pool, f.dtype, f.rows, f.classes, f.threads, ratio)


def share(f: Figure) -> Figure:
    """The share of rows scored, as a figure of its own."""
    ratio = f.more["scored_fraction"]
    return Figure(f.part, f.what, f.pool, f.dtype, f.rows, f.classes, f.threads, ratio)


def fortran(x: np.ndarray) -> np.ndarray:
    """Return a Fortran-ordered copy, made in tiles that stay in cache."""
    out = np.empty(x.shape, dtype=x.dtype, order="F")
    rows = max(1, (1 << 16) // x.shape[1])
    for start in range(0, len(x), rows):
        out[start : start + rows] = x[start : start + rows]
    return out
