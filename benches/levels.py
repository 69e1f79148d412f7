"""Every CPU level of this machine on the same pools: a level that loses to a lower one is a fault."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from shortlist import _core
from shortlist.benchmarking import data
from shortlist.benchmarking.bandwidth import reader
from shortlist.benchmarking.timing import Task, Times, interleave

from .report import Figure, Printer, progress

if TYPE_CHECKING:
    from collections.abc import Iterator

WIDTHS = (2, 3, 5, 10, 20, 48, 100, 1000)
POOLS = {"flat": ("least_confident", "margin", "entropy"), "equal": ("entropy",), "logits": ("margin", "entropy")}
OTHERS = ("bald", "mean_std", "k_center", "min_distances", "density")
LEAST = 0.95
"""Of the speed of a lower level: what a level must reach."""


def levels() -> list[str]:
    """The levels of this machine, from the plainest upwards."""
    return list(_core.build_info()["cpu_levels"])


def top(x: np.ndarray, measure: str, level: str, threads: int, *, logits: bool, k: int = 100) -> Task:
    """A top-k at one CPU level."""
    scorer = _core.Scorer(measure, from_logits=logits, cpu_level=level)

    def run() -> object:
        selector = _core.Selector(k, scorer=scorer)
        selector.update(x, n_threads=threads)
        return selector.finish()

    return run


def others(options: Any) -> Iterator[Figure]:
    """Committees and distances, in cache: each level against the best of those below it."""
    draw = np.random.default_rng(0)
    rows = 2_000 if options.quick else 20_000
    for dtype in options.dtypes:
        for features in (16, 64, 384):
            x = draw.standard_normal((rows, features)).astype(dtype)
            y = x[:200].copy()
            some = x[: rows // 5]
            members = draw.random((4, rows, features)).astype(dtype)
            members /= members.sum(axis=2, keepdims=True)
            out = np.empty(rows, dtype)
            progress(f"levels, {features} features {dtype}")
            for threads in options.threads:
                tasks: dict[str, Task] = {"read": lambda: None}
                for level in levels():
                    at: dict[str, Any] = {"n_threads": threads, "cpu_level": level}
                    tasks[f"k_center {level}"] = lambda x=x, at=at: _core.k_center(x, 50, **at)
                    tasks[f"min_distances {level}"] = lambda x=x, y=y, at=at: _core.min_distances(x, y, **at)
                    tasks[f"density {level}"] = lambda x=some, at=at: _core.density(x, **at)
                    for measure in ("bald", "mean_std"):
                        scorer = _core.Scorer(measure, cpu_level=level)
                        tasks[f"{measure} {level}"] = lambda s=scorer, m=[*members], out=out, n=threads: s.score(
                            m, out=out, n_threads=n
                        )
                times = interleave(tasks, options.rounds, slow=lambda name, _: "portable" in name)
                yield from below("levels of distances", OTHERS, ("features", dtype, rows, features, threads), times)


def slow(name: str, times: dict[str, Times]) -> bool:
    """Whether a task says all it has to say in a few runs."""
    return times[name].median > 5 * times["read"].median


def run(options: Any) -> Iterator[Figure]:
    """Every width, dtype, pool and number of threads."""
    _, read = reader()
    n_bytes = 20_000_000 if options.quick else 200_000_000
    buffer = data.Buffer(n_bytes)
    for classes in options.classes or ((2, 100) if options.quick else WIDTHS):
        for dtype in options.dtypes:
            x = buffer.rows(n_bytes // (classes * np.dtype(dtype).itemsize), classes, dtype)
            for pool, measures in POOLS.items():
                data.fill(x, pool)
                progress(f"levels, C={classes} {dtype} {pool}")
                for threads in options.threads:
                    tasks: dict[str, Task] = {"read": lambda x=x, n=threads: read(x, n)}
                    for measure in measures:
                        for level in levels():
                            tasks[f"{measure} {level}"] = top(x, measure, level, threads, logits=pool == "logits")
                    times = interleave(tasks, options.rounds, slow=slow)
                    yield from figures(x, pool, threads, measures, times)


def figures(
    x: np.ndarray, pool: str, threads: int, measures: tuple[str, ...], times: dict[str, Times]
) -> Iterator[Figure]:
    """Each level as a share of read bandwidth, and each but the lowest against the best of those below."""
    read = times["read"].median
    at = (pool, x.dtype.name, *x.shape, threads)
    for measure in measures:
        for level in levels():
            time = times[f"{measure} {level}"]
            yield Figure("levels", f"{measure} {level}", *at, read / time.median, seconds=time.seconds)
    yield from below("levels below", measures, at, times)


def below(part: str, measures: tuple[str, ...], at: Any, times: dict[str, Times]) -> Iterator[Figure]:
    """Each level but the lowest against the best of those below it."""
    for measure in measures:
        medians = [times[f"{measure} {level}"].median for level in levels()]
        for place, level in enumerate(levels()[1:], 1):
            yield Figure(part, f"{measure} {level}", *at, min(medians[:place]) / medians[place], LEAST)


def show(figures: list[Figure], printer: Printer) -> None:
    """Two tables."""
    key = {name: place for place, name in enumerate(levels())}
    for part, title in (
        ("levels", "Top-100 at each CPU level, as a fraction of read bandwidth"),
        ("levels below", "Speed of each level relative to the best of those below it"),
        ("levels of distances", "The same of committees and distances, by features or classes"),
    ):
        found = [f for f in figures if f.part == part]
        if found:
            printer.title(title)
            order = sorted(found, key=lambda f: (f.pool, f.what.split()[0], f.dtype, f.threads, key[f.what.split()[1]]))
            printer.by_width(order)
        elif part == "levels below":
            printer.line(f"This machine has one level, {levels()[0]}: there is none to compare it with.")
