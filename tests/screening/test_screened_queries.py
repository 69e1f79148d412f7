"""A model is asked about a sliver of the pool, and the picks are those of asking it about all."""

import numpy as np
import pytest
from scipy import sparse
from sklearn import calibration
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.decomposition import PCA, TruncatedSVD
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.ensemble import (
    ExtraTreesClassifier,
    GradientBoostingClassifier,
    HistGradientBoostingClassifier,
    RandomForestClassifier,
)
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression, RidgeClassifier, SGDClassifier
from sklearn.naive_bayes import BernoulliNB, ComplementNB, MultinomialNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MaxAbsScaler, MinMaxScaler, StandardScaler
from sklearn.svm import LinearSVC
from sklearn.tree import DecisionTreeClassifier

import shortlist as sl
from shortlist.screening import bounds_of, candidates
from shortlist.strategies.screened import LEAST_ROWS

STRATEGIES = {
    "margin": sl.margin_sampling,
    "entropy": sl.entropy_sampling,
    "least_confident": sl.uncertainty_sampling,
}
ROWS = 12_000


def data(classes, features=12, rows=ROWS, seed=0, dtype=np.float64):
    rng = np.random.default_rng(seed)
    centres = 0.5 * rng.normal(size=(classes, features))
    y = rng.integers(0, classes, size=rows)
    return (centres[y] + rng.normal(size=(rows, features))).astype(dtype), y


def counts(classes, rows=ROWS, features=60, seed=1):
    rng = np.random.default_rng(seed)
    y = rng.integers(0, classes, size=rows)
    # The fewer the classes, the more alike they are, so that some rows are in doubt.
    rates = rng.gamma(0.3, size=features) * rng.gamma(2 + 20 / classes, size=(classes, features)) / 8
    return sparse.csr_matrix(rng.poisson(rates[y])), y


class Counted:
    """How many rows a model was asked about."""

    def __init__(self, model, monkeypatch):
        self.rows = 0
        ask = type(model).predict_proba

        def predict_proba(estimator, X):
            self.rows += X.shape[0]
            return ask(estimator, X)

        monkeypatch.setattr(type(model), "predict_proba", predict_proba)


def plain(model, X, measure, k):
    probs = model.predict_proba(X)
    return sl.select(probs, measure, k=k, normalize="as_is"), sl.score(probs, measure, normalize="as_is")


def check(model, X, monkeypatch, share, measures=STRATEGIES, k=50, close=1e-6):
    """The same picks but for rows whose scores lie closer than `close`, from at most a share of the pool."""
    assert bounds_of(model) is not None
    for measure in measures:
        expected, scores = plain(model, X, measure, k)
        with monkeypatch.context() as patch:
            counted = Counted(model, patch)
            picked, metrics = STRATEGIES[measure](model, X, n_instances=k)
        assert counted.rows <= share * X.shape[0], f"{measure}: asked about {counted.rows} rows"
        np.testing.assert_allclose(metrics, expected.scores, atol=close, rtol=0)
        np.testing.assert_allclose(scores[picked], expected.scores, atol=close, rtol=0)
        cut = expected.scores[-1]
        sure = expected.indices[np.abs(expected.scores - cut) > close]
        assert set(sure) <= set(picked)


LINEAR = [
    LogisticRegression(max_iter=300),
    LogisticRegression(max_iter=300, fit_intercept=False),
    LinearDiscriminantAnalysis(),
    make_pipeline(StandardScaler(), LogisticRegression(max_iter=300)),
    make_pipeline(MaxAbsScaler(), MinMaxScaler(), LogisticRegression(max_iter=300)),
    make_pipeline(StandardScaler(), PCA(8), StandardScaler(), LogisticRegression(max_iter=300)),
    make_pipeline(PCA(6, whiten=True), TruncatedSVD(5, random_state=0), LogisticRegression(max_iter=300)),
]


@pytest.mark.parametrize("classes", [2, 3, 13])
@pytest.mark.parametrize("model", LINEAR, ids=lambda model: repr(model)[:40])
def test_linear_models(model, classes, monkeypatch):
    X, y = data(classes)
    model = clone(model).fit(X[:400], y[:400])
    check(model, X, monkeypatch, share=0.1)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize("order", ["C", "F"])
def test_features_of_any_type_and_order(dtype, order, monkeypatch):
    X, y = data(5, dtype=dtype)
    model = LogisticRegression(max_iter=300).fit(X[:400].astype(np.float32), y[:400])
    check(model, np.asarray(X, order=order), monkeypatch, share=0.1, close=1e-5)
    wide = np.zeros((ROWS, 2 * X.shape[1]), dtype=dtype)
    wide[:, ::2] = X
    check(model, wide[:, ::2], monkeypatch, share=0.1, close=1e-5)


def test_whole_numbers_and_frames(monkeypatch):
    pd = pytest.importorskip("pandas")
    X, y = data(4)
    whole = np.round(10 * X).astype(np.int32)
    check(LogisticRegression(max_iter=300).fit(whole[:400], y[:400]), whole, monkeypatch, share=0.1)
    frame = pd.DataFrame(X, columns=[f"f{i}" for i in range(X.shape[1])])
    check(LogisticRegression(max_iter=300).fit(frame[:400], y[:400]), frame, monkeypatch, share=0.1)


@pytest.mark.parametrize("model", [MultinomialNB(), ComplementNB(), LogisticRegression(max_iter=300)], ids=repr)
@pytest.mark.parametrize("classes", [2, 20])
def test_compressed_rows(model, classes, monkeypatch):
    X, y = counts(classes)
    model.fit(X[:2000], y[:2000])
    check(model, X, monkeypatch, share=0.1)
    check(model, X.astype(np.float32), monkeypatch, share=0.1, measures=["margin"])
    check(model, X.toarray().astype(np.float64), monkeypatch, share=0.1, measures=["margin"])


@pytest.mark.parametrize("binarize", [0.0, 0.5, None])
def test_presence_of_words(binarize, monkeypatch):
    X, y = counts(6)
    there = (X > 0).astype(np.float64)
    model = BernoulliNB(binarize=binarize).fit(there[:2000], y[:2000])
    check(model, there, monkeypatch, share=0.1)
    check(model, there.toarray(), monkeypatch, share=0.1, measures=["margin"])
    # Counts are no presence: which of them the model takes for it is left to the model.
    check(model, X, monkeypatch, share=1.01, measures=["margin"])


@pytest.mark.parametrize("scale", [1, 1000])
def test_one_model_a_class(scale, monkeypatch):
    X, y = data(4)
    model = make_pipeline(StandardScaler(), SGDClassifier(loss="log_loss", random_state=0)).fit(X[:2000], y[:2000])
    # Far from every class the logistic functions are 0: all classes are alike there, and the model is asked.
    model[-1].coef_ = scale * model[-1].coef_
    check(model, X, monkeypatch, share=0.1 if scale == 1 else 1.01, close=1e-5)


TREES = [
    DecisionTreeClassifier(min_samples_leaf=5, random_state=0),
    RandomForestClassifier(20, min_samples_leaf=3, random_state=0),
    ExtraTreesClassifier(20, min_samples_leaf=3, random_state=0),
    GradientBoostingClassifier(n_estimators=25, random_state=0),
    HistGradientBoostingClassifier(max_iter=15, random_state=0),
]


@pytest.mark.parametrize("classes", [2, 4])
@pytest.mark.parametrize("model", TREES, ids=lambda model: type(model).__name__)
def test_trees(model, classes, monkeypatch):
    X, y = data(classes)
    model = clone(model).fit(X[:1000], y[:1000])
    # Rows that end in the same leaves have the same score, and are all left: a single tree has few scores.
    share = 1.1 if isinstance(model, DecisionTreeClassifier) else 0.3
    check(model, X, monkeypatch, share=share, close=1e-9)
    check(model, X.astype(np.float32), monkeypatch, share=share, close=1e-9, measures=["margin"])


def test_trees_that_are_one_leaf():
    X, y = data(3)
    model = HistGradientBoostingClassifier(max_iter=2, min_samples_leaf=17, random_state=0).fit(X[:32], y[:32])
    assert all(len(tree.nodes) == 1 for stage in model._predictors for tree in stage)
    bounds = bounds_of(model)
    # A column of a single node lies where it may, and is a column of adjacent numbers none the less.
    assert len(candidates(bounds, X, "margin", ROWS)) == ROWS


CALIBRATED = [
    CalibratedClassifierCV(LinearSVC(), cv=3),
    CalibratedClassifierCV(make_pipeline(StandardScaler(), LogisticRegression(max_iter=300)), cv=3, ensemble=False),
    make_pipeline(StandardScaler(), PCA(8), CalibratedClassifierCV(RidgeClassifier(), cv=3)),
    CalibratedClassifierCV(RandomForestClassifier(10, min_samples_leaf=3, random_state=0), cv=3),
    CalibratedClassifierCV(GradientBoostingClassifier(n_estimators=8, random_state=0), cv=2),
    CalibratedClassifierCV(HistGradientBoostingClassifier(max_iter=8, random_state=0), cv=2, ensemble=False),
    CalibratedClassifierCV(LogisticRegression(max_iter=300), method="isotonic", cv=3),
    CalibratedClassifierCV(RandomForestClassifier(10, random_state=0), method="isotonic", cv=3, ensemble=False),
    CalibratedClassifierCV(LogisticRegression(max_iter=300), method="temperature", cv=3),
    CalibratedClassifierCV(HistGradientBoostingClassifier(max_iter=8), method="temperature", cv=2, ensemble=False),
]


@pytest.mark.parametrize("classes", [2, 4])
@pytest.mark.parametrize("model", CALIBRATED, ids=lambda model: repr(model)[:60])
def test_calibrated_models(model, classes, monkeypatch):
    if "temperature" in repr(model) and not hasattr(calibration, "_TemperatureScaling"):
        pytest.skip("this scikit-learn has no temperature")
    X, y = data(classes)
    model = clone(model).fit(X[:1000], y[:1000])
    # Steps make many rows alike: where too many are, all are asked about.
    check(model, X, monkeypatch, share=1.01 if "isotonic" in repr(model) else 0.3)
    for measure in STRATEGIES:
        found = candidates(bounds_of(model), X[:1500], measure, 1500)
        scores = plain(model, X[:1500], measure, 1)[1]
        assert ((found.low <= scores) & (scores <= found.high)).all()
        assert np.median(found.high - found.low) < 1e-3


def test_calibrated_models_that_stand_back():
    X, y = data(3)
    fitted = LogisticRegression(max_iter=300).fit(X[:300], y[:300])
    frozen = CalibratedClassifierCV(FrozenEstimator(fitted)).fit(X[:1000], y[:1000])
    assert bounds_of(frozen) is not None
    frozen.calibrated_classifiers_[0].calibrators[1].a_ = "steep"
    assert bounds_of(frozen) is None
    # Made of probabilities of naive Bayes, and of logarithms of a forest's.
    assert bounds_of(CalibratedClassifierCV(MultinomialNB()).fit(abs(X[:300]), y[:300])) is None
    if hasattr(calibration, "_TemperatureScaling"):
        forest = CalibratedClassifierCV(RandomForestClassifier(5), method="temperature")
        assert bounds_of(forest.fit(X[:300], y[:300])) is None


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_projections_of_compressed_rows(dtype, monkeypatch):
    X, y = counts(6)
    X = X.astype(dtype)
    for model in (
        make_pipeline(TruncatedSVD(20, random_state=0), LogisticRegression(max_iter=300)),
        CalibratedClassifierCV(LinearSVC(), cv=2),
    ):
        check(model.fit(X[:2000], y[:2000]), X, monkeypatch, share=0.1, close=1e-5)


def test_learners_ask_about_a_sliver_too(monkeypatch):
    X, y = data(3)
    learner = sl.ActiveLearner(LogisticRegression(max_iter=300), sl.margin_sampling, X[:300], y[:300])
    counted = Counted(learner.estimator, monkeypatch)
    indices, _ = learner.query(X, n_instances=10)
    assert 0 < counted.rows < ROWS / 10
    np.testing.assert_array_equal(indices, plain(learner.estimator, X, "margin", 10)[0].indices)


def test_random_ties_are_drawn_as_they_are_from_the_whole_pool():
    X, y = data(3)
    X = np.repeat(X[:500], 20, axis=0)
    model = LogisticRegression(max_iter=300).fit(X[::20], y[:500])
    expected = sl.select(model.predict_proba(X), "margin", k=30, ties="random", random_state=7, normalize="as_is")
    _, metrics = sl.margin_sampling(model, X, n_instances=30, random_tie_break=True, random_state=7)
    np.testing.assert_allclose(metrics, expected.scores, atol=1e-12)


class Ours(LogisticRegression):
    """Predicts in its own way."""

    def predict_proba(self, X):
        return super().predict_proba(X)[:, ::-1]


def test_what_is_not_known_stands_back(monkeypatch):
    X, y = data(3)
    assert bounds_of(LogisticRegression()) is None
    assert bounds_of(Ours().fit(X[:300], y[:300])) is None
    assert bounds_of(make_pipeline(Ours()).fit(X[:300], y[:300])) is None
    assert bounds_of(SGDClassifier(loss="modified_huber").fit(X[:300], y[:300])) is None
    model = LogisticRegression(max_iter=300).fit(X[:300], y[:300])
    model.predict_proba = lambda X: np.full((len(X), 3), 1 / 3)
    assert bounds_of(model) is None


def test_a_model_that_was_tampered_with_is_asked_about_all(monkeypatch):
    X, y = data(3)
    model = LogisticRegression(max_iter=300).fit(X[:300], y[:300])
    honest = LogisticRegression.predict_proba
    monkeypatch.setattr(LogisticRegression, "predict_proba", lambda self, X: honest(self, X) ** 2)
    counted = Counted(model, monkeypatch)
    with pytest.warns(UserWarning, match="do not sum to 1"):
        picked, _ = sl.margin_sampling(model, X, n_instances=10)
    assert counted.rows >= ROWS
    np.testing.assert_array_equal(picked, plain(model, X, "margin", 10)[0].indices)


@pytest.mark.parametrize("weight", [1e30, 1e-320, np.nan])
def test_weights_that_say_nothing(weight, monkeypatch):
    X, y = data(3)
    model = LogisticRegression(max_iter=300).fit(X[:300], y[:300])
    model.coef_ = np.full_like(model.coef_, weight)
    if np.isnan(weight):
        with pytest.raises(ValueError, match="NaN"):
            sl.margin_sampling(model, X, n_instances=5)
    else:
        picked, _ = sl.margin_sampling(model, X, n_instances=5)
        np.testing.assert_array_equal(picked, plain(model, X, "margin", 5)[0].indices)


def test_nan_is_reported_as_the_model_would():
    X, y = data(3)
    model = LogisticRegression(max_iter=300).fit(X[:300], y[:300])
    X[ROWS // 2, 3] = np.nan
    with pytest.raises(ValueError, match="Input X contains NaN"):
        sl.margin_sampling(model, X, n_instances=5)


def test_missing_values_where_the_model_takes_them():
    X, y = data(3)
    X[::7, 2] = np.nan
    model = HistGradientBoostingClassifier(max_iter=5, random_state=0).fit(X[:1000], y[:1000])
    picked, _ = sl.margin_sampling(model, X, n_instances=20)
    np.testing.assert_array_equal(picked, plain(model, X, "margin", 20)[0].indices)


def test_a_pool_where_all_rows_are_alike_is_asked_about_once(monkeypatch):
    X, y = data(3)
    model = LogisticRegression(max_iter=300).fit(X[:300], y[:300])
    same = np.repeat(X[:1], ROWS, axis=0)
    counted = Counted(model, monkeypatch)
    picked = sl.query(model, same, "margin", 5)
    assert counted.rows < 1.01 * ROWS
    np.testing.assert_array_equal(picked.indices, np.arange(5))
    assert (picked.report.asked, picked.report.screen) == (ROWS, "bounds rule too few rows out")


def test_small_pools_are_asked_about_once(monkeypatch):
    X, y = data(3, rows=LEAST_ROWS - 1)
    model = LogisticRegression(max_iter=300).fit(X[:300], y[:300])
    counted = Counted(model, monkeypatch)
    sl.margin_sampling(model, X, n_instances=5)
    assert counted.rows == len(X)


def test_intervals_hold_what_the_model_says():
    for classes in (2, 5):
        X, y = data(classes, rows=3000)
        for model in [*LINEAR, *TREES]:
            model = clone(model).fit(X[:500], y[:500])
            for measure in STRATEGIES:
                found = candidates(bounds_of(model), X, measure, len(X))
                scores = plain(model, X, measure, 1)[1]
                assert len(found) == len(X)
                assert ((found.low <= scores) & (scores <= found.high)).all()


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize(
    "steps", [[StandardScaler()], [PCA(5, whiten=True)], [MaxAbsScaler(), TruncatedSVD(6), PCA(4)]]
)
def test_intervals_hold_where_steps_round_to_the_type_of_the_features(dtype, steps):
    X, y = data(4, rows=3000)
    X = (X + 100).astype(dtype)
    model = make_pipeline(*steps, LogisticRegression(max_iter=300)).fit(X[:500], y[:500])
    found = candidates(bounds_of(model), X, "margin", len(X))
    scores = plain(model, X, "margin", 1)[1]
    assert ((found.low <= scores) & (scores <= found.high)).all()
