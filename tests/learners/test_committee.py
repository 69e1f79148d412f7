"""Committees: votes, classes, bagging, and the strategies that ask them."""

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.base import clone
from sklearn.datasets import load_iris
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.naive_bayes import GaussianNB
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

import shortlist as sl
from shortlist.learners import ActiveLearner, Committee, CommitteeRegressor
from shortlist.strategies import (
    bald_sampling,
    consensus_entropy_sampling,
    max_disagreement_sampling,
    mean_std_sampling,
    uncertainty_batch_sampling,
    uncertainty_sampling,
    variation_ratio_sampling,
    vote_entropy_sampling,
)
from shortlist.strategies.disagreement import KL_max_disagreement, bald, mean_std, variation_ratio, vote_entropy

X, y = load_iris(return_X_y=True)
NAMES = np.array(["setosa", "versicolor", "virginica"])
STRATEGIES = [
    vote_entropy_sampling,
    consensus_entropy_sampling,
    max_disagreement_sampling,
    bald_sampling,
    variation_ratio_sampling,
    mean_std_sampling,
    uncertainty_sampling,
]


def committee(labels=y, members=3, **kwargs):
    learners = []
    for member in range(members):
        seed = np.concatenate([np.arange(4) + 50 * label + 7 * member for label in range(3)])
        learners.append(ActiveLearner(GaussianNB(), X_training=X[seed], y_training=labels[seed]))
    return Committee(learners, **kwargs)


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_strategies_do_not_depend_on_blocks(strategy):
    group = committee(query_strategy=strategy)
    whole = group.query(X, True, n_instances=9)
    parts = group.query(X, True, n_instances=9, chunk_size=7)
    for one, other in zip(whole, parts, strict=True):
        np.testing.assert_array_equal(one, other)
    indices, rows, metrics = whole
    np.testing.assert_array_equal(rows, X[indices])
    assert (np.diff(metrics) <= 0).all()


def test_new_measures_against_their_definitions():
    group = committee()
    members = group.vote_proba(X)
    mean = members.mean(axis=1)
    mean, seen = mean[:, None], members > 1e-300
    ratios = np.divide(members, mean, out=np.ones_like(members), where=seen)
    information = (members * np.log(ratios)).sum(axis=2).mean(axis=1)
    np.testing.assert_allclose(bald(group, X), information, atol=1e-12)
    np.testing.assert_allclose(mean_std(group, X), members.std(axis=1).mean(axis=1), atol=1e-12)
    votes = np.stack([np.bincount(row, minlength=3) for row in members.argmax(axis=2)])
    np.testing.assert_allclose(variation_ratio(group, X), 1 - votes.max(axis=1) / 3, atol=1e-12)


def test_string_labels():
    group = committee(NAMES[y])
    votes = group.vote(X)
    assert votes.shape == (150, 3)
    assert set(votes.ravel()) == set(NAMES)
    assert group.classes_.tolist() == NAMES.tolist()
    np.testing.assert_array_equal(vote_entropy(group, X), vote_entropy(committee(), X))
    indices, rows = group.query(X, n_instances=2)
    group.teach(rows, NAMES[y][indices])
    assert group.predict(X[:1]).tolist() == ["setosa"]
    assert group.score(X, NAMES[y]) > 0.8


def test_members_share_what_is_taught():
    group = committee()
    group.teach(X[:5], y[:5])
    assert [len(learner.X_training) for learner in group] == [17, 17, 17]
    assert group.fit(X, y) is group
    assert len(group) == 3
    assert [len(learner.X_training) for learner in group] == [150] * 3
    np.testing.assert_array_equal(group.predict_proba(X), group.vote_proba(X).mean(axis=1))
    assert KL_max_disagreement(group, X).max() < 1e-12


def test_rebag_gives_each_member_its_own_resample():
    learners = [
        ActiveLearner(DecisionTreeClassifier(random_state=0), X_training=X, y_training=y, random_state=seed)
        for seed in range(3)
    ]
    group = Committee(learners)
    assert KL_max_disagreement(group, X).max() < 1e-12
    group.rebag()
    assert KL_max_disagreement(group, X).max() > 0.1
    group.fit(X, y, bootstrap=True)
    assert KL_max_disagreement(group, X).max() > 0.1


def test_a_committee_is_an_estimator():
    active = ActiveLearner(committee())
    indices, _ = active.query(X, n_instances=3)
    assert len(indices) == 3
    active.fit(X, y)
    assert active.score(X, y) > 0.9
    twin = clone(committee(random_state=3))
    assert len(twin) == 3
    assert twin.get_params()["random_state"] == 3
    assert repr(twin).startswith("Committee([ActiveLearner(estimator=GaussianNB()")
    assert "GaussianNB" in twin._repr_html_()


@pytest.mark.parametrize("kind", ["csc", "coo"])
def test_sparse_pools(kind):
    part = sparse.coo_matrix(X).asformat(kind)
    learners = [ActiveLearner(DecisionTreeClassifier(random_state=i), X_training=part, y_training=y) for i in range(2)]
    _indices, rows = Committee(learners).query(part, n_instances=3, chunk_size=50)
    assert rows.format == kind
    assert rows.shape == (3, 4)
    regressors = [ActiveLearner(DecisionTreeRegressor(), X_training=part, y_training=y) for _ in range(2)]
    assert CommitteeRegressor(regressors).vote(part).shape == (150, 2)


def test_ranked_batch_of_a_committee():
    frame = pd.DataFrame(X)
    group = committee(query_strategy=uncertainty_batch_sampling)
    indices, rows = group.query(frame, n_instances=6)
    assert len(set(indices.tolist())) == 6
    assert isinstance(rows, pd.DataFrame)


def test_regressors():
    learners = [
        ActiveLearner(GaussianProcessRegressor(optimizer=None), X_training=X[part], y_training=X[part, :1])
        for part in (slice(0, 50), slice(50, 100))
    ]
    group = CommitteeRegressor(learners)
    mean, std = group.predict(X, return_std=True)
    assert mean.shape == std.shape == (150,)
    indices, _ = group.query(X, n_instances=4, chunk_size=20)
    np.testing.assert_array_equal(np.sort(std[indices]), np.sort(std)[-4:])
    group.teach(X[indices], X[indices, :1])


def test_committees_are_on_the_front_page():
    assert sl.Committee is Committee
    assert sl.bald_sampling is bald_sampling
