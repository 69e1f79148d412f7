"""What goes wrong says what to do."""

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.datasets import load_iris
from sklearn.exceptions import NotFittedError
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC

from shortlist.learners import ActiveLearner, BayesianOptimizer, Committee
from shortlist.strategies import (
    ArgumentError,
    PoolTooSmallError,
    bald_sampling,
    classifier_entropy,
    entropy_sampling,
    make_linear_combination,
    margin_sampling,
    max_EI,
    max_std_sampling,
    mix,
    multi_argmax,
    multi_argmin,
    shuffled_argmax,
    uncertainty_batch_sampling,
    uncertainty_sampling,
    vote_entropy_sampling,
    weighted_random,
)

X, y = load_iris(return_X_y=True)
SEED = [0, 1, 60, 61, 120, 121]


class Fixed(ClassifierMixin, BaseEstimator):
    """Answers as told, whatever it is asked."""

    def __init__(self, proba=None):
        self.proba = proba

    def predict_proba(self, X):
        return self.proba


class Looked(Fixed):
    """Looks its answers up: rows are their positions."""

    def predict_proba(self, X):
        return self.proba[X]


@pytest.mark.parametrize("strategy", [uncertainty_sampling, margin_sampling, entropy_sampling])
def test_querying_an_unfitted_learner_warns_and_picks_the_first_rows(strategy):
    active = ActiveLearner(LogisticRegression(), query_strategy=strategy)
    with pytest.warns(UserWarning, match="give X_training, or call fit or teach"):
        indices, _, metrics = active.query(X, n_instances=3, return_metrics=True)
    assert indices.tolist() == [0, 1, 2]
    assert set(metrics) == {1.0 if strategy is uncertainty_sampling else 0.0}
    with pytest.warns(UserWarning, match="not fitted"):
        assert len(active.query(X, n_instances=3, random_tie_break=True, chunk_size=10)[0]) == 3


def test_unfitted_committee_optimizer_and_regressor():
    committee = Committee([ActiveLearner(GaussianNB())], query_strategy=vote_entropy_sampling)
    assert committee.classes_ is None
    assert committee.n_classes_ == 0
    with pytest.warns(UserWarning, match="not fitted"):
        assert committee.query(X)[0].tolist() == [0]
    with pytest.raises(NotFittedError, match="fit each of them first"):
        committee.predict(X)
    unfitted = ActiveLearner(GaussianNB(), query_strategy=max_EI)
    unfitted.y_max = 0.0
    with pytest.raises(TypeError, match="return_std"):
        unfitted.query(X)
    assert BayesianOptimizer(GaussianProcessRegressor()).query(X)[0].tolist() == [0]


def test_more_instances_than_rows():
    active = ActiveLearner(GaussianNB(), X_training=X[SEED], y_training=y[SEED])
    for error in (ValueError, AssertionError, PoolTooSmallError):
        with pytest.raises(error, match="n_instances came as 6; the pool has 5 rows"):
            active.query(X[:5], n_instances=6)
    with pytest.raises(PoolTooSmallError):
        active.query(X[:0])
    for wrong in (-1, 1.5, None):
        with pytest.raises(ArgumentError, match="n_instances came as"):
            active.query(X, n_instances=wrong)
    assert active.query(X, n_instances=0)[0].shape == (0,)
    assert len(uncertainty_batch_sampling(active, X[:5], n_instances=6)[0]) == 5
    for selector in (multi_argmax, multi_argmin, shuffled_argmax, weighted_random):
        with pytest.raises(AssertionError, match="the pool has 2 rows"):
            selector(np.ones(2), 3)


def test_labels_the_seed_set_misses():
    active = ActiveLearner(GaussianNB(), X_training=X[SEED[:4]], y_training=y[SEED[:4]])
    with pytest.warns(UserWarning, match=r"labels the model was not fitted on: \[2\].*A seed set with rows of each"):
        active.teach(X[[120, 121]], y[[120, 121]])
    active.teach(X[[122]], y[[122]])
    with pytest.warns(UserWarning, match=r"without the classes \[0, 1\], which it no longer knows"):
        active.teach(X[[130, 131]], y[[130, 131]], only_new=True)
    with pytest.raises(ValueError, match="classes") as caught:
        ActiveLearner(LogisticRegression(), X_training=X[:3], y_training=y[:3])
    assert "every label is 0: give the learner rows of at least two classes" in caught.value.__notes__[0]


def test_members_that_know_different_classes():
    first = ActiveLearner(GaussianNB(), X_training=X[SEED], y_training=y[SEED])
    second = ActiveLearner(GaussianNB(), X_training=X[SEED[:4]], y_training=y[SEED[:4]])
    with pytest.warns(UserWarning, match=r"member 1 lacks \[2\].*Fit every member on rows of each class"):
        committee = Committee([first, second])
    proba = committee.vote_proba(X)
    assert proba.shape == (150, 2, 3)
    assert not proba[:, 1, 2].any()
    assert committee.classes_.tolist() == [0, 1, 2]
    with pytest.warns(UserWarning, match=r"labels the model was not fitted on: \[3\]"):
        committee.teach(X[[140, 141]], [3, 3])


def test_shapes_that_do_not_agree():
    active = ActiveLearner(GaussianNB(), X_training=X[SEED], y_training=y[SEED])
    with pytest.raises(ValueError, match="X has 2 rows and y has 3; accepted is one label for each row"):
        active.teach(X[:2], y[:3])
    with pytest.raises(ValueError, match=r"new X of shape \(2, 3\) does not agree with the known X of shape \(6, 4\)"):
        active.teach(X[:2, :3], y[:2])
    with pytest.raises(ValueError, match=r"the new y of shape \(2, 1\) does not agree"):
        active.teach(X[:2], y[:2, None])
    assert len(active.X_training) == len(active.y_training) == 6
    with pytest.raises(ValueError, match="X has 1 rows and y has 2"):
        active.fit(X[:1], y[:2])
    with pytest.raises(ValueError, match="gave 3 rows for the 10 rows of the pool that start at row 0"):
        margin_sampling(Fixed(np.full((3, 2), 0.5)), X, chunk_size=10)
    with pytest.raises(ValueError, match=r"predict_proba of Fixed gave shape \(150,\); accepted is \(rows, classes\)"):
        uncertainty_sampling(Fixed(np.ones(150)), X)
    odd = ActiveLearner(GaussianNB(), X_training=X[SEED][:, :2], y_training=y[SEED])
    with pytest.raises(ValueError, match="features"):
        Committee([active, odd]).query(X)
    frame = pd.DataFrame(X, columns=list("abcd"))
    framed = ActiveLearner(GaussianNB(), X_training=frame.iloc[SEED], y_training=y[SEED])
    with pytest.raises(ValueError, match="do not agree"):
        framed.teach(frame.iloc[:2].rename(columns={"a": "z"}), y[:2])


def test_values_that_are_not_finite():
    hole = X[:2].copy()
    hole[0, 0] = np.nan
    active = ActiveLearner(GaussianNB(), X_training=X[SEED], y_training=y[SEED])
    with pytest.raises(ValueError, match="NaN"):
        active.teach(hole, y[:2])
    with pytest.raises(ValueError, match="NaN"):
        active.teach(pd.DataFrame(hole), y[:2])

    class Anything(Fixed):
        def fit(self, X, y):
            return self

    allowed = ActiveLearner(Anything(), X_training=hole, y_training=y[:2], force_all_finite=False)
    allowed.teach(hole, y[:2])
    with pytest.raises(AssertionError, match="force_all_finite"):
        ActiveLearner(Anything(), force_all_finite="no")


def test_estimators_without_predict_proba():
    for estimator in (LinearSVC(), make_pipeline(StandardScaler(), LinearSVC())):
        active = ActiveLearner(estimator, X_training=X[SEED], y_training=y[SEED])
        with pytest.raises(AttributeError, match=r"LinearSVC has no predict_proba; wrap it: sklearn.calibration.Cal"):
            active.query(X)
    active = ActiveLearner(LinearRegression(), X_training=X[SEED], y_training=y[SEED])
    with pytest.raises(AttributeError, match="it is a regressor: use max_std_sampling"):
        active.query(X)
    with pytest.raises(TypeError, match="predict of LinearRegression does not take return_std=True"):
        max_std_sampling(active, X)


def test_a_strategy_for_committees_on_one_model():
    for strategy in (vote_entropy_sampling, bald_sampling):
        active = ActiveLearner(GaussianNB(), query_strategy=strategy, X_training=X[SEED], y_training=y[SEED])
        with pytest.raises(TypeError, match="has no vote.*: this strategy is for a Committee; for one model use unc"):
            active.query(X)


def test_nan_probabilities_are_an_error_that_names_the_row():
    proba = np.full((150, 3), 1 / 3)
    proba[77, 2] = np.nan
    for strategy in (uncertainty_sampling, margin_sampling, entropy_sampling):
        with pytest.raises(ValueError, match="77"):
            strategy(Fixed(proba), X)
    for chunk_size in ("auto", 20):
        with pytest.raises(ValueError, match="predict_proba of Looked gave NaN in column 2 for row 77 of the pool"):
            classifier_entropy(Looked(proba), np.arange(150), chunk_size=chunk_size)
    values = np.arange(5.0)
    values[3] = np.nan
    for selector in (multi_argmax, multi_argmin, shuffled_argmax):
        with pytest.raises(ValueError, match="3"):
            selector(values, 2)


def test_arguments_of_the_wrong_kind():
    with pytest.raises(AssertionError, match="query_strategy came as str"):
        ActiveLearner(GaussianNB(), query_strategy="margin")
    with pytest.raises(TypeError, match="query_strategy came as str"):
        Committee([], query_strategy="margin")
    with pytest.raises(TypeError, match="accepted are an array"):
        ActiveLearner(GaussianNB(), X_training=X[SEED], y_training=y[SEED]).query(7)
    with pytest.raises(AssertionError, match="weights came with 1 entries for 2 functions"):
        make_linear_combination(len, len, weights=[1.0])
    with pytest.raises(ValueError, match="accepted are weights, neither negative"):
        mix(-1.0)
    with pytest.raises(TypeError, match="measure came as str"):
        mix(measure="entropy")
    with pytest.raises(ValueError, match=r"values came with shape \(2, 2\)"):
        multi_argmax(np.ones((2, 2)))
    with pytest.raises(AssertionError, match="weights sum to 0"):
        weighted_random(np.zeros(3))


def test_a_learner_has_probabilities_where_its_estimator_has():
    assert hasattr(ActiveLearner(LogisticRegression()), "predict_proba")
    for without in (ActiveLearner(LinearSVC()), BayesianOptimizer(GaussianProcessRegressor())):
        assert not hasattr(without, "predict_proba")
        with pytest.raises(AttributeError, match="has no predict_proba; "):
            without.predict_proba([[0.0]])
