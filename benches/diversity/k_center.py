"""k_center against the loop of one pass over all rows per pick.

The loop is fused (distance, minimum and argmax in one sweep), in float32 on all threads, compiled by Numba with
fast-math: a pass over a large pool runs at what the memory gives, and the GB/s it reached are printed. scikit-learn's
form is that of Google's active-learning repository: `pairwise_distances` to the new centre, `minimum`, `argmax`. Rivals
are timed for a number of picks and scaled up, which is exact for them: all their picks cost the same (`--full` runs
them to the end).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

import shortlist as sl
from shortlist.benchmarking.timing import interleave

from ..report import Figure, Printer, number, verdict
from .pools import SYNTHETIC, TEXTS, embeddings

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

K = 1000
SHAPES = [(1_000_000, 384), (1_000_000, 64), (100_000, 384)]
QUICK = [(20_000, 384), (20_000, 64)]

# Times faster than the loop, by pool and features; and than scikit-learn's form.
TARGETS = {
    ("iid", 384): 120.0,
    ("decaying", 384): 120.0,
    ("clusters", 384): 15.0,
    ("iid", 64): 20.0,
    ("clusters", 64): 6.0,
}
SKLEARN_TARGET = 60.0


def run(given: argparse.Namespace, printer: Printer) -> list[Figure]:
    """All pools, one table."""
    figures = []
    rows = []
    for name, make in pools(given):
        x = make()
        if x is None:
            printer.line(f"{name}: left out, its packages are not installed")
            continue
        found, row = measure(name, x, given)
        figures += found
        rows.append(row)
        if x.shape == SHAPES[0]:
            printer.line(many(name, x, given.threads))
        del x
    printer.title(f"k_center, k = {K}: times faster than")
    printer.table(
        [
            "pool",
            "rows",
            "features",
            "ours (s)",
            "distances",
            "loop",
            "its GB/s",
            "scikit-learn",
            "scikit-activeml",
            "picks",
            "",
        ],
        rows,
    )
    return figures


def pools(given: argparse.Namespace) -> list[tuple[str, Callable[[], np.ndarray | None]]]:
    """The pools asked for, each made when it is its turn."""
    found: list[tuple[str, Callable[[], np.ndarray | None]]] = []
    for shape in QUICK if given.quick else SHAPES:
        if (given.rows or shape[0], given.features or shape[1]) == shape:
            found += [(name, lambda make=make, shape=shape: make(*shape)) for name, make in SYNTHETIC.items()]
    if not (given.quick or given.rows or given.features):
        found += [(name, lambda name=name: embeddings(name)) for name in TEXTS]
    return [(name, make) for name, make in found if not given.pools or name in given.pools]


def measure(name: str, x: np.ndarray, given: argparse.Namespace) -> tuple[list[Figure], list[str]]:
    """One pool: ours and the rivals, interleaved."""
    rows, features = x.shape
    picks = K if given.full else max(5, min(K, 20_000_000 // rows))
    threads = given.threads
    last: dict[str, Any] = {}

    def ours() -> None:
        last["picks"] = sl.k_center(x, K, init=0, n_threads=threads)

    rivals: dict[str, tuple[int, Callable[[], object]]] = {}
    if loop := fused_loop(threads):
        rivals["loop"] = picks, lambda: loop(x, picks)
    rivals["scikit-learn"] = (n := max(2, picks // 5)), lambda: sklearn_form(x, n)
    if greedy := activeml():
        rivals["scikit-activeml"] = (m := max(2, picks // 10)), lambda: greedy(x, m)
    tasks: dict[str, Callable[[], object]] = {"ours": ours} | {rival: task for rival, (_, task) in rivals.items()}
    times = interleave(tasks, given.rounds)
    figures, row = [], []
    for rival, (count, _) in rivals.items():
        # The first pick takes no pass.
        seconds = times[rival].median * (K - 1) / max(1, count - 1)
        target = SKLEARN_TARGET if rival == "scikit-learn" and rows == 100_000 else None
        target = TARGETS.get((name, features)) if rival == "loop" and rows == 1_000_000 else target
        ratio = seconds / times["ours"].median
        figures.append(Figure("k_center", rival, name, "float32", rows, features, threads or 0, ratio, target))
    by_rival = {figure.what: figure for figure in figures}
    speed = x.nbytes * (picks - 1) / times["loop"].median / 1e9 if "loop" in times else float("nan")
    found = last["picks"]
    row = [name, f"{rows:,}", str(features), f"{times['ours'].median:.2f}", f"{found.report.computed_share:.2%}"]
    row += [
        number(by_rival["loop"].ratio) if "loop" in by_rival else "-",
        f"{speed:.1f}",
        number(by_rival["scikit-learn"].ratio),
    ]
    row += [number(by_rival["scikit-activeml"].ratio) if "scikit-activeml" in by_rival else "-"]
    row += [agreement(x, found), verdict([figure.met for figure in figures])]
    return figures, row


def many(name: str, x: np.ndarray, threads: int | None, k: int = 10_000) -> str:
    """How long a large k takes; once, and no rival: the loop would take k passes."""
    found = sl.k_center(x, k, init=0, n_threads=threads)
    share = found.report.computed_share
    return f"{name}: {k:,} of {len(x):,} x {x.shape[1]} took {found.report.seconds:.0f} s, {share:.1%} of all distances"


def agreement(x: np.ndarray, found: sl.Selection) -> str:
    """Whether the first picks are those of the plain loop in float64."""
    count = 50
    left = np.full(len(x), np.inf)
    pick = 0
    for rank in range(count):
        if found.indices[rank] != pick:
            return f"differ at {rank}"
        for start in range(0, len(x), 20_000):
            part = x[start : start + 20_000].astype(np.float64) - x[pick]
            part *= part
            np.minimum(left[start : start + 20_000], part.sum(axis=1), out=left[start : start + 20_000])
        left[pick] = -1
        pick = int(left.argmax())
    return f"{count} of {count}"


def fused_loop(threads: int | None) -> Callable[[np.ndarray, int], np.ndarray] | None:
    """The loop of one fused pass per pick; None where Numba is missing."""
    try:
        import numba
    except ImportError:
        return None
    if threads:
        numba.set_num_threads(threads)

    @numba.njit(parallel=True, fastmath=True, cache=True)
    def one_pass(x, pick, left, best, at):
        parts = len(best)
        size = (len(x) + parts - 1) // parts
        for part in numba.prange(parts):
            highest, where = np.float32(-1), 0
            for i in range(part * size, min(len(x), (part + 1) * size)):
                total = np.float32(0)
                for j in range(x.shape[1]):
                    difference = x[i, j] - x[pick, j]
                    total += difference * difference
                if total < left[i]:
                    left[i] = total
                if left[i] > highest:
                    highest, where = left[i], i
            best[part], at[part] = highest, where

    def loop(x: np.ndarray, k: int) -> np.ndarray:
        parts = numba.get_num_threads()
        left = np.full(len(x), np.inf, dtype=np.float32)
        best, at = np.empty(parts, dtype=np.float32), np.empty(parts, dtype=np.int64)
        picks = [0]
        for _ in range(k - 1):
            one_pass(x, picks[-1], left, best, at)
            picks.append(int(at[best.argmax()]))
        return np.array(picks)

    return loop


def sklearn_form(x: np.ndarray, k: int) -> np.ndarray:
    """Distances to the new centre, minimum, argmax, each over all rows."""
    from sklearn.metrics import pairwise_distances

    picks, left = [0], None
    for _ in range(k - 1):
        distances = pairwise_distances(x, x[picks[-1]][None])[:, 0]
        left = distances if left is None else np.minimum(left, distances)
        picks.append(int(left.argmax()))
    return np.array(picks)


def activeml() -> Callable[[np.ndarray, int], object] | None:
    """scikit-activeml's greedy loop; None where it is missing."""
    try:
        from skactiveml.pool import k_greedy_center
    except ImportError:
        return None

    def loop(x: np.ndarray, k: int) -> object:
        labels = np.full(len(x), np.nan)
        labels[0] = 0
        return k_greedy_center(x, labels, batch_size=k - 1, random_state=0)

    return loop
