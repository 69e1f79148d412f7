"""Does confident learning find planted flips, and the same rows as Cleanlab where that is installed?

Labels of public sets are flipped at random, a logistic model gives out-of-fold probabilities, and the suspects are compared
with those of ``cleanlab.filter.find_label_issues`` at its defaults: the same rows, in the same order.

    .venv/bin/python benches/loop_suspects.py
"""

from __future__ import annotations

import warnings

import numpy as np
from sklearn.datasets import load_breast_cancer, load_digits, load_iris, load_wine, make_classification
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from shortlist.loop.facts.suspects import suspects
from shortlist.tables import aligned

FLIPPED = 0.05
REPEATS = 5


def sets():
    yield "digits", *load_digits(return_X_y=True)
    yield "breast_cancer", *load_breast_cancer(return_X_y=True)
    yield "wine", *load_wine(return_X_y=True)
    yield "iris", *load_iris(return_X_y=True)
    yield "20 classes", *make_classification(3000, 30, n_informative=15, n_classes=20, class_sep=2, random_state=0)


def cleanlab():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            from cleanlab.filter import find_label_issues
        except ImportError:
            return None
    return find_label_issues


def main():
    theirs, lines = cleanlab(), [("set", "flipped", "found", "suspects", "as Cleanlab")]
    for name, X, y in sets():
        flips = found = named = same = 0
        for seed in range(REPEATS):
            rng = np.random.default_rng(seed)
            rows = rng.choice(len(y), round(FLIPPED * len(y)), replace=False)
            given, classes = y.copy(), y.max() + 1
            given[rows] = (given[rows] + rng.integers(1, classes, size=len(rows))) % classes
            model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=500))
            probs = cross_val_predict(model, X, given, cv=5, method="predict_proba")
            mine = suspects(given, probs)
            flips, found, named = flips + len(rows), found + len(np.intersect1d(mine, rows)), named + len(mine)
            if theirs is not None:
                same += mine.tolist() == theirs(given, probs, return_indices_ranked_by="self_confidence").tolist()
        parity = "not installed" if theirs is None else f"{same} of {REPEATS} {'met' if same == REPEATS else 'MISSED'}"
        lines.append((name, f"{flips:,}", f"{found / flips:.0%}", f"{named:,}", parity))
    print(aligned(lines))


if __name__ == "__main__":
    main()
