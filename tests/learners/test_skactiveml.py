"""The adapter, inside the real package."""

import numpy as np
import pytest

pytest.importorskip("skactiveml")

from skactiveml.classifier import SklearnClassifier
from skactiveml.pool import UncertaintySampling
from skactiveml.utils import MISSING_LABEL
from sklearn.base import clone
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB

import shortlist as sl
from shortlist.adapters.skactiveml import ShortlistSampling

X, TRUE = load_iris(return_X_y=True)
y = np.full(150, MISSING_LABEL)
y[[0, 1, 60, 61, 120, 121]] = TRUE[[0, 1, 60, 61, 120, 121]]
PAIRS = {
    "least_confident": sl.uncertainty_sampling,
    "margin_sampling": sl.margin_sampling,
    "entropy": sl.entropy_sampling,
}


def classifier():
    return SklearnClassifier(LogisticRegression(max_iter=300), classes=[0, 1, 2])


@pytest.mark.parametrize("method", PAIRS)
def test_same_picks_as_its_own_strategy(method):
    theirs = UncertaintySampling(method=method, random_state=0).query(X, y, classifier(), batch_size=7)
    ours, utilities = ShortlistSampling(PAIRS[method]).query(X, y, classifier(), batch_size=7, return_utilities=True)
    assert sorted(ours.tolist()) == sorted(theirs.tolist())
    assert utilities.shape == (7, 150)
    assert np.isnan(utilities[0][[0, 60, 120]]).all()
    for pick, line in enumerate(utilities):
        assert np.nanargmax(line) == ours[pick]


def test_candidates_as_positions_and_as_rows():
    strategy, clf = ShortlistSampling(sl.margin_sampling), classifier().fit(X, y)
    among = np.arange(70, 100)
    positions = strategy.query(X, y, clf, fit_clf=False, candidates=among, batch_size=3)
    assert set(positions) <= set(among)
    rows = strategy.query(X, y, clf, fit_clf=False, candidates=X[among], batch_size=3)
    np.testing.assert_array_equal(among[rows], positions)
    weighted = strategy.query(X, y, classifier(), sample_weight=np.ones(150), batch_size=3)
    np.testing.assert_array_equal(weighted, strategy.query(X, y, classifier(), batch_size=3))


@pytest.mark.parametrize("strategy", [sl.uncertainty_batch_sampling, sl.mix(0.7), sl.random_sampling])
def test_strategies_that_look_at_labelled_rows(strategy):
    picks = ShortlistSampling(strategy, random_state=0).query(X, y, classifier(), batch_size=5)
    assert len(set(picks.tolist())) == 5
    assert np.isnan(y[picks]).all()


@pytest.mark.parametrize(
    "wrong",
    [
        {"fit_clf": np.nan},
        {"fit_clf": "state"},
        {"fit_clf": None},
        {"clf": LogisticRegression()},
        {"clf": GaussianNB().fit(X, TRUE), "fit_clf": False},
    ],
)
def test_parameters_of_the_wrong_type(wrong):
    with pytest.raises(TypeError, match=f"`{next(iter(wrong))}`"):
        ShortlistSampling().query(X, y, **{"clf": classifier(), **wrong})


def test_missing_labels_that_differ():
    with pytest.raises(ValueError, match="missing_label"):
        ShortlistSampling().query(X, y, SklearnClassifier(GaussianNB(), classes=[0, 1, 2], missing_label=-1))


def test_a_strategy_that_cannot_be_called():
    with pytest.raises(TypeError, match="query_strategy came as str"):
        ShortlistSampling("margin").query(X, y, classifier())


def test_a_loop_in_their_convention():
    labels, strategy = y.copy(), clone(ShortlistSampling(sl.entropy_sampling, random_state=0))
    for _ in range(5):
        pick = strategy.query(X, labels, classifier(), batch_size=2)
        labels[pick] = TRUE[pick]
    assert np.isfinite(labels).sum() == 16
