"""Shortlist against its rivals in one process: all scores, and the top 100.

All tasks on one pool share one interleaving. A rival's scores and top-100 are one run with a lap
between them. Rivals ten times slower than Shortlist stop after two runs (marked `*`).
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import numpy as np

from shortlist.benchmarking import data
from shortlist.benchmarking.rivals import MEASURES, RIVALS, Rival
from shortlist.benchmarking.tasks import SLOW
from shortlist.benchmarking.timing import Task, Times, interleave

from .report import Figure, Printer, number, progress, verdict

if TYPE_CHECKING:
    from collections.abc import Iterator

SHAPES = ((1_000_000, 10), (1_000_000, 100), (100_000, 1000), (10_000_000, 2), (10_000_000, 10))
QUICK = ((100_000, 10), (1_000, 1000), (200_000, 2))
K = 100


def rival_task(rival: Rival, measure: str) -> Task:
    """Scores, a lap, then the top 100."""

    def run() -> dict[str, float]:
        if rival.fused:
            rival.top(measure, None, K)
            return {}
        start = time.perf_counter()
        scores = rival.scores(measure)
        lap = time.perf_counter() - start
        rival.top(measure, scores, K)
        return {"scores": lap}

    return run


def measure_shape(x: np.ndarray, found: list[Rival], options: Any) -> dict[tuple[str, str, str], Times]:
    """Times by (name, measure, "scores" or "top")."""
    import shortlist as sl

    threads = max(options.threads)
    out = np.empty(len(x), x.dtype)
    tasks: dict[str, Task] = {}
    for m in MEASURES:
        tasks[f"Shortlist|{m}|scores"] = lambda m=m: sl.score(x, m, out=out, n_threads=threads)
        tasks[f"Shortlist|{m}|top"] = lambda m=m: sl.select(x, m, K, n_threads=threads)
    for rival in found:
        rival.setup(x, threads)
        for m in filter(rival.has, MEASURES):
            tasks[f"{rival.name}|{m}|top"] = rival_task(rival, m)

    def slow(name: str, times: dict[str, Times]) -> bool:
        ours = times[f"Shortlist|{name.split('|')[1]}|top"]
        return not name.startswith("Shortlist|") and times[name].median > SLOW * ours.median

    begin_cold = {rival.name for rival in found if rival.cold}
    cold = [name for name in tasks if name.split("|")[0] in begin_cold]
    times = interleave(tasks, options.rounds, cold=cold, slow=None if options.full else slow)
    result: dict[tuple[str, str, str], Times] = {}
    for name, taken in times.items():
        who, m, kind = name.split("|")
        result[who, m, kind] = taken
        if "scores" in taken.laps:
            result[who, m, "scores"] = Times(taken.laps["scores"])
    return result


def figures(x: np.ndarray, times: dict[tuple[str, str, str], Times], options: Any) -> Iterator[Figure]:
    """A rival's time over Shortlist's, for every rival, measure and kind."""
    for (who, m, kind), taken in times.items():
        ours = times["Shortlist", m, kind]
        yield Figure(
            "rivals", f"{m} {kind}", "dirichlet", x.dtype.name, *x.shape, max(options.threads),
            taken.median / ours.median, seconds=taken.seconds,
            more={"rival": who, "fewer_runs": len(taken.seconds) < options.rounds},
        )  # fmt: skip


def checks(shape_figures: list[Figure], found: list[Rival]) -> Iterator[Figure]:
    """The targets, each with the rival it is decided by."""
    fused = {rival.name for rival in found if rival.fused}
    for what in dict.fromkeys(f.what for f in shape_figures):
        of_others = [f for f in shape_figures if f.what == what]
        of_others = [f for f in of_others if f.more["rival"] != "Shortlist"]
        if not of_others:
            continue
        measure, kind = what.split()
        fastest = min(of_others, key=lambda f: f.ratio)
        at_bandwidth = measure == "least_confident" and fastest.classes >= 100
        goal = 0.95 if at_bandwidth else 1.0
        if what == "entropy scores":
            goal = 3.0
        yield check(fastest, goal, "the fastest rival")
        apart = [f for f in of_others if f.more["rival"] not in fused]
        if kind == "top" and fastest.rows >= 10_000_000 and apart:
            yield check(min(apart, key=lambda f: f.ratio), 4.0, "the fastest that scores first")
        for f in of_others:
            if f.more["rival"] == "modAL's formulas" and (goal := modal_target(f)):
                yield check(f, goal, "modAL")


def modal_target(f: Figure) -> float | None:
    """How many times faster than modAL's formulas."""
    if f.rows >= 10_000_000 and f.classes == 10 and f.what.endswith("top"):
        return 30.0
    if f.what.startswith("margin") and f.classes >= 100:
        return 100.0
    return 50.0 if f.what == "entropy scores" else None


def check(f: Figure, target: float, against: str) -> Figure:
    """A figure turned into a judged one."""
    more = f.more | {"against": against}
    return Figure(
        "rivals, targets", f.what, f.pool, f.dtype, f.rows, f.classes, f.threads, f.ratio,
        target, seconds=f.seconds, more=more,
    )  # fmt: skip


def run(options: Any, printer: Printer) -> list[Figure]:
    """Every shape and dtype; each prints its table as soon as it is measured."""
    found, skipped = RIVALS.load(options.rivals)
    printer.title("Rivals: their time divided by Shortlist's, on the same pool and threads")
    printer.line("Running: " + ", ".join(rival.name for rival in found))
    for name, reason in skipped.items():
        printer.line(f"Skipped: {name} ({reason})")
    shapes = QUICK if options.quick else SHAPES
    if options.classes:
        shapes = tuple(shape for shape in shapes if shape[1] in options.classes)
    buffer = data.Buffer(max((n * c for n, c in shapes), default=0) * 8)
    all_figures: list[Figure] = []
    pools = [(n_rows, classes, dtype) for dtype in options.dtypes for n_rows, classes in shapes]
    longest = 0.0
    for i, (n_rows, classes, dtype) in enumerate(pools):
        began = time.perf_counter()
        if options.end is not None and began + longest > options.end:
            left = ", ".join(f"{n:,} x {c} {d}" for n, c, d in pools[i:])
            printer.line(f"Left out, to end after {options.minutes:g} minutes (`python -m benches` runs all): {left}")
            break
        x = data.fill(buffer.rows(n_rows, classes, dtype), "dirichlet")
        progress(f"{n_rows:,} x {classes} {dtype}")
        times = measure_shape(x, found, options)
        mine = list(figures(x, times, options))
        judged = list(checks(mine, found))
        show_shape(mine, judged, found, printer)
        all_figures += mine + judged
        longest = max(longest, time.perf_counter() - began)
    return all_figures


def show_shape(mine: list[Figure], judged: list[Figure], found: list[Rival], printer: Printer) -> None:
    """One shape: a line per rival, then the targets."""
    one = mine[0]
    printer.title(f"{one.rows:,} x {one.classes} {one.dtype}, {one.threads} threads")
    columns = [f"{m} {kind}" for kind in ("scores", "top") for m in MEASURES]
    cells = {(f.more["rival"], f.what): f for f in mine}
    rows = []
    for rival in found:
        row = [rival.name]
        for column in columns:
            f = cells.get((rival.name, column))
            row.append("-" if f is None else number(f.ratio) + "*" * f.more["fewer_runs"])
        rows.append(row)
    short = {"least_confident": "least conf.", "margin": "margin", "entropy": "entropy"}
    header = ["times Shortlist's"]
    header += [f"{short[m]} {kind}" for kind in ("scores", "top-100") for m in MEASURES]
    printer.table(header, rows)
    printer.table(
        ["target", "is", "at least", "", "decided by"],
        [
            [f"{f.what.replace('_', ' ').replace(' top', ' top-100')}, {f.more['against']}",
             number(f.ratio), number(f.target or 0), verdict([f.met]), f.more["rival"]]
            for f in judged
        ],
    )  # fmt: skip
