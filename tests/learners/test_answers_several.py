"""What models of several labels or several targets answer, and what a model without an answer is told to be."""

import pickle
from functools import partial

import numpy as np
import pytest
from scipy import sparse
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.ensemble import VotingClassifier
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import RBF
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.multiclass import OneVsRestClassifier
from sklearn.multioutput import ClassifierChain, MultiOutputClassifier
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC, LinearSVC
from sklearn.tree import DecisionTreeClassifier

import shortlist as sl
from shortlist.learners import ActiveLearner, BayesianOptimizer, CommitteeRegressor
from shortlist.strategies import density

X = np.random.default_rng(0).normal(size=(80, 4))
LABELS = (X[:, :3] > 0).astype(int)
ABSENT = np.where([False, True, False], 0, LABELS)
ALWAYS = np.where([False, True, False], 1, LABELS)
BY_PROBABILITY = [sl.min_confidence, sl.avg_confidence, sl.max_score, sl.avg_score, sl.max_loss]
POOL = np.arange(4)
PROBA = np.array([[0.9, 0.2, 0.1], [0.6, 0.7, 0.3], [0.2, 0.1, 0.4], [0.8, 0.9, 0.6]])


def learner(estimator, labels=LABELS, **kwargs):
    return ActiveLearner(estimator, X_training=X[:40], y_training=labels[:40], **kwargs)


@pytest.mark.parametrize("labels", [LABELS, ABSENT, ALWAYS], ids=["usual", "absent", "always"])
@pytest.mark.parametrize("estimator", [DecisionTreeClassifier(max_depth=2), KNeighborsClassifier(3)])
def test_a_label_that_no_row_has_is_improbable(estimator, labels):
    active = learner(estimator, labels)
    pairs = zip(estimator.predict_proba(X[40:]), estimator.classes_, strict=True)
    proba = np.column_stack([np.zeros(40) if 1 not in of else part[:, list(of).index(1)] for part, of in pairs])
    picks, scores = sl.avg_confidence(active, X[40:], 40)
    np.testing.assert_allclose(scores, proba.mean(axis=1)[picks])
    picks, scores = sl.min_confidence(active, X[40:], 40, chunk_size=7)
    np.testing.assert_allclose(scores, proba.min(axis=1)[picks])
    picks, scores = sl.max_score(active, X[40:], 40)
    np.testing.assert_allclose(scores, (proba * (active.predict(X[40:]) - 0.5)).max(axis=1)[picks])


class Told(ClassifierMixin, BaseEstimator):
    """Answers rows, which are positions, from a table, as the library `form` makes it."""

    def __init__(self, form=np.asarray, labels=np.asarray, table=PROBA):
        self.form, self.labels, self.table = form, labels, table

    def fit(self, X, y):
        return self

    def predict_proba(self, X):
        return self.form(self.table[X])

    def predict(self, X):
        return self.labels((self.table[X] > 0.5).astype(int))


@pytest.mark.parametrize(
    "form",
    [
        lambda table: np.stack([1 - table, table], axis=1),
        lambda table: np.stack([1 - table, table], axis=2),
        lambda table: [np.column_stack([1 - column, column]) for column in table.T],
        lambda table: [column[:, None] for column in table.T],
        sparse.csr_matrix,
        lambda table: table.astype(object),
        lambda table: table.tolist(),
    ],
    ids=["(n, 2, L)", "(n, L, 2)", "pairs", "columns", "sparse", "objects", "lists"],
)
def test_probabilities_of_labels_in_any_form(form):
    for strategy in BY_PROBABILITY:
        expected = strategy(Told(), POOL, 4, random_state=0)
        for chunk_size in ("auto", 3):
            given = strategy(Told(form, sparse.csr_matrix), POOL, 4, chunk_size=chunk_size, random_state=0)
            np.testing.assert_array_equal(given[0], expected[0])
            np.testing.assert_allclose(given[1], expected[1])


@pytest.mark.parametrize(
    ("form", "sentence"),
    [
        (lambda table: table[:, 0], r"gave shape \(4,\); accepted is \(rows, labels\) of prob"),
        (lambda table: table[:, :, None].repeat(3, 2), r"gave shape \(4, 3, 3\)"),
        (lambda table: np.full((4, 2, 2), 0.5), r"gave shape \(4, 2, 2\)"),
        (lambda table: [table, table, table], r"gave shape \(4, 3\) for one label"),
        (lambda table: 4 * table, "gave 3.6 for label 0 of row 0 of the pool; .* apply a sigmoid in predict_proba"),
        (lambda table: table[:3], "gave 3 rows for the 4 rows"),
        (lambda table: table.astype(str), "gave text"),
        (lambda table: np.where(table == 0.7, np.nan, table), 'gave NaN in column 1 for row 1 of .*invalid="skip"'),
    ],
)
def test_probabilities_of_labels_that_cannot_be_meant(form, sentence):
    for strategy in BY_PROBABILITY:
        with pytest.raises(ValueError, match=f"predict_proba of Told {sentence}"):
            strategy(Told(form), POOL, 2)


def test_rows_without_probabilities_are_skipped():
    model = Told(lambda table: np.where(table == 0.7, np.nan, table))
    for strategy in BY_PROBABILITY:
        assert sorted(strategy(model, POOL, 3, invalid="skip")[0].tolist()) == [0, 2, 3]
        with pytest.raises(ValueError, match="NaN for 1 of the 4 rows of the pool, so at most 3"):
            strategy(model, POOL, 4, invalid="skip")


@pytest.mark.parametrize(
    ("labels", "sentence"),
    [
        (lambda found: found * 0.7, "gave 0.7 for label 0 of row 0 of the pool; accepted is 0 and 1"),
        (lambda found: np.where(found == 1, "yes", "no"), "gave yes for label 0 of row 0 of the pool; .* 0 and 1"),
        (lambda found: found[:, 0], r"gave shape \(4,\); accepted is \(rows, labels\)"),
        (lambda found: found[:2], "gave 2 rows for the 4 rows"),
    ],
)
def test_predicted_labels_that_cannot_be_meant(labels, sentence):
    for strategy in (sl.max_loss, sl.mean_max_loss, sl.max_score, sl.avg_score):
        with pytest.raises(ValueError, match=f"predict of Told {sentence}"):
            strategy(Told(labels=labels), POOL, 2)


def test_as_many_labels_as_probabilities():
    with pytest.raises(ValueError, match="predict gave 2 labels and predict_proba 3"):
        sl.avg_score(Told(labels=lambda found: found[:, :2]), POOL, 2)


@pytest.mark.parametrize("make", [MultiOutputClassifier, ClassifierChain])
@pytest.mark.parametrize("kind", [str, int])
def test_outputs_of_several_classes_are_no_labels(make, kind):
    numbers = np.column_stack([LABELS[:, 0], np.arange(80) % 3])
    labels = numbers.astype(str) if kind is str else numbers
    active = learner(make(LogisticRegression()), labels if make is MultiOutputClassifier else numbers * 2)
    for strategy in (*BY_PROBABILITY, sl.mean_max_loss):
        with pytest.raises(ValueError, match="0 and 1"):
            strategy(active, X[40:])


def test_models_of_one_label_have_no_labels():
    active = ActiveLearner(LogisticRegression(), X_training=X[:40], y_training=np.arange(40) % 3)
    for strategy in (sl.min_confidence, sl.avg_confidence):
        with pytest.raises(ValueError, match="as for one label a row; accepted is .* use uncertainty_sampling"):
            strategy(active, X[40:])


@pytest.mark.parametrize("labels", [LABELS, ABSENT, ALWAYS], ids=["usual", "absent", "always"])
@pytest.mark.filterwarnings("ignore:Label .* is present in all:UserWarning")
@pytest.mark.filterwarnings("ignore:Label not:UserWarning")
def test_nearest_to_a_boundary_that_is_there(labels):
    for steps in ((), (StandardScaler(),)):
        active = learner(make_pipeline(*steps, OneVsRestClassifier(LinearSVC())), labels)
        Z = active.estimator[:-1].transform(X[40:]) if steps else X[40:]
        members = [member for member in active.estimator[-1].estimators_ if hasattr(member, "coef_")]
        expected = np.min([np.abs(member.decision_function(Z)) for member in members], axis=0).argmin()
        assert sl.SVM_binary_minimum(active, X[40:]) == expected
        assert sl.SVM_binary_minimum(active, X[40:], chunk_size=7) == expected


def test_boundaries_of_other_models():
    for estimator in (
        MultiOutputClassifier(LinearSVC()),
        make_pipeline(StandardScaler(), MultiOutputClassifier(SVC())),
    ):
        active = learner(estimator)
        members = active.estimator if not hasattr(estimator, "steps") else estimator[-1]
        Z = X[40:] if not hasattr(estimator, "steps") else estimator[:-1].transform(X[40:])
        expected = np.min([np.abs(member.decision_function(Z)) for member in members.estimators_], axis=0).argmin()
        assert sl.SVM_binary_minimum(active, X[40:]) == expected
    chain = learner(ClassifierChain(LinearSVC()))
    assert (
        sl.SVM_binary_minimum(chain, X[40:]) == np.abs(chain.estimator.decision_function(X[40:])).min(axis=1).argmin()
    )
    with pytest.raises(
        AttributeError, match="DecisionTreeClassifier has no decision_function; SVM_binary_minimum needs"
    ):
        sl.SVM_binary_minimum(learner(DecisionTreeClassifier()), X[40:])


class Spread(RegressorMixin, BaseEstimator):
    def __init__(self, std=None, mean=None):
        self.std, self.mean = std, mean

    def fit(self, X, y):
        return self

    def predict(self, X, return_std=False):
        at = np.asarray(X, dtype=int).ravel()
        mean = np.zeros_like(self.std)[at] if self.mean is None else self.mean
        return (mean, self.std[at]) if return_std else self.std[at]


class Short(Spread):
    def predict(self, X, return_std=False):
        return self.std[:2], self.std[:2]


class Deaf(Spread):
    def predict(self, X, **kwargs):
        return self.std


TARGETS = np.array([[1.0, 0.0], [0.5, 0.6], [2.0, 3.0], [0.0, 0.0]])


def test_the_spread_of_several_targets_is_their_mean():
    for chunk_size in ("auto", 3):
        picks, scores = sl.max_std_sampling(Spread(TARGETS), POOL, 4, chunk_size=chunk_size)
        assert picks.tolist() == [2, 1, 0, 3]
        np.testing.assert_allclose(scores, [2.5, 0.55, 0.5, 0.0])
    assert sl.max_std_sampling(Spread(TARGETS[:, :1]), POOL, 2)[0].tolist() == [2, 0]
    process = GaussianProcessRegressor(RBF(1.0), optimizer=None)
    active = ActiveLearner(process, sl.max_std_sampling, X[:40], np.column_stack([X[:40, 0], np.sin(X[:40, 1])]))
    std = process.predict(X[40:], return_std=True)[1]
    assert active.query(X[40:], n_instances=4)[0].tolist() == np.argsort(-std.mean(axis=1), kind="stable")[:4].tolist()
    assert sl.regressor_std(active, X[40:]).shape == (40,)


def test_a_committee_of_several_targets():
    members = [ActiveLearner(Spread(TARGETS * factor)) for factor in (0, 1)]
    committee = CommitteeRegressor(members)
    assert committee.vote(POOL).shape == (4, 2, 2)
    assert committee.query(POOL, n_instances=4)[0].tolist() == [2, 1, 0, 3]
    columns = CommitteeRegressor([ActiveLearner(Spread(TARGETS[:, :1] * factor)) for factor in (0, 1)])
    assert columns.vote(POOL).shape == (4, 2)


@pytest.mark.parametrize("strategy", [sl.max_EI, sl.max_PI, partial(sl.max_UCB, beta=2)])
def test_an_optimizer_looks_for_one_value(strategy):
    optimizer = BayesianOptimizer(Spread(TARGETS), strategy)
    with pytest.raises(ValueError, match="predict gave 2 targets for each row, .*make an optimizer for each"):
        optimizer.query(POOL)
    holes = BayesianOptimizer(Spread(np.array([[1.0], [np.nan], [3.0], [2.0]])), strategy, [[0]], [0.5])
    with pytest.raises(
        ValueError, match=r'predict\(return_std=True\) of Spread gave NaN for row 1 of .*invalid="skip"'
    ):
        holes.query(POOL)
    assert holes.query(POOL, n_instances=3, invalid="skip")[0].tolist() == [2, 3, 0]


def test_answers_of_regressors_that_cannot_be_meant():
    for strategy in (sl.max_std_sampling, sl.max_UCB):
        with pytest.raises(ValueError, match=r"means of shape \(4,\) and standard deviations of shape \(4, 2\)"):
            strategy(Spread(TARGETS, np.zeros(4)), POOL)
        with pytest.raises(ValueError, match="gave 2 rows for the 4 rows"):
            strategy(Short(TARGETS[:, 0]), POOL)
        with pytest.raises(
            ValueError, match="gave shape .*; accepted is a pair of means and standard deviations: use a"
        ):
            strategy(Deaf(TARGETS), POOL)
    holes = Spread(np.array([1.0, np.nan, 3.0, 2.0]))
    with pytest.raises(ValueError, match="gave NaN for row 1 of the pool"):
        sl.max_std_sampling(holes, POOL, chunk_size=1)
    assert sl.max_std_sampling(holes, POOL, 3, invalid="skip")[0].tolist() == [2, 3, 0]
    assert sl.mix(1.0, measure=sl.regressor_std)(holes, POOL[:, None], 3, invalid="skip")[0].tolist()[0] == 2


def keras(name):
    return type(
        name, (), {"__module__": "keras.src.models", "predict": lambda self, X: X, "fit": lambda self, X, y: self}
    )()


@pytest.mark.parametrize(
    ("estimator", "remedy"),
    [
        (GridSearchCV(LogisticRegression(), {"C": [1]}, cv=2, refit=False), "GridSearchCV .*make it with refit=True"),
        (VotingClassifier([("a", LogisticRegression())]), 'VotingClassifier .*make it with voting="soft"'),
        (SVC(), r"SVC has no predict_proba; wrap it: sklearn.calibration.CalibratedClassifierCV\(SVC\(...\)\)"),
        (
            OneVsRestClassifier(LinearSVC()),
            r"OneVsRestClassifier\(.*CalibratedClassifierCV\(LinearSVC\(...\)\)\) has one",
        ),
        (GridSearchCV(LinearSVC(), {"C": [1]}, cv=2), "LinearSVC has no predict_proba; wrap it"),
        (
            make_pipeline(StandardScaler(), LinearRegression()),
            "LinearRegression .*it is a regressor: use max_std_sampling",
        ),
        (keras("Sequential"), r"Sequential has no predict_proba; wrap it: scikeras.wrappers.KerasClassifier\("),
    ],
)
def test_models_without_predict_proba_say_what_to_do(estimator, remedy):
    active = ActiveLearner(estimator, X_training=X[:40], y_training=LABELS[:40, 0])
    for strategy in (
        sl.entropy_sampling,
        sl.uncertainty_batch_sampling,
        sl.badge_sampling,
        sl.expected_error_reduction,
    ):
        with pytest.raises(AttributeError, match=remedy):
            strategy(active, X[40:])


MADE = [
    sl.make_query_strategy(sl.classifier_entropy, sl.multi_argmax),
    sl.make_query_strategy(
        sl.make_linear_combination(
            sl.classifier_uncertainty, sl.make_product(sl.classifier_entropy, sl.classifier_margin), weights=[1.0, 0.5]
        ),
        sl.shuffled_argmax,
    ),
    sl.mix(0.6),
    partial(sl.uncertainty_batch_sampling, metric="cosine"),
]


@pytest.mark.parametrize("strategy", MADE)
def test_made_strategies_can_be_pickled(strategy):
    active = ActiveLearner(LogisticRegression(), strategy, X[:40], LABELS[:40, 0])
    twin = pickle.loads(pickle.dumps(active))
    np.testing.assert_array_equal(twin.query(X[40:], n_instances=3)[0], active.query(X[40:], n_instances=3)[0])


def test_similarities_can_be_pickled():
    similarity = pickle.loads(pickle.dumps(density.euclidean_similarity))
    assert similarity([0.0], [1.0]) == 0.5
