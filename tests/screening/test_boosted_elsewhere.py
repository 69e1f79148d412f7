"""Boosted trees of other packages: XGBoost and LightGBM. `make test-boosted` installs them and runs this."""

import numpy as np
import pytest

import shortlist as sl
from shortlist.screening import bounds_of, candidates, known

ROWS = 9_000
KINDS = ("xgboost", "lightgbm")


def data(classes, seed=0):
    rng = np.random.default_rng(seed)
    y = rng.integers(0, classes, size=ROWS)
    return 0.5 * rng.normal(size=(classes, 12))[y] + rng.normal(size=(ROWS, 12)), y


def classifier(kind, **how):
    package = pytest.importorskip(kind)
    if kind == "xgboost":
        return package.XGBClassifier(n_estimators=15, n_jobs=2, **how)
    return package.LGBMClassifier(n_estimators=15, n_jobs=2, verbose=-1, **how)


@pytest.fixture(autouse=True)
def small_pools_count_too(monkeypatch):
    monkeypatch.setattr(known, "_LEAST_ROWS", {})


def test_small_pools_are_asked_about_at_once(monkeypatch):
    X, y = data(3)
    monkeypatch.setattr(known, "_LEAST_ROWS", {"XGBClassifier": ROWS + 1})
    report = sl.query(classifier("xgboost").fit(X[:300], y[:300]), X, "margin", 5).report
    assert (report.screen, report.asked) == ("the pool is small", ROWS)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("classes", [2, 4])
def test_picks_are_those_of_all_predictions(kind, classes):
    X, y = data(classes)
    model = classifier(kind).fit(X[:1000], y[:1000])
    for rows in (X, X.astype(np.float32)):
        for measure in ("least_confident", "margin", "entropy"):
            probs = model.predict_proba(rows)
            scores = sl.score(probs, measure, normalize="as_is")
            found = candidates(bounds_of(model), rows, measure, ROWS)
            assert ((found.low <= scores) & (scores <= found.high)).all()
            picks = sl.query(model, rows, measure, 30)
            expected = sl.select(probs, measure, k=30, normalize="as_is")
            np.testing.assert_allclose(picks.scores, expected.scores, atol=1e-6)
            assert (picks.report.screen, picks.report.asked < ROWS / 4) == ("trees", True)


@pytest.mark.parametrize("kind", KINDS)
def test_values_on_a_threshold_go_where_the_model_sends_them(kind):
    X, y = data(3)
    X = np.round(2 * X) / 2
    model = classifier(kind).fit(X[:1000], y[:1000])
    found = candidates(bounds_of(model), X, "margin", ROWS)
    scores = sl.score(model.predict_proba(X), "margin", normalize="as_is")
    assert ((found.low <= scores) & (scores <= found.high)).all()


@pytest.mark.parametrize("kind", KINDS)
def test_missing_values_are_left_to_the_model(kind):
    X, y = data(3)
    X[::50, 2] = np.nan
    model = classifier(kind).fit(X[:1000], y[:1000])
    picks = sl.query(model, X, "margin", 20)
    assert picks == sl.query(model, X, "margin", 20, screen=False)
    assert picks.report.screen == "trees"


@pytest.mark.parametrize("kind", KINDS)
def test_rounds_after_the_best_are_left_out(kind):
    X, y = data(3)
    pytest.importorskip(kind)
    how = {"early_stopping_rounds": 2, "learning_rate": 1.0}
    model = classifier(kind, **how).fit(X[:500], y[:500], eval_set=[(X[500:800], y[500:800])])
    picks = sl.query(model, X, "margin", 20)
    assert picks.report.screen == "trees"
    np.testing.assert_allclose(picks.scores, sl.query(model, X, "margin", 20, screen=False).scores, atol=1e-6)


def test_what_is_not_known_stands_back():
    X, y = data(3)
    first = X[:500].copy()
    first[:, 0] = np.random.default_rng(1).integers(0, 5, size=500)
    y = (y[:500] + first[:, 0].astype(int)) % 3
    xgboost = [
        {"booster": "dart", "rate_drop": 0.3},
        {"booster": "gblinear"},
        {"missing": 0.0},
        {"feature_types": ["c"] + 11 * ["q"], "enable_categorical": True, "tree_method": "hist"},
    ]
    lightgbm = [
        {"boosting_type": "rf", "subsample": 0.5, "subsample_freq": 1},
        {"objective": "multiclassova"},
        {"zero_as_missing": True},
        {"linear_tree": True},
        {"pred_early_stop": True},
    ]
    for kind, hows in (("xgboost", xgboost), ("lightgbm", lightgbm)):
        for how in hows:
            assert bounds_of(classifier(kind, **how).fit(first, y)) is None, how
    model = classifier("lightgbm").fit(first, y, categorical_feature=[0])
    assert bounds_of(model) is None

    class Ours(type(classifier("xgboost"))):
        pass

    assert bounds_of(Ours(n_estimators=3).fit(first, y)) is None
