"""Scores of all rows by `approximate=` against the exact ones: ``python -m benches.approximate``.

Shown are how many times longer the exact scores take, as the median of the ratios of runs in turns, and how far the
others are off at most, which must be within the tolerance.
"""

from __future__ import annotations

import argparse
import statistics
from functools import partial

import numpy as np
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression

import shortlist as sl
from shortlist.benchmarking.machine import machine

from .models import dense, fit, seconds

TOLERANCE = 1e-3


def main() -> None:
    """Fit, score both ways, and print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--rows", type=float, default=0.3, help="millions of rows (default: 0.3)")
    parser.add_argument("--rounds", type=int, default=7)
    options = parser.parse_args()
    print(machine())
    print(f"{'model':28} {'times faster':>12} {'off by at most':>14}")
    for name, classes, features, model in (
        ("logistic, 2 classes", 2, 64, LogisticRegression(max_iter=100)),
        ("logistic, 10 classes", 10, 64, LogisticRegression(max_iter=100)),
        ("forest of 50, 5 classes", 5, 20, RandomForestClassifier(50, n_jobs=2, random_state=0)),
    ):
        X, y = dense(int(1e6 * options.rows), features, classes)
        fit(model, X, y)
        ratios, off = [], 0.0
        for turn in range(options.rounds + 1):
            exact, scores = seconds(partial(sl.classifier_margin, model, X))
            near, close = seconds(partial(sl.classifier_margin, model, X, approximate=TOLERANCE))
            off = max(off, float(np.abs(scores - close).max()))
            if turn:
                ratios.append(exact / near)
        print(f"{name:28} {statistics.median(ratios):12.2f} {off:14.1e}")


if __name__ == "__main__":
    main()
