"""Ask for one label at a time: digits, a linear model, the smallest margin first."""

import numpy as np
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split

import shortlist as sl

X, y = load_digits(return_X_y=True)
X_pool, X_test, y_pool, y_test = train_test_split(X / 16, y, test_size=500, random_state=0)

seed = np.concatenate([np.flatnonzero(y_pool == digit)[:1] for digit in range(10)])
learner = sl.ActiveLearner(LogisticRegression(max_iter=200), sl.margin_sampling, X_pool[seed], y_pool[seed])
print(f"{len(seed)} labels: {learner.score(X_test, y_test):.1%} right")

left = np.setdiff1d(np.arange(len(X_pool)), seed)
for _ in range(30):
    picks, rows = learner.query(X_pool[left])
    learner.teach(rows, y_pool[left[picks]])
    left = np.delete(left, picks)
print(f"{len(learner.X_training)} labels: {learner.score(X_test, y_test):.1%} right")
