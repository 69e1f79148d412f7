"""Queries that ask the model about a sliver of the pool: ``python -m benches.models``.

Each line is a model over a pool. Shown is how many times longer it takes to predict the whole pool and select from that
than to query, in turns in one process, as the median of the ratios of runs that follow each other; the same against
reading the features once, below which no query can be; how many rows the model was asked about; and whether the picks
are the same, but for rows whose scores lie closer than the last bits of the model's own arithmetic.

Before each run the threads of the one before are left to fall asleep: those of OpenBLAS spin on for a while, and take a
core away from whoever comes next.
"""

from __future__ import annotations

import argparse
import importlib.util
import statistics
import time
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import sparse
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.decomposition import PCA
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import MultinomialNB
from sklearn.pipeline import make_pipeline
from sklearn.svm import LinearSVC

import shortlist as sl
from shortlist import _core
from shortlist.benchmarking.machine import machine

if TYPE_CHECKING:
    from collections.abc import Callable

MEASURES = ("margin", "entropy", "least_confident")
PICKS = 100
FITTED = 5000
"""Rows that models are fitted to."""
ALIKE = "all rows alike"
"""Lines where bounds rule nothing out, which are compared with a query that does not try."""
WORST = 1 / 1.1
"""Their target."""
CLOSE = 4e-6
"""What a float32 model's own scores of a row differ by, asked about in one batch or another."""
REST = 0.1
"""Seconds until threads of others are asleep."""


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


def committee(member: Any) -> sl.Committee:
    """Return five members that are not fitted yet."""
    return sl.Committee([sl.ActiveLearner(clone(member)) for _ in range(5)])


def elsewhere() -> list[tuple[str, Any]]:
    """Return boosted trees of packages that are installed."""
    kinds = (("xgboost", "XGBClassifier", {}), ("lightgbm", "LGBMClassifier", {"verbose": -1}))
    there = [(kind, name, how) for kind, name, how in kinds if importlib.util.find_spec(kind)]
    return [(kind, getattr(importlib.import_module(kind), name)(n_jobs=2, **how)) for kind, name, how in there]


def lines(scale: float) -> list[tuple[str, float, Any, Callable[[], tuple[Any, Any]]]]:
    """Return for each line its name, its target, a model, and its pool."""
    rows = int(1_000_000 * scale)
    logistic = LogisticRegression(max_iter=100)
    forest = RandomForestClassifier(100, n_jobs=2, random_state=0)
    boosted = HistGradientBoostingClassifier(random_state=0)
    return [
        ("logistic, 64 f32, 2 classes", 15, logistic, lambda: dense(rows, 64, 2)),
        ("logistic, 64 f32, 10 classes", 30, logistic, lambda: dense(rows, 64, 10)),
        ("logistic, 384 f32, 10 classes", 10, logistic, lambda: dense(rows, 384, 10)),
        ("logistic, 384 f32, 100 classes", 5, logistic, lambda: dense(rows, 384, 100)),
        ("logistic, texts, 228 classes", 10, LogisticRegression(max_iter=30), lambda: texts(rows, 30_000, 228, "f8")),
        ("naive Bayes, counts, 20 classes", 10, MultinomialNB(), lambda: texts(rows, 30_000, 20, "i8")),
        ("calibrated LinearSVC x 5, 64 f32", 5, CalibratedClassifierCV(LinearSVC()), lambda: dense(rows, 64, 10)),
        (
            "by isotonic steps x 5, 64 f32",
            5,
            CalibratedClassifierCV(LinearSVC(), method="isotonic"),
            lambda: dense(rows, 64, 2),
        ),
        ("PCA to 20, logistic, 64 f32", 5, make_pipeline(PCA(20), logistic), lambda: dense(rows, 64, 10)),
        ("forest of 100, 20 f32", 5, forest, lambda: dense(rows, 20, 5)),
        ("boosted by histograms, 20 f32", 5, boosted, lambda: dense(rows, 20, 5)),
        *((f"boosted by {kind}, 20 f32", 2, model, lambda: dense(rows, 20, 5)) for kind, model in elsewhere()),
        ("committee of 5 logistic, 64 f32", 10, committee(logistic), lambda: dense(rows, 64, 10)),
        (
            "committee of 5 forests, 20 f32",
            3,
            committee(RandomForestClassifier(20, n_jobs=2, random_state=0)),
            lambda: dense(rows, 20, 5),
        ),
        (f"{ALIKE}: logistic, 64 f32", WORST, logistic, lambda: dense(rows, 64, 10)),
        (f"{ALIKE}: forest, 20 f32", WORST, forest, lambda: dense(rows, 20, 5)),
        (f"{ALIKE}: boosted, 20 f32", WORST, boosted, lambda: dense(rows, 20, 5)),
    ]


def fit(model: Any, X: Any, y: Any) -> None:
    """Fit a model to the first rows; the members of a committee to resamples of them."""
    model.fit(X[:FITTED], y[:FITTED])
    if isinstance(model, sl.Committee):
        model.rebag()


def seconds(call: Callable[[], Any]) -> tuple[float, Any]:
    """Return how long a call takes, and what it gives."""
    time.sleep(REST)
    begun = time.perf_counter()
    value = call()
    return time.perf_counter() - begun, value


def predicted(model: Any, X: Any, measure: str, *, asked: bool) -> Any:
    """Return the picks from the predictions of all rows, by a query where that is asked for."""
    if asked or isinstance(model, sl.Committee):
        return sl.query(model, X, measure, PICKS, screen=False)
    return sl.select(model.predict_proba(X), measure, k=PICKS, normalize="as_is")


def read(X: Any) -> None:
    """Read the features once, on as many threads as a query has."""
    if not sparse.issparse(X):
        words = X.reshape(-1).view(np.float64)
        _core.read_all(words, _core.default_threads())


def compare(model: Any, X: Any, measure: str, rounds: int, *, asked: bool) -> tuple[float, float, Any, bool]:
    """Return the median ratios of query and of reading, the report, and whether the picks are the same."""
    ratios, limits, same = [], [], True
    for turn in range(rounds + 1):
        whole, expected = seconds(lambda: predicted(model, X, measure, asked=asked))
        query, picks = seconds(lambda: sl.query(model, X, measure, PICKS))
        reading, _ = seconds(lambda: read(X))
        close = np.abs(np.sort(picks.scores) - np.sort(expected.scores)).max() < CLOSE
        sure = expected.indices[np.abs(expected.scores - expected.scores[-1]) > CLOSE]
        same = same and bool(close) and set(sure.tolist()) <= set(picks.indices.tolist())
        if turn:
            ratios.append(whole / query)
            limits.append(whole / reading)
    return statistics.median(ratios), statistics.median(limits), picks.report, same


def main() -> None:
    """Fit, query, and print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--rows", type=float, default=1.0, help="millions of rows (default: 1)")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--only", default="", help="lines whose name has this")
    options = parser.parse_args()
    print(machine())
    head = f"{'model':34} {'measure':16} {'times faster':>12} {'target':>6} {'read once':>9} {'rows asked':>10}  picks"
    print(head)
    for name, target, model, pool in lines(options.rows):
        if options.only not in name:
            continue
        X, y = pool()
        fit(model, X, y)
        if name.startswith(ALIKE):
            X[:] = X[0]
        for measure in ("vote_entropy", "bald") if isinstance(model, sl.Committee) else MEASURES:
            ratio, limit, report, same = compare(model, X, measure, options.rounds, asked=name.startswith(ALIKE))
            said = "" if ratio >= target else "  MISSED"
            said += "" if report.asked < X.shape[0] else f"  ({report.screen})"
            limited = "" if sparse.issparse(X) else f"{limit:.0f}"
            picks = "same" if same else "DIFFER"
            print(f"{name:34} {measure:16} {ratio:12.2f} {target:6.2g} {limited:>9} {report.asked:10}  {picks}{said}")


if __name__ == "__main__":
    main()
