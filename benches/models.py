"""Queries that ask the model about a sliver of the pool: ``python -m benches.models``.

Each line is a model over a pool. Shown is how many times longer it takes to predict the whole pool and select from that
than to query by a strategy, in turns in one process, as the median of the ratios of runs that follow each other; how
many rows the model was asked about; and whether the picks are the same, but for rows whose scores lie closer than the
last bits of the model's own arithmetic.
"""

from __future__ import annotations

import argparse
import statistics
import time
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import sparse
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import MultinomialNB

import shortlist as sl
from shortlist.benchmarking.machine import machine

if TYPE_CHECKING:
    from collections.abc import Callable

STRATEGIES = {
    "margin": sl.margin_sampling,
    "entropy": sl.entropy_sampling,
    "least_confident": sl.uncertainty_sampling,
}
PICKS = 100


def dense(rows: int, features: int, classes: int) -> tuple[Any, Any]:
    """Draw clusters of float32 rows that overlap."""
    rng = np.random.default_rng(0)
    centres = rng.normal(size=(classes, features), scale=3 / features**0.5).astype(np.float32)
    y = rng.integers(0, classes, size=rows)
    X = rng.normal(size=(rows, features)).astype(np.float32)
    X += centres[y]
    return X, y


def texts(rows: int, words: int, classes: int, dtype: Any) -> tuple[Any, Any]:
    """Draw counts of words, about twelve a text, each class with words of its own."""
    rng = np.random.default_rng(0)
    y = rng.integers(0, classes, size=rows)
    length = 1 + rng.poisson(11, size=rows)
    common = (words * rng.random(size=length.sum()) ** 3).astype(np.int64)
    own = (np.repeat(y, length) * 7919 + common * 31) % words
    columns = np.where(rng.random(size=length.sum()) < 0.3, own, common).astype(np.int32)
    starts = np.concatenate([[0], np.cumsum(length)])
    X = sparse.csr_matrix((np.ones(len(columns), dtype=dtype), columns, starts), shape=(rows, words))
    X.sum_duplicates()
    return X, y


def lines(scale: float) -> list[tuple[str, float, Any, Callable[[], tuple[Any, Any]]]]:
    """Return for each line its name, its target, a model, and its pool."""
    rows = int(1_000_000 * scale)
    logistic = LogisticRegression(max_iter=100)
    return [
        ("logistic, 64 f32, 2 classes", 15, logistic, lambda: dense(rows, 64, 2)),
        ("logistic, 64 f32, 10 classes", 30, logistic, lambda: dense(rows, 64, 10)),
        ("logistic, 384 f32, 10 classes", 10, logistic, lambda: dense(rows, 384, 10)),
        ("logistic, 384 f32, 100 classes", 5, logistic, lambda: dense(rows, 384, 100)),
        ("logistic, texts, 228 classes", 10, LogisticRegression(max_iter=30), lambda: texts(rows, 30_000, 228, "f8")),
        ("naive Bayes, counts, 20 classes", 10, MultinomialNB(), lambda: texts(rows, 30_000, 20, "i8")),
        ("forest of 100, 20 f32", 5, RandomForestClassifier(100, n_jobs=2, random_state=0), lambda: dense(rows, 20, 5)),
        (
            "boosted by histograms, 20 f32",
            5,
            HistGradientBoostingClassifier(random_state=0),
            lambda: dense(rows, 20, 5),
        ),
    ]


class Asked:
    """Counts the rows a model is asked about."""

    def __init__(self, model: Any) -> None:
        self.model, self.rows = model, 0
        self.ask = type(model).predict_proba

    def __enter__(self) -> Asked:
        def predict_proba(model: Any, X: Any) -> Any:
            self.rows += X.shape[0]
            return self.ask(model, X)

        type(self.model).predict_proba = predict_proba
        return self

    def __exit__(self, *_: object) -> None:
        type(self.model).predict_proba = self.ask


def seconds(call: Callable[[], Any]) -> tuple[float, Any]:
    """Return how long a call takes, and what it gives."""
    begun = time.perf_counter()
    value = call()
    return time.perf_counter() - begun, value


def compare(model: Any, X: Any, measure: str, rounds: int) -> tuple[float, int, bool]:
    """Return the median ratio, the rows asked about, and whether the picks are the same."""
    ratios, same, asked = [], True, 0
    for turn in range(rounds + 1):
        whole, expected = seconds(lambda: sl.select(model.predict_proba(X), measure, k=PICKS, normalize="as_is"))
        with Asked(model) as counted:
            query, (picked, scores) = seconds(lambda: STRATEGIES[measure](model, X, n_instances=PICKS))
        asked = counted.rows
        close = np.abs(np.sort(scores) - np.sort(expected.scores)).max() < 1e-6
        sure = expected.indices[np.abs(expected.scores - expected.scores[-1]) > 1e-6]
        same = same and bool(close) and set(sure.tolist()) <= set(np.asarray(picked).tolist())
        if turn:
            ratios.append(whole / query)
    return statistics.median(ratios), asked, same


def main() -> None:
    """Fit, query, and print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--rows", type=float, default=1.0, help="millions of rows (default: 1)")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--only", default="", help="lines whose name has this")
    options = parser.parse_args()
    print(machine())
    print(f"{'model':34} {'measure':16} {'times faster':>12} {'target':>6} {'rows asked':>10}  picks")
    for name, target, model, pool in lines(options.rows):
        if options.only not in name:
            continue
        X, y = pool()
        model.fit(X[:5000], y[:5000])
        for measure in STRATEGIES:
            ratio, asked, same = compare(model, X, measure, options.rounds)
            said = "" if ratio >= target else "  MISSED"
            said += "" if asked < X.shape[0] else "  (asked about all)"
            print(f"{name:34} {measure:16} {ratio:12.1f} {target:6} {asked:10}  {'same' if same else 'DIFFER'}{said}")


if __name__ == "__main__":
    main()
