"""badge against the gradients themselves and against the factorised loop of BADGE's authors.

Every rival makes one pass over all rows for each pick, so it is timed for a few picks; ours is timed from the first row
read to the last pick, and divided by the number of picks. *materialised* holds rows by classes by features in float32
and takes scikit-learn's `euclidean_distances` to the new centre; *materialised, norms kept* needs one matrix-vector
product a pick, the best there is in that form; *factorised* multiplies two products, as the authors' code does.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import numpy as np
from sklearn.metrics.pairwise import euclidean_distances

import shortlist as sl
from shortlist.benchmarking.timing import interleave

from ..report import Figure, Printer, number, verdict

if TYPE_CHECKING:
    import argparse

K = 100
PICKS = 3
TARGET = 500.0
LARGE = (1_000_000, 100, 384, 1000)


def run(given: argparse.Namespace, printer: Printer) -> list[Figure]:
    """The pool that can be materialised, then the one that cannot."""
    rows, classes, features = (2000, 20, 16) if given.quick else (20_000, 100, 128)
    logits, x = pool(rows, classes, features)
    probs = np.exp(logits - logits.max(axis=1, keepdims=True))
    probs /= probs.sum(axis=1, keepdims=True)
    error = probs - np.eye(classes, dtype=np.float32)[probs.argmax(axis=1)]
    gradients = (error[:, :, None] * x[:, None, :]).reshape(rows, -1)
    norms = np.einsum("ij,ij->i", gradients, gradients)
    a, h = (error * error).sum(axis=1), (x * x).sum(axis=1)

    def materialised() -> None:
        for i in range(PICKS):
            euclidean_distances(gradients, gradients[i : i + 1], squared=True)

    def norms_kept() -> None:
        for i in range(PICKS):
            norms - 2 * (gradients @ gradients[i]) + norms[i]

    def factorised() -> None:
        for i in range(PICKS):
            a * h - 2 * (error @ error[i]) * (x @ x[i]) + a[i] * h[i]

    tasks = {
        "ours": lambda: sl.badge(probs, x, K, random_state=0, n_threads=given.threads),
        "materialised": materialised,
        "materialised, norms kept": norms_kept,
        "factorised": factorised,
    }
    times = interleave(tasks, given.rounds)
    ours = times["ours"].median / K
    figures = []
    for rival in list(tasks)[1:]:
        target = TARGET if rival == "materialised" and not given.quick else None
        ratio = times[rival].median / PICKS / ours
        figures.append(Figure("badge", rival, "normal", "float32", rows, classes, given.threads or 0, ratio, target))
    printer.title(f"badge, {rows:,} rows, {classes} classes, {features} features, k = {K}: times faster per pick than")
    printer.table(["", "ratio", ""], [[f.what, number(f.ratio), verdict([f.met])] for f in figures])
    if not given.quick:
        printer.line(
            subprocess.run([sys.executable, "-m", __name__], capture_output=True, text=True, check=True).stdout
        )
    return figures


def pool(rows: int, classes: int, features: int) -> tuple[np.ndarray, np.ndarray]:
    """Logits of a model that is fairly sure of most rows, and normal features."""
    rng = np.random.default_rng(0)
    logits = 2 * rng.standard_normal((rows, classes), dtype=np.float32)
    return logits, rng.standard_normal((rows, features), dtype=np.float32)


def large() -> None:
    """In a process of its own: a pool whose gradients would take 154 GB, and the memory beyond it."""
    rows, classes, features, k = LARGE
    logits, x = pool(rows, classes, features)
    sl.badge(logits[:1000], x[:1000], 10, from_logits=True)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    start = time.perf_counter()
    sl.badge(logits, x, k, from_logits=True, random_state=0)
    seconds = time.perf_counter() - start
    beyond = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024
    gradients = 4 * rows * classes * features
    print(
        f"{rows:,} x {classes} classes x {features} features, k = {k}: {seconds:.2f} s, {beyond / rows:.0f} bytes a row "
        f"beyond the input, whose gradients would take {gradients / 1e9:.0f} GB"
    )


if __name__ == "__main__":
    large()
