"""Three models vote; the rows they differ on are labelled next."""

import numpy as np
from sklearn.datasets import load_breast_cancer
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.preprocessing import StandardScaler

import shortlist as sl

X, y = load_breast_cancer(return_X_y=True)
X = StandardScaler().fit_transform(X)
seed = np.concatenate([np.flatnonzero(y == label)[:3] for label in (0, 1)])

models = [LogisticRegression(), GaussianNB(), RandomForestClassifier(20, random_state=0)]
members = [sl.ActiveLearner(model, X_training=X[seed], y_training=y[seed]) for model in models]
committee = sl.Committee(members, query_strategy=sl.bald_sampling)
print(f"{len(seed)} labels: {committee.score(X, y):.1%} right")
for _ in range(5):
    picks, rows = committee.query(X, n_instances=4)
    committee.teach(rows, y[picks])
print(f"{len(members[0].X_training)} labels: {committee.score(X, y):.1%} right")
