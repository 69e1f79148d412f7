"""ranked_batch against modAL's, and on the pool of modAL's issue #133.

modAL computes the distances to all labelled and picked rows again at each pick. On the large pool it is timed for a few picks
from a part of it, and scaled up by the number of distances.
"""

from __future__ import annotations

import resource
import time
import types
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np

import shortlist as sl
from shortlist.benchmarking.timing import interleave

from ..report import Figure, Printer, number, verdict
from .pools import SYNTHETIC

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

TARGET = 75.0


def run(given: argparse.Namespace, printer: Printer) -> list[Figure]:
    """Both pools."""
    theirs = peer()
    if theirs is None:
        printer.line("ranked_batch: modAL is not installed, so there is nothing to compare with")
    figures = [] if theirs is None else against_modal(given, printer, theirs)
    issue_133(given, printer, theirs)
    return figures


def peer() -> Callable[..., Any] | None:
    """modAL's own function, if it can be imported."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            from modAL.batch import ranked_batch
        except ImportError:
            return None
    function: Callable[..., Any] = ranked_batch
    return function


def pool(name: str, rows: int, features: int, labelled: int, dtype: type) -> tuple[Any, Any, Any]:
    """Features, features of labelled rows from the same law, and uncertainties."""
    both = SYNTHETIC[name](rows + labelled, features).astype(dtype, copy=False)
    return both[labelled:], both[:labelled], np.random.default_rng(1).random(rows) / 2


def against_modal(given: argparse.Namespace, printer: Printer, theirs: Callable[..., Any]) -> list[Figure]:
    """50,000 rows, 1,000 of them labelled, 100 picks."""
    rows, features, labelled, k = (5_000, 32, 100, 20) if given.quick else (50_000, 32, 1_000, 100)
    figures, table = [], []
    for name in SYNTHETIC:
        X, seen, uncertainty = pool(name, rows, features, labelled, np.float64)
        model = types.SimpleNamespace(X_training=seen, on_transformed=False)
        last: dict[str, Any] = {}

        def ours(X: Any = X, seen: Any = seen, u: Any = uncertainty, last: dict[str, Any] = last) -> None:
            last["ours"] = sl.ranked_batch(X, u, k, labelled=seen, n_threads=given.threads).indices

        def modal(X: Any = X, model: Any = model, u: Any = uncertainty, last: dict[str, Any] = last) -> None:
            last["theirs"] = theirs(model, X, u, k, "euclidean", None)[0]

        times = interleave({"ours": ours, "modAL": modal}, given.rounds, cold=["modAL"])
        ratio = times["modAL"].median / times["ours"].median
        figure = Figure(
            "ranked_batch",
            "modAL",
            name,
            "float64",
            rows,
            features,
            given.threads or 0,
            ratio,
            None if given.quick else TARGET,
        )
        figures.append(figure)
        same = "identical" if np.array_equal(last["ours"], last["theirs"]) else "DIFFER"
        seconds = [f"{times[one].median:.3g}" for one in ("ours", "modAL")]
        table.append([name, *seconds, number(ratio), same, verdict([figure.met])])
    printer.title(
        f"ranked_batch, {rows:,} x {features} float64, {labelled:,} labelled, k = {k}: times faster than modAL"
    )
    printer.table(["pool", "ours (s)", "modAL (s)", "times", "picks", ""], table)
    return figures


def issue_133(given: argparse.Namespace, printer: Printer, theirs: Callable[..., Any] | None) -> None:
    """A pool of 2 million rows, 8,000 picks."""
    rows, features, labelled, k = (50_000, 64, 100, 200) if given.quick else (2_000_000, 64, 1_000, 8_000)
    table = []
    for name in ("iid", "clusters"):
        X, seen, uncertainty = pool(name, rows, features, labelled, np.float32)
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        began = time.perf_counter()
        sl.ranked_batch(X, uncertainty, k, labelled=seen, n_threads=given.threads)
        seconds = time.perf_counter() - began
        grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024
        scaled = "-"
        if theirs is not None:
            few, picks = X[: rows // 40], 3
            model = types.SimpleNamespace(X_training=seen, on_transformed=False)
            began = time.perf_counter()
            theirs(model, few, uncertainty[: len(few)], picks, "euclidean", None)
            each = (time.perf_counter() - began) / compared(len(few), labelled, picks)
            scaled = f"{each * compared(rows, labelled, k) / 3600:,.1f} h"
        table.append([name, f"{seconds:.1f}", f"{grown / X.nbytes:.2f}", scaled])
        del X
    printer.title(f"ranked_batch, {rows:,} x {features} float32, {labelled:,} labelled, k = {k:,} (modAL's issue #133)")
    printer.table(["pool", "ours (s)", "peak memory beside the pool, of its size", "modAL, scaled up"], table)


def compared(rows: int, labelled: int, k: int) -> float:
    """Distances that computing all of them at each step takes."""
    steps = np.arange(k, dtype=np.float64)
    return float(((rows - steps) * (labelled + steps)).sum())
