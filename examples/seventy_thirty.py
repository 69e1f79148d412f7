"""70% uncertainty, 30% diversity in one line; and a strategy of your own."""

import numpy as np
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression

import shortlist as sl

X, y = load_digits(return_X_y=True)
X = X / 16
seed = np.concatenate([np.flatnonzero(y == digit)[:1] for digit in range(10)])


learner = sl.ActiveLearner(LogisticRegression(max_iter=200), sl.mix(uncertainty=0.7, diversity=0.3), X[seed], y[seed])
picks, rows = learner.query(X, n_instances=20)
learner.teach(rows, y[picks])
print(f"70/30: {learner.score(X, y):.1%} right")


def rare_class(learner, X, n_instances=1):
    """Pick the rows most likely to be a three: any function of this shape is a strategy."""
    return sl.multi_argmax(learner.predict_proba(X)[:, 3], n_instances)


learner = sl.ActiveLearner(LogisticRegression(max_iter=200), rare_class, X[seed], y[seed])
picks, rows = learner.query(X, n_instances=20)
print(f"rare_class: {np.mean(y[picks] == 3):.0%} of the picks are threes")

utility = sl.make_linear_combination(sl.classifier_uncertainty, sl.classifier_entropy, weights=[0.5, 0.5])
learner = sl.ActiveLearner(
    LogisticRegression(max_iter=200), sl.make_query_strategy(utility, sl.multi_argmax), X[seed], y[seed]
)
print(f"of two measures: rows {learner.query(X, n_instances=3)[0].tolist()}")
