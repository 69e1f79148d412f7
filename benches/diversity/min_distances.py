"""min_distances against scikit-learn's `pairwise_distances_argmin_min` and faiss's flat index, on float32.

Building the index counts, as does whatever Shortlist does with the rows searched. Rivals use all threads. What each found is
compared with direct differences in float64, on some rows: the share of rows whose nearest is right.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

import shortlist as sl
from shortlist.benchmarking.timing import interleave

from ..report import Figure, Printer, number, verdict

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

ROWS = 100_000
SHAPES = [(1000, 64), (10_000, 64), (1000, 768), (10_000, 768)]
CHECKED = 50

# Times faster, by rival and features.
TARGETS = {("scikit-learn", 64): 4.5, ("scikit-learn", 768): 4.5, ("faiss", 64): 1.5, ("faiss", 768): 1.0}


def run(given: argparse.Namespace, printer: Printer) -> list[Figure]:
    """All shapes, one table."""
    figures: list[Figure] = []
    table = []
    for others, features in SHAPES:
        if given.features not in (None, features):
            continue
        rows = given.rows or (5000 if given.quick else ROWS)
        found, line = measure(rows, others // 10 if given.quick else others, features, given)
        figures += found
        table.append(line)
    printer.title("min_distances: times faster than")
    printer.table(
        ["rows", "others", "features", "ours (s)", "scikit-learn", "faiss", "right: ours", "theirs", ""], table
    )
    return figures


def measure(rows: int, others: int, features: int, given: argparse.Namespace) -> tuple[list[Figure], list[str]]:
    """One shape."""
    rng = np.random.default_rng(0)
    x = rng.standard_normal((rows, features), dtype=np.float32)
    y = rng.standard_normal((others, features), dtype=np.float32)
    found: dict[str, np.ndarray] = {}

    def ours() -> None:
        found["ours"] = sl.min_distances(x, y, n_threads=given.threads)[1]

    tasks: dict[str, Callable[[], object]] = {"ours": ours}
    for name, rival in rivals(given.threads).items():

        def task(name: str = name, rival: Callable[..., np.ndarray] = rival) -> None:
            found[name] = rival(x, y)

        tasks[name] = task
    times = interleave(tasks, given.rounds)
    figures = []
    for name in tasks:
        if name != "ours":
            ratio = times[name].median / times["ours"].median
            target = None if given.quick else TARGETS.get((name, features))
            more = {"others": others, "right": right(x, y, found[name])}
            figures.append(
                Figure(
                    "min_distances",
                    name,
                    "iid",
                    "float32",
                    rows,
                    features,
                    given.threads or 0,
                    ratio,
                    target,
                    more=more,
                )
            )
    by_rival = {figure.what: figure for figure in figures}
    ratios = [number(by_rival[name].ratio) if name in by_rival else "-" for name in ("scikit-learn", "faiss")]
    theirs = ", ".join(f"{figure.more['right']:.0%}" for figure in figures)
    line = [f"{rows:,}", f"{others:,}", str(features), f"{times['ours'].median:.2f}", *ratios]
    return figures, [*line, f"{right(x, y, found['ours']):.0%}", theirs, verdict([figure.met for figure in figures])]


def right(x: np.ndarray, y: np.ndarray, found: np.ndarray) -> float:
    """Share of some rows whose nearest is that of direct differences in float64."""
    picked = np.linspace(0, len(x) - 1, CHECKED).astype(int)
    y = y.astype(np.float64)
    return float(np.mean([((y - x[i].astype(np.float64)) ** 2).sum(axis=1).argmin() == found[i] for i in picked]))


def rivals(threads: int | None) -> dict[str, Callable[..., np.ndarray]]:
    """Those that are installed."""
    from sklearn.metrics import pairwise_distances_argmin_min

    all_: dict[str, Callable[..., np.ndarray]] = {"scikit-learn": lambda x, y: pairwise_distances_argmin_min(x, y)[0]}
    try:
        import faiss
    except ImportError:
        return all_
    if threads:
        faiss.omp_set_num_threads(threads)

    def flat(x: np.ndarray, y: np.ndarray) -> np.ndarray:
        index = faiss.IndexFlatL2(y.shape[1])
        index.add(y)
        return index.search(x, 1)[1][:, 0]

    all_["faiss"] = flat
    return all_
