"""Batches, mixtures, densities and the rest: against their definitions, and the traps modAL fell into."""

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.base import BaseEstimator
from sklearn.datasets import load_iris
from sklearn.ensemble import RandomForestClassifier, VotingClassifier
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import RBF
from sklearn.linear_model import LogisticRegression
from sklearn.multiclass import OneVsRestClassifier
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import PolynomialFeatures, StandardScaler
from sklearn.svm import LinearSVC

import shortlist as sl
from shortlist.learners import ActiveLearner, Committee
from shortlist.strategies import batch, choice, density, expected_error, multilabel, uncertainty
from shortlist.strategies.acquisition import EI, PI, UCB
from shortlist.strategies.classes import check_class_labels, check_class_proba

X, y = load_iris(return_X_y=True)
SEED = [0, 1, 60, 61, 120, 121]


def learner(**kwargs):
    return ActiveLearner(LogisticRegression(max_iter=300), X_training=X[SEED], y_training=y[SEED], **kwargs)


class Fixed(BaseEstimator):
    def __init__(self, proba=None, predicted=None):
        self.proba, self.predicted = proba, predicted

    def predict_proba(self, X):
        return self.proba

    def predict(self, X):
        return self.predicted


def test_picks_come_best_first_and_ties_by_position():
    proba = np.array([[0.6, 0.4], [0.5, 0.5], [0.9, 0.1], [0.5, 0.5], [0.6, 0.4]])
    for strategy in (sl.uncertainty_sampling, sl.margin_sampling, sl.entropy_sampling, sl.gini_sampling):
        assert strategy(Fixed(proba), np.zeros((5, 1)), 4)[0].tolist() == [1, 3, 0, 4]


def test_new_measures():
    active = learner()
    proba = active.predict_proba(X)
    ordered = np.sort(proba, axis=1)
    np.testing.assert_allclose(sl.classifier_ratio(active, X), ordered[:, -2] / ordered[:, -1], atol=1e-12)
    np.testing.assert_allclose(sl.classifier_gini(active, X), 1 - (proba**2).sum(axis=1), atol=1e-12)
    entropy = sl.classifier_entropy(active, X)
    np.testing.assert_allclose(sl.classifier_normalised_entropy(active, X), entropy / np.log(3), atol=1e-12)
    logits = active.estimator.decision_function(X)
    np.testing.assert_allclose(sl.classifier_energy(active, X), -np.log(np.exp(logits).sum(axis=1)), atol=1e-10)
    for name in ("ratio", "gini", "normalised_entropy", "energy"):
        scores = getattr(sl, f"classifier_{name}")(active, X)
        _indices, metrics = getattr(sl, f"{name}_sampling")(active, X, 5, chunk_size=20)
        np.testing.assert_allclose(metrics, -np.sort(-scores)[:5], atol=1e-12)
    binary = ActiveLearner(LogisticRegression(), X_training=X[SEED[:4]], y_training=y[SEED[:4]])
    decision = binary.estimator.decision_function(X)
    np.testing.assert_allclose(sl.classifier_energy(binary, X), -np.log1p(np.exp(decision)), atol=1e-10)
    with pytest.raises(AttributeError, match="GaussianNB has no decision_function"):
        sl.energy_sampling(ActiveLearner(GaussianNB()), X)


def test_outputs_of_every_dtype():
    integers = np.array([[1, 0], [0, 1], [1, 0]])
    assert sl.classifier_uncertainty(Fixed(integers), X[:3]).tolist() == [0, 0, 0]
    single = Fixed(np.array([[0.6, 0.4], [0.5, 0.5]], dtype=np.float32))
    assert sl.margin_sampling(single, X[:2])[1].dtype == np.float32
    torch = pytest.importorskip("torch")
    tensor = torch.tensor([[0.6, 0.4], [0.5, 0.5]], requires_grad=True)
    assert sl.margin_sampling(Fixed(tensor), X[:2])[0].tolist() == [1]


def test_rows_of_zeros_count_as_no_preference():
    proba = np.array([[0.9, 0.1], [0.0, 0.0], [0.6, 0.4]])
    for dtype in (np.float64, np.float32):
        model = Fixed(proba.astype(dtype))
        assert sl.classifier_uncertainty(model, X[:3])[1] == 1
        assert sl.classifier_margin(model, X[:3])[1] == 0
        for strategy in (sl.uncertainty_sampling, sl.margin_sampling, sl.entropy_sampling):
            assert strategy(model, X[:3], 3)[0].tolist() == [1, 2, 0]


def test_cold_start_is_masked():
    points = np.array([[0.0], [1.0], [2.5]])
    active = ActiveLearner(LogisticRegression(), query_strategy=sl.uncertainty_batch_sampling)
    assert sorted(active.query(points, n_instances=3)[0].tolist()) == [0, 1, 2]
    row, instance = batch.select_cold_start_instance(points)
    assert row == 1
    np.testing.assert_array_equal(instance, [[1.0]])


def test_select_instance_takes_one_step():
    active = learner(query_strategy=sl.uncertainty_batch_sampling)
    scores = sl.classifier_uncertainty(active, X)
    known, mask, picks = X[SEED], np.ones(150, dtype=bool), []
    for _ in range(4):
        row, instance, mask = batch.select_instance(known, X, scores, mask, "euclidean", None)
        known = np.vstack([known, instance])
        picks.append(row)
    assert picks == active.query(X, n_instances=4)[0].tolist()
    assert mask.sum() == 146


@pytest.mark.parametrize("kind", ["csr", "coo", "pandas", "list"])
def test_ranked_batch_on_other_holders(kind):
    make = {"pandas": pd.DataFrame, "list": np.ndarray.tolist}.get(
        kind, lambda part: sparse.coo_matrix(part).asformat(kind)
    )
    active = ActiveLearner(LogisticRegression(max_iter=300), X_training=make(X[SEED]), y_training=y[SEED])
    expected, _ = sl.uncertainty_batch_sampling(learner(), X, 8)
    np.testing.assert_array_equal(sl.uncertainty_batch_sampling(active, make(X), 8)[0], expected)
    scores = sl.classifier_uncertainty(learner(), X)
    np.testing.assert_array_equal(batch.ranked_batch(active, make(X), scores, 8, "euclidean", 2)[0], expected)


def test_ranked_batch_on_transformed_rows():
    pipe = make_pipeline(StandardScaler(), LogisticRegression())
    active = ActiveLearner(pipe, X_training=X[SEED], y_training=y[SEED], on_transformed=True)
    scaled = pipe[0].transform(X)
    plain = ActiveLearner(pipe[-1], X_training=pipe[0].transform(X[SEED]), y_training=y[SEED])
    expected = sl.uncertainty_batch_sampling(plain, scaled, 6)[0]
    np.testing.assert_array_equal(sl.uncertainty_batch_sampling(active, X, 6)[0], expected)
    voting = VotingClassifier([("a", pipe), ("b", make_pipeline(PolynomialFeatures(2), GaussianNB()))], voting="soft")
    both = ActiveLearner(voting, X_training=X[SEED], y_training=y[SEED])
    assert both.transform_without_estimating(X).shape == (150, 4 + 15)
    assert Committee([active, both]).transform_without_estimating(X).shape == (150, 4 + 19)


def test_images_are_flattened_to_compare_them():
    images = X.reshape(150, 2, 2)

    class Flat(LogisticRegression):
        def predict_proba(self, X):
            return super().predict_proba(X.reshape(len(X), -1))

    active = ActiveLearner(Flat(max_iter=300), query_strategy=sl.uncertainty_batch_sampling)
    active.estimator.fit(X[SEED], y[SEED])
    active.X_training, active.y_training = images[SEED], y[SEED]
    np.testing.assert_array_equal(
        active.query(images, n_instances=5)[0], sl.uncertainty_batch_sampling(learner(), X, 5)[0]
    )


def test_mix_by_definition():
    active = learner()
    u = sl.classifier_uncertainty(active, X)
    u = (u - u.min()) / (u.max() - u.min())
    distance = np.sqrt(((X[:, None] - X[SEED][None]) ** 2).sum(axis=2)).min(axis=1)
    scale, left, expected = distance.max(), np.ones(150, dtype=bool), []
    for _ in range(6):
        value = np.where(left, 0.7 * u + 0.3 * distance / scale, -np.inf)
        row = int(value.argmax())
        expected.append(row)
        left[row] = False
        distance = np.minimum(distance, np.sqrt(((X - X[row]) ** 2).sum(axis=1)))
    active.query_strategy = sl.mix(uncertainty=0.7, diversity=0.3)
    indices, _rows, worth = active.query(X, n_instances=6, return_metrics=True)
    assert indices.tolist() == expected
    assert worth.shape == (6,)
    np.testing.assert_array_equal(sl.mix(1.0)(learner(), X, 1)[0], sl.uncertainty_sampling(learner(), X, 1)[0])
    cold = sl.mix(0.5, measure=lambda learner, X: X[:, 0])(ActiveLearner(LogisticRegression()), X, 4)[0]
    assert len(set(cold.tolist())) == 4
    assert cold[0] == X[:, 0].argmax()
    with pytest.raises(ValueError, match="NaN for row 0"):
        sl.mix(measure=lambda learner, X: np.full(len(X), np.nan))(learner(), X)


def test_mix_for_a_regressor():
    regressor = GaussianProcessRegressor(RBF(2.0), optimizer=None)
    active = ActiveLearner(regressor, sl.mix(0.7, measure=sl.regressor_std), X[SEED], X[SEED, 0])
    indices, _ = active.query(X, n_instances=6)
    assert len(set(indices.tolist()) - set(SEED)) == 6


def test_mix_of_equal_rows_ends():
    same = np.ones((5, 2))
    indices, _ = sl.mix()(Fixed(np.full((5, 2), 0.5)), same, 5)
    assert indices.tolist() == [0, 1, 2, 3, 4]


def test_density():
    similarity = density.similarize_distance(lambda a, b: np.abs(a - b).sum())
    assert similarity(np.zeros(2), np.ones(2)) == 1 / 3
    assert density.euclidean_similarity(np.zeros(1), np.ones(1)) == 0.5
    assert density.cosine_similarity(np.ones(2), np.ones(2)) == pytest.approx(1.0)
    sums = density.information_density(X[:9], lambda a, b: np.abs(a - b).sum())
    np.testing.assert_allclose(sums, density.information_density(X[:9], "manhattan"))
    np.testing.assert_allclose(
        density.information_density(sparse.csr_matrix(X)), density.information_density(X), rtol=1e-6
    )


def test_acquisition_at_certainty():
    assert PI(np.array([1.0, 2.0, 0.0]), np.zeros(3), 1.0, 0).tolist() == [0.0, 1.0, 0.0]
    assert EI(np.array([1.0, 2.0, 0.0]), np.zeros(3), 1.0, 0).tolist() == [0.0, 1.0, 0.0]
    assert UCB(np.array([1.0]), np.array([2.0]), 0.5).tolist() == [2.0]


def test_expected_error_holders_and_sampling():
    pools = {
        "array": lambda part: part,
        "list": np.ndarray.tolist,
        "pandas": pd.DataFrame,
        "csr": sparse.csr_matrix,
    }
    answers = []
    for make in pools.values():
        active = ActiveLearner(GaussianNBOfDense(), X_training=make(X[SEED]), y_training=y[SEED].tolist())
        answers.append(expected_error.expected_error_reduction(active, make(X[5:150:20]), n_instances=2)[0].tolist())
    assert all(answer == answers[0] for answer in answers)
    active = learner()
    seen = []
    _, errors = expected_error.expected_error_reduction(
        active, X[::20], "log", 0.5, n_instances=8, random_state=0, progress=lambda *done: seen.append(done)
    )
    assert np.isinf(errors).any()
    assert np.isfinite(errors).any()
    assert seen[-1] == (8, 8)
    for wrong in ({"loss": 42}, {"p_subsample": 1.5}):
        with pytest.raises(AssertionError, match="came as"):
            expected_error.expected_error_reduction(active, X[:5], **wrong)
    unfitted = ActiveLearner(GaussianNB(), query_strategy=sl.expected_error_reduction)
    with pytest.warns(UserWarning, match="not fitted"):
        assert unfitted.query(X)[0].tolist() == [0]


class GaussianNBOfDense(GaussianNB):
    def fit(self, X, y):
        return super().fit(X.toarray() if sparse.issparse(X) else np.asarray(X), y)

    def predict_proba(self, X):
        return super().predict_proba(X.toarray() if sparse.issparse(X) else np.asarray(X))


def test_svm_binary_minimum_takes_the_smallest_distance_with_random_ties_too():
    labels = np.column_stack([X[:, 0] > 5.8, X[:, 2] > 4]).astype(int)
    active = ActiveLearner(OneVsRestClassifier(LinearSVC()), sl.SVM_binary_minimum, X_training=X, y_training=labels)
    distances = np.abs(active.estimator.decision_function(X)).min(axis=1)
    index, row = active.query(X)
    assert index == distances.argmin()
    np.testing.assert_array_equal(row, X[index])
    assert multilabel.SVM_binary_minimum(active, X, random_tie_break=True, chunk_size=9)[0].tolist() == [index]
    assert multilabel.SVM_binary_minimum(active.estimator, X) == index


def test_multilabel_forest_gives_one_matrix_for_each_label():
    labels = np.column_stack([X[:, 0] > 5.8, X[:, 2] > 4]).astype(int)
    forest = RandomForestClassifier(5, random_state=0).fit(X, labels)
    proba = np.column_stack([part[:, 1] for part in forest.predict_proba(X)])
    np.testing.assert_allclose(sl.min_confidence(forest, X, 3)[1], np.sort(proba.min(axis=1))[:3])
    with pytest.raises(ValueError, match=r"accepted is \(rows, labels\), 0 and 1 for each label"):
        sl.mean_max_loss(GaussianNB().fit(X, y), X)


def test_max_score_breaks_ties_at_random_by_default():
    flat = Fixed(np.full((50, 2), 0.5), np.zeros((50, 2), dtype=int))
    draws = {tuple(sl.max_score(flat, X[:50], 3, random_state=seed)[0].tolist()) for seed in range(4)}
    assert len(draws) > 1
    assert sl.max_score(flat, X[:50], 3, random_tie_break=False)[0].tolist() == [0, 1, 2]
    assert sl.avg_score(flat, X[:50], 3)[0].tolist() == [0, 1, 2]


def test_selectors():
    values = np.array([3.0, 1.0, 3.0, 2.0])
    assert choice.multi_argmax(values, 3)[0].tolist() == [0, 2, 3]
    assert choice.multi_argmin(values, 2)[0].tolist() == [1, 3]
    assert choice.multi_argmax(np.array([[1], [3]]), 1)[1].tolist() == [3]
    assert choice.shuffled_argmax(np.array([5, 7, 6]), 3)[1].tolist() == [5, 6, 7]
    assert choice.shuffled_argmin(np.array([5, 7, 6]), 2)[1].tolist() == [6, 5]
    drawn = {tuple(choice.shuffled_argmax(np.ones(9), 2, random_state=seed)[0].tolist()) for seed in range(9)}
    assert len(drawn) > 1
    np.random.seed(3)  # noqa: NPY002 - what modAL draws from
    once = choice.shuffled_argmax(np.ones(9), 4)[0]
    np.random.seed(3)  # noqa: NPY002 - what modAL draws from
    np.testing.assert_array_equal(choice.shuffled_argmax(np.ones(9), 4)[0], once)
    weighted = sl.weighted_random(np.array([0.0, 1.0, 1.0]), 2, random_state=0)
    assert sorted(weighted.tolist()) == [1, 2]
    assert choice.multi_argmax(np.array([np.inf, 1.0, -np.inf]), 3)[0].tolist() == [0, 1, 2]


def test_combinations():
    linear = sl.make_linear_combination(sl.classifier_uncertainty, sl.classifier_margin, weights=[1.0, 0.5])
    product = sl.make_product(sl.classifier_uncertainty, sl.classifier_entropy, exponents=[0.5, 2])
    active = learner()
    u, m, e = (getattr(sl, f"classifier_{name}")(active, X) for name in ("uncertainty", "margin", "entropy"))
    np.testing.assert_allclose(linear(active, X), u + 0.5 * m)
    np.testing.assert_allclose(product(active, X), u**0.5 * e**2)
    np.testing.assert_allclose(sl.make_product(len, len)("abc"), 9)
    assert sl.make_linear_combination(len, len)("abc") == 6
    strategy = sl.make_query_strategy(linear, sl.multi_argmax)
    assert strategy(active, X, n_instances=3)[0].shape == (3,)


def test_classes():
    assert check_class_labels(*[ActiveLearner(GaussianNB().fit(X, y)) for _ in range(2)])
    assert not check_class_labels(GaussianNB().fit(X, y), GaussianNB().fit(X[:100], y[:100]))
    spread = check_class_proba(np.array([[0.3, 0.7]]), ["b", "d"], ["a", "b", "c", "d"])
    assert spread.tolist() == [[0.0, 0.3, 0.0, 0.7]]


def test_keywords_reach_predict_proba():
    class Tempered(Fixed):
        def predict_proba(self, X, power=1):
            powered = self.proba**power
            return powered / powered.sum(axis=1, keepdims=True)

    proba = np.array([[0.9, 0.1], [0.6, 0.4]])
    assert uncertainty.uncertainty_sampling(Tempered(proba), X[:2], power=2)[1][0] == pytest.approx(0.16 / 0.52)
    active = ActiveLearner(Tempered(proba), query_strategy=sl.uncertainty_batch_sampling)
    assert active.query(X[:2], n_instances=1, power=2)[0].tolist() == [0]


def test_progress_reaches_the_end():
    seen = []
    learner().query(X, n_instances=2, chunk_size=40, progress=lambda *done: seen.append(done))
    assert seen[-1] == (150, 150)
