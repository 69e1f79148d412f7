"""Picks by how far rows are from the border of a decision function."""

import warnings

import numpy as np
import pytest
from scipy import sparse
from sklearn.base import clone
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.linear_model import (
    LogisticRegression,
    PassiveAggressiveClassifier,
    Perceptron,
    RidgeClassifier,
    RidgeClassifierCV,
    SGDClassifier,
)
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC, LinearSVC

import shortlist as sl

ROWS = 9_000
with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # newer versions of scikit-learn deprecate some of them
    MODELS = [
        LinearSVC(),
        RidgeClassifier(),
        RidgeClassifierCV(),
        SGDClassifier(random_state=0),
        Perceptron(),
        PassiveAggressiveClassifier(random_state=0),
        LogisticRegression(),
        LinearDiscriminantAnalysis(),
        make_pipeline(StandardScaler(), LinearSVC()),
    ]


def data(classes, features=12, seed=0):
    rng = np.random.default_rng(seed)
    y = rng.integers(0, classes, size=ROWS)
    return 0.5 * rng.normal(size=(classes, features))[y] + rng.normal(size=(ROWS, features)), y


def margins(decisions):
    if decisions.ndim == 1:
        return np.abs(decisions)
    ordered = np.sort(decisions, axis=1)
    return ordered[:, -1] - ordered[:, -2]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("classes", [2, 5])
@pytest.mark.parametrize("model", MODELS, ids=lambda model: type(model).__name__)
def test_the_rows_nearest_to_the_border(model, classes):
    X, y = data(classes)
    model = clone(model).fit(X[:400], y[:400])
    expected = margins(model.decision_function(X))
    np.testing.assert_allclose(sl.classifier_decision_margin(model, X), expected, rtol=1e-12)
    picks = sl.query(model, X, "decision_margin", 25)
    assert picks.indices.tolist() == np.argsort(expected, kind="stable")[:25].tolist()
    np.testing.assert_allclose(picks.scores, np.sort(expected)[:25], rtol=1e-9)
    assert picks.report.screen == "linear"
    assert picks.report.asked < ROWS / 20
    assert sl.decision_margin_sampling(model, X, 25, screen=False)[0].tolist() == picks.indices.tolist()
    if not isinstance(model, LinearDiscriminantAnalysis) and not hasattr(model, "steps"):
        picks = sl.query(model, sparse.csr_matrix(X), "decision_margin", 25)
        assert picks.indices.tolist() == np.argsort(expected, kind="stable")[:25].tolist()
        assert picks.report.asked < ROWS / 20


@pytest.mark.parametrize("scale", [1e-9, 1e9])
def test_decisions_of_any_size(scale):
    X, y = data(4)
    model = LinearSVC().fit(X[:400], y[:400])
    model.coef_, model.intercept_ = scale * model.coef_, scale * model.intercept_
    picks = sl.query(model, X, "decision_margin", 25)
    assert picks.indices.tolist() == np.argsort(margins(model.decision_function(X)))[:25].tolist()
    assert picks.report.asked < ROWS / 20


def test_other_models_are_asked_about_all():
    X, y = data(3)
    report = sl.query(SVC(kernel="linear").fit(X[:200], y[:200]), X, "decision_margin", 5).report
    assert (report.screen, report.asked) == ("its arithmetic is not known", ROWS)
    with pytest.raises(AttributeError, match="GaussianNB has no decision_function, which this strategy asks"):
        sl.decision_margin_sampling(sl.ActiveLearner(GaussianNB()), X)


class Holes:
    classes_ = np.array([0, 1])

    def decision_function(self, X):
        return np.array([1.0, np.nan, -0.5])


def test_a_row_without_an_answer():
    X = np.zeros((3, 1))
    for ask in (sl.decision_margin_sampling, sl.classifier_decision_margin):
        with pytest.raises(ValueError, match="gave NaN in column 1 for row 1 of the pool"):
            ask(Holes(), X)
    assert sl.decision_margin_sampling(Holes(), X, 2, invalid="skip")[0].tolist() == [2, 0]
    np.testing.assert_array_equal(sl.classifier_decision_margin(Holes(), X, invalid="skip"), [1, np.nan, 0.5])
