"""Weights reach a learner's model through what scikit-learn builds on it, as they reach the model alone."""

import numpy as np
import pytest
import sklearn
from sklearn.datasets import load_iris
from sklearn.exceptions import UnsetMetadataPassedError
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_validate

import shortlist as sl

X, Y = load_iris(return_X_y=True)
Y = Y == 1
WEIGHTS = np.where(Y, 20.0, 1.0)


def asked(model=None):
    return (model or LogisticRegression(max_iter=500)).set_fit_request(sample_weight=True)


@pytest.fixture
def routing():
    with sklearn.config_context(enable_metadata_routing=True):
        yield


@pytest.mark.usefixtures("routing")
@pytest.mark.parametrize(
    "made",
    [sl.ActiveLearner, lambda model: sl.Committee([sl.ActiveLearner(model)])],
    ids=["learner", "committee"],
)
def test_cross_validation_hands_weights_to_the_model(made):
    model = asked().set_score_request(sample_weight=False)
    learner = made(model)
    if isinstance(learner, sl.Committee):
        learner.set_score_request(sample_weight=False)
    scores = {}
    for name, estimator, params in (
        ("ours", learner, {"sample_weight": WEIGHTS}),
        ("alone", model, {"sample_weight": WEIGHTS}),
        ("without", LogisticRegression(max_iter=500), {}),
    ):
        scores[name] = cross_validate(estimator, X, Y, params=params)["test_score"]
    assert np.array_equal(scores["ours"], scores["alone"])
    assert not np.array_equal(scores["ours"], scores["without"])


@pytest.mark.usefixtures("routing")
def test_a_search_does_so_too():
    model = asked().set_score_request(sample_weight=False)
    search = GridSearchCV(sl.ActiveLearner(model), {"estimator__C": [0.1, 1.0]}).fit(X, Y, sample_weight=WEIGHTS)
    alone = asked(LogisticRegression(max_iter=500, C=search.best_params_["estimator__C"])).fit(X, Y, WEIGHTS)
    assert np.array_equal(search.best_estimator_.estimator.coef_, alone.coef_)


@pytest.mark.usefixtures("routing")
def test_what_nobody_asked_for_is_refused_by_fits_and_teaches():
    learner = sl.ActiveLearner(LogisticRegression(max_iter=500))
    with pytest.raises(UnsetMetadataPassedError, match="sample_weight"):
        learner.fit(X, Y, sample_weight=WEIGHTS)
    assert learner.X_training is None
    with pytest.raises(UnsetMetadataPassedError, match="sample_weight"):
        learner.teach(X, Y, sample_weight=WEIGHTS)
    learner.estimator.set_fit_request(sample_weight=True)
    learner.teach(X, Y, sample_weight=WEIGHTS)
    with pytest.raises(UnsetMetadataPassedError, match="score"):
        learner.score(X, Y, sample_weight=WEIGHTS)
    learner.estimator.set_score_request(sample_weight=True)
    assert learner.score(X, Y, sample_weight=WEIGHTS) == learner.estimator.score(X, Y, WEIGHTS)
    assert np.array_equal(learner.estimator.coef_, LogisticRegression(max_iter=500).fit(X, Y, WEIGHTS).coef_)


def test_without_routing_a_fit_gets_what_it_is_given():
    plain = LogisticRegression(max_iter=500).fit(X, Y, WEIGHTS)
    learner = sl.ActiveLearner(LogisticRegression(max_iter=500), X_training=X[:60], y_training=Y[:60])
    learner.teach(X[60:], Y[60:], sample_weight=WEIGHTS)
    assert np.array_equal(learner.estimator.coef_, plain.coef_)
    assert learner.score(X, Y, sample_weight=WEIGHTS) == plain.score(X, Y, WEIGHTS)
