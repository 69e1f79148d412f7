"""`query`: picks from a model and features, and a report of what was asked."""

import warnings
from fractions import Fraction

import numpy as np
import pytest
from scipy import sparse
from sklearn.base import clone
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression, SGDClassifier
from sklearn.naive_bayes import GaussianNB

import shortlist as sl
from shortlist import _core
from shortlist.screening import bounds_of, candidates

ROWS = 9_000


def data(classes, features=12, rows=ROWS, seed=0):
    rng = np.random.default_rng(seed)
    y = rng.integers(0, classes, size=rows)
    return 0.5 * rng.normal(size=(classes, features))[y] + rng.normal(size=(rows, features)), y


@pytest.fixture(scope="module")
def fitted():
    X, y = data(4)
    return LogisticRegression(max_iter=300).fit(X[:400], y[:400]), X


@pytest.mark.parametrize("measure", ["least_confident", "margin", "ratio", "entropy", "normalised_entropy", "gini"])
def test_picks_are_those_of_all_predictions(fitted, measure):
    model, X = fitted
    picks = sl.query(model, X, measure, 40)
    expected = sl.select(model.predict_proba(X), measure, k=40, normalize="as_is")
    np.testing.assert_array_equal(picks.indices, expected.indices)
    np.testing.assert_allclose(picks.scores, expected.scores, atol=1e-12)
    assert picks.report.rows == ROWS
    assert picks.report.screen == "linear"
    assert 40 <= picks.report.asked < ROWS / 20
    assert any("asked about" in line for line in picks.report.lines())
    whole = sl.query(model, X, measure, 40, screen=False)
    assert whole == sl.query(model, X, measure, 40)
    assert (whole.report.asked, whole.report.screen) == (ROWS, "turned off")
    assert whole.to_dict()["report"]["asked"] == ROWS


def test_strategies_and_learners_can_turn_it_off(fitted):
    model, X = fitted
    learner = sl.ActiveLearner(model, sl.margin_sampling)
    np.testing.assert_array_equal(learner.query(X, n_instances=9)[0], learner.query(X, n_instances=9, screen=False)[0])
    with pytest.raises(TypeError, match="screen is 'no', a str; accepted are True and False"):
        sl.margin_sampling(model, X, screen="no")


def test_why_all_rows_were_asked_about(fitted):
    model, X = fitted
    y = model.predict(X[:300])
    why = {
        "its arithmetic is not known": (GaussianNB().fit(X[:300], y), X, "margin", 3),
        "the pool is small": (model, X[:100], "margin", 3),
        "its measure has no bound": (model, X, "energy", 3),
    }
    for reason, arguments in why.items():
        report = sl.query(*arguments).report
        assert (report.screen, report.asked) == (reason, len(arguments[1]))


def test_ties_are_drawn_at_random(fitted):
    model, X = fitted
    same = np.repeat(X[:1], 50, axis=0)
    picks = {tuple(sl.query(model, same, "margin", 3, ties="random", random_state=seed).indices) for seed in range(9)}
    assert len(picks) > 1
    assert sl.query(model, same, "margin", 3).indices.tolist() == [0, 1, 2]


def test_what_is_wrong_is_said(fitted):
    model, X = fitted
    with pytest.raises(sl.ArgumentError, match="measure came as 'margins'; accepted are \"least_confident\""):
        sl.query(model, X, "margins", 3)
    with pytest.raises(sl.ArgumentError, match="ties came as 'last'"):
        sl.query(model, X, "margin", 3, ties="last")
    with pytest.raises(sl.PoolTooSmallError, match="k came as 9001; the pool has 9000 rows"):
        sl.query(model, X, "margin", ROWS + 1)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        picks = sl.query(LogisticRegression(), X, "margin", 3)
    assert picks.indices.tolist() == [0, 1, 2]
    assert picks.report.asked == 0
    assert caught[0].filename == __file__


def test_rows_as_close_as_numbers_get_around_the_cut(fitted):
    model, _ = fitted
    rng = np.random.default_rng(3)
    # Rows on the border of two classes, and a hair off it.
    X, _ = data(4, seed=5)
    line = model.coef_[1] - model.coef_[0]
    line = line / np.linalg.norm(line)
    away = X @ line + (model.intercept_[1] - model.intercept_[0]) / np.linalg.norm(model.coef_[1] - model.coef_[0])
    X -= np.outer(away - 1e-15 * rng.integers(-4, 5, size=ROWS), line)
    expected = sl.select(model.predict_proba(X), "margin", k=30, normalize="as_is")
    picks = sl.query(model, X, "margin", 30)
    np.testing.assert_allclose(picks.scores, expected.scores, atol=1e-13)


COMMITTEES = ["vote_entropy", "consensus_entropy", "max_disagreement", "bald", "variation_ratio", "mean_std"]


MEMBERS = {
    "dense": LogisticRegression(max_iter=300),
    "sparse": LogisticRegression(max_iter=300),
    "one model a class": SGDClassifier(loss="log_loss", alpha=1.0, random_state=0),
    "forests": RandomForestClassifier(8, min_samples_leaf=3, random_state=0),
    "boosted": HistGradientBoostingClassifier(max_iter=6, random_state=0),
}


@pytest.mark.parametrize("classes", [2, 5])
@pytest.mark.parametrize("kind", MEMBERS)
def test_committees(kind, classes):
    X, y = data(classes, features=30)
    if kind == "sparse":
        X = sparse.csr_matrix(X * (X > 0.5))
    parts = [slice(i, i + 100) for i in range(0, 400, 100)]
    committee = sl.Committee([sl.ActiveLearner(clone(MEMBERS[kind]).fit(X[part], y[part])) for part in parts])
    for measure in COMMITTEES:
        picks = sl.query(committee, X, measure, 25)
        whole = sl.query(committee, X, measure, 25, screen=False)
        np.testing.assert_allclose(picks.scores, whole.scores, atol=1e-12)
        np.testing.assert_array_equal(picks.indices, whole.indices)
        if measure not in ("vote_entropy", "variation_ratio"):
            # Votes have few values, and all rows of the largest are alike.
            assert picks.report.screen == ("trees" if kind in ("forests", "boosted") else "linear")
            assert picks.report.asked < ROWS / 4


def test_committees_of_other_models_are_asked_about_all():
    X, y = data(3)
    members = [
        sl.ActiveLearner(kind, X_training=X[:300], y_training=y[:300])
        for kind in (LogisticRegression(max_iter=300), GaussianNB())
    ]
    assert sl.query(sl.Committee(members), X, "bald", 5).report.screen == "its arithmetic is not known"


@pytest.mark.parametrize("layout", ["dense", "sparse"])
@pytest.mark.parametrize("weight", [1.0, 1e-40, 1e12])
def test_the_bound_holds_exact_arithmetic(layout, weight):
    """The interval of each margin holds that of exact logits, by rational numbers and their exponentials."""
    rng = np.random.default_rng(7)
    rows, features, classes = 40, 9, 4
    W = weight * rng.normal(size=(classes, features)) * 10.0 ** rng.integers(-3, 1, size=features)
    b = rng.normal(size=classes)
    X = rng.normal(size=(rows, features)) / (weight if weight > 1 else 1)
    X[rng.random(size=X.shape) < 0.4] = 0
    model = _core.LinearModel(W, b, sparse=layout == "sparse")
    if layout == "sparse":
        S = sparse.csr_matrix(X)
        found = model.candidates_of_sparse(S.indptr, S.indices, S.data, features, "margin", rows)
    else:
        found = model.candidates(X, "margin", rows)
    assert len(found[0]) == rows
    for row, low, high in zip(*found, strict=True):
        logits = [
            sum(
                (Fraction(float(w)) * Fraction(float(x)) for w, x in zip(W[c], X[row], strict=True)),
                Fraction(float(b[c])),
            )
            for c in range(classes)
        ]
        terms = np.exp([float(logit - max(logits)) for logit in logits])
        top, second = np.sort(terms / terms.sum())[::-1][:2]
        assert low - 1e-15 <= top - second <= high + 1e-15
        assert high - low < 0.1


def test_counts_are_read_as_they_are():
    rng = np.random.default_rng(0)
    counts = sparse.csr_matrix(rng.poisson(0.2, size=(ROWS, 50)))
    y = np.asarray(counts[:, :3].argmax(axis=1)).ravel()
    model = LogisticRegression(max_iter=300).fit(counts[:500].astype(float), y[:500])
    bounds = bounds_of(model)
    rows = [
        candidates(bounds, counts.astype(dtype), "margin", 20).rows.tolist()
        for dtype in (np.int32, np.int64, np.float64)
    ]
    assert rows[0] == rows[1] == rows[2]


@pytest.mark.parametrize("tolerance", [True, 1e-3, 1e-5])
def test_scores_that_may_be_off(fitted, monkeypatch, tolerance):
    model, X = fitted
    off = 1e-3 if tolerance is True else tolerance
    for name in ("uncertainty", "margin", "ratio", "entropy", "gini", "decision_margin"):
        utility = getattr(sl, f"classifier_{name}")
        exact = utility(model, X)
        with monkeypatch.context() as patch:
            asked, method = [], "decision_function" if name == "decision_margin" else "predict_proba"
            ask = getattr(LogisticRegression, method)
            patch.setattr(
                LogisticRegression, method, lambda model, X, ask=ask: [asked.append(len(X)), ask(model, X)][1]
            )
            close = utility(model, X, approximate=tolerance)
        assert np.abs(close - exact).max() <= off
        if off == 1e-3 and name != "decision_margin":
            assert sum(asked) == 32
            assert not np.array_equal(close, exact)


def test_scores_that_may_be_off_are_checked(fitted):
    model, X = fitted
    holes = X.copy()
    holes[5, 0] = np.nan
    with pytest.raises(ValueError, match="NaN"):
        sl.classifier_margin(model, holes, approximate=True)
    unknown = GaussianNB().fit(X[:300], model.predict(X[:300]))
    np.testing.assert_array_equal(sl.classifier_margin(unknown, X, approximate=True), sl.classifier_margin(unknown, X))
    for wrong in (-1, "yes", float("nan"), None):
        with pytest.raises(sl.ArgumentError, match="approximate came as .*; accepted are True, False, and how far"):
            sl.classifier_margin(model, X, approximate=wrong)


def test_rows_that_lie_anywhere(fitted):
    model, X = fitted
    room = np.empty(X.nbytes + 1, dtype=np.uint8)[1:]
    shifted = room.view(X.dtype).reshape(X.shape)
    shifted[:] = X
    assert not shifted.flags.aligned
    picks = sl.query(model, shifted, "margin", 20)
    assert picks == sl.query(model, X, "margin", 20)
    assert picks.report.screen == "linear"
    whole = sparse.csr_matrix(X)
    data = room[: whole.data.nbytes].view(X.dtype)
    data[:] = whole.data
    odd = whole.copy()
    odd.data = data
    assert sl.query(model, odd, "margin", 20).report.screen == "linear"
