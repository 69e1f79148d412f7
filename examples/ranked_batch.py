"""A batch of rows that are uncertain and unlike each other, against the most uncertain ones."""

import numpy as np
from sklearn.datasets import load_iris
from sklearn.metrics import pairwise_distances
from sklearn.neighbors import KNeighborsClassifier

import shortlist as sl

X, y = load_iris(return_X_y=True)
seed = [0, 50, 100]
for strategy in (sl.uncertainty_sampling, sl.uncertainty_batch_sampling):
    learner = sl.ActiveLearner(KNeighborsClassifier(3), strategy, X[seed], y[seed])
    picks, rows = learner.query(X, n_instances=10)
    apart = pairwise_distances(rows)[np.triu_indices(10, 1)].min()
    learner.teach(rows, y[picks])
    print(f"{strategy.__name__}: closest two rows {apart:.2f} apart, then {learner.score(X, y):.1%} right")
