"""What models answer: read as what it plainly means, or refused by a sentence with the remedy, for every strategy alike."""

import warnings
from functools import partial

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.linear_model import LogisticRegression
from sklearn.multiclass import OneVsRestClassifier
from sklearn.multioutput import ClassifierChain, MultiOutputClassifier
from sklearn.naive_bayes import GaussianNB
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier

import shortlist as sl
from shortlist.learners import ActiveLearner, Committee

SECOND = np.array([0.02, 0.51, 0.97, 0.40, 0.70])
PROBA = np.column_stack([1 - SECOND, SECOND])
POOL = np.arange(5)
UNCERTAIN = [
    sl.uncertainty_sampling,
    sl.margin_sampling,
    sl.entropy_sampling,
    sl.normalised_entropy_sampling,
    sl.ratio_sampling,
    sl.gini_sampling,
]
COMMITTEES = [
    sl.consensus_entropy_sampling,
    sl.max_disagreement_sampling,
    sl.bald_sampling,
    sl.variation_ratio_sampling,
    sl.mean_std_sampling,
]
CLUSTERED = partial(sl.cluster_margin_sampling, clusters=np.arange(5))
UTILITIES = [sl.classifier_uncertainty, sl.classifier_margin, sl.classifier_entropy, sl.classifier_gini]


def ask_all(learner, pool, **how):
    """Every strategy that reads probabilities of one label, on one model."""
    pool = np.asarray(pool)
    for strategy in (
        *UNCERTAIN,
        sl.badge_sampling,
        CLUSTERED,
        sl.uncertainty_batch_sampling,
        sl.mix(),
    ):
        yield strategy, lambda strategy=strategy: strategy(learner, pool[:, None], n_instances=1, **how)


class Told(ClassifierMixin, BaseEstimator):
    """Answers rows, which are positions, from a table, as the library `form` makes it."""

    def __init__(self, table=PROBA, form=np.asarray, classes=(0, 1)):
        self.table, self.form, self.classes = table, form, classes

    def fit(self, X, y):
        if self.classes is not None:
            self.classes_ = np.array(self.classes)
        return self

    def predict_proba(self, X):
        return self.form(self.table[np.asarray(X, dtype=int).ravel()])

    def predict(self, X):
        return np.asarray(self.classes)[self.predict_proba(X).argmax(axis=1)]


def told(*args, **kwargs):
    active = ActiveLearner(Told(*args, **kwargs).fit(None, None))
    active.X_training, active.y_training = np.array([[0.2], [2.3]]), np.array([0, 1])
    return active


def objects(table):
    return table.astype(object)


FORMS = {
    "column": lambda table: table[:, 1:],
    "vector": lambda table: table[:, 1],
    "float32 column": lambda table: table[:, 1:].astype(np.float32),
    "sparse": sparse.csr_matrix,
    "sparse column": lambda table: sparse.csc_array(table[:, 1:]),
    "lists": lambda table: table.tolist(),
    "list of one matrix": lambda table: [table],
    "list of rows": list,
    "objects": objects,
    "objects of rows": lambda table: pd.Series(list(table)).to_numpy(),
    "frame": pd.DataFrame,
    "frame of extension arrays": lambda table: pd.DataFrame(table).astype("Float64"),
    "masked": np.ma.masked_array,
    "other byte order": lambda table: table.astype(">f8"),
    "long double": lambda table: table.astype(np.longdouble),
    "float16": lambda table: table.astype(np.float16),
    "column above 1 by rounding": lambda table: np.where(table[:, 1:] == 0.97, 1 + 1e-7, table[:, 1:]),
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("chunk_size", ["auto", 2])
def test_one_label_in_any_form(form, chunk_size):
    learner = told(form=FORMS[form])
    for strategy in UNCERTAIN:
        assert strategy(learner, POOL, 3, chunk_size=chunk_size)[0].tolist() == [1, 3, 4], strategy
    for utility in UTILITIES:
        np.testing.assert_allclose(
            utility(learner, POOL, chunk_size=chunk_size)[[1, 3, 4]], utility(told(), POOL)[[1, 3, 4]], atol=2e-3
        )
    for strategy, how in (
        (sl.uncertainty_batch_sampling, {}),
        (sl.mix(0.9), {}),
        (CLUSTERED, {}),
        (sl.badge_sampling, {"random_state": 0}),
    ):
        if strategy is sl.badge_sampling and "float" in form:
            continue  # a draw, which another precision may turn
        picks = strategy(learner, POOL[:, None], n_instances=3, chunk_size=chunk_size, **how)[0]
        np.testing.assert_array_equal(picks, strategy(told(), POOL[:, None], n_instances=3, **how)[0])


@pytest.mark.parametrize("form", ["column", "vector", "sparse", "list of one matrix", "frame"])
@pytest.mark.parametrize("chunk_size", ["auto", 2])
def test_members_in_any_form(form, chunk_size):
    other = np.column_stack([SECOND[::-1], 1 - SECOND[::-1]])
    usual = Committee([told(), told(other)])
    strange = Committee([told(form=FORMS[form]), told(other)])
    assert strange.predict_proba(POOL).shape == (5, 2)
    for strategy in COMMITTEES:
        np.testing.assert_array_equal(strategy(strange, POOL, 5, chunk_size=chunk_size)[0], strategy(usual, POOL, 5)[0])


def test_a_sigmoid_of_a_model_that_names_no_classes():
    learner = told(form=FORMS["column"], classes=None)
    assert sl.margin_sampling(learner, POOL, 2)[0].tolist() == [1, 3]
    with pytest.raises(ValueError, match=r"predict_proba of Told gave shape \(5,\); accepted is \(rows, classes\)"):
        sl.margin_sampling(told(form=FORMS["vector"], classes=None), POOL)


def test_one_class_is_sure():
    learner = told(np.ones((5, 1)), classes=(3,))
    assert sl.classifier_uncertainty(learner, POOL).tolist() == [0.0] * 5


REFUSED = {
    "logit column": (lambda table: 9 * table[:, 1:], r"one column with .* apply a sigmoid in predict_proba"),
    "three axes": (lambda table: table[:, :, None].repeat(3, 2), r"gave shape \(5, 2, 3\); accepted is \(rows, 2\)"),
    "three classes": (
        lambda table: np.hstack([table, table]) / 2,
        r"gave shape \(5, 4\); accepted is \(rows, 2\), one",
    ),
    "too few rows": (lambda table: table[:-1], "gave 4 rows for the 5 rows of the pool that start at row 0"),
    "a matrix each output": (lambda table: [table, table], "list of 2 matrices, .* strategy of shortlist.strategies.m"),
    "text": (lambda table: np.where(table > 0.5, "yes", "no"), "gave text, as .*; accepted is numbers"),
    "text of numbers": (lambda table: table.astype(str), "gave text, as .*; accepted is numbers"),
    "objects of text": (lambda table: table.astype(str).astype(object), "gave text, as .*; accepted is numbers"),
    "nothing": (lambda table: None, "gave None; accepted is an array"),
    "a dict": (lambda table: {"logits": table}, "gave a dict; accepted is an array"),
    "ragged": (lambda table: [[0.5, 0.5], [1.0], [0.5, 0.5], [1, 0], [1, 0]], "gave rows of different lengths"),
    "complex": (lambda table: table + 0j, "gave dtype complex128, as .*; accepted is numbers"),
    "logits": (lambda table: 9 * table - 5, "gave -.* in column .* apply a softmax in predict_proba"),
    "infinity": (lambda table: table * np.array([1, np.inf]), "gave inf in column 1 for row 0 of the pool"),
}


@pytest.mark.parametrize("form", REFUSED)
def test_what_cannot_be_meant_is_refused_alike(form):
    make, sentence = REFUSED[form]
    for strategy, ask in ask_all(told(form=make), POOL):
        with pytest.raises(ValueError, match=sentence) as caught:
            ask()
        assert "predict_proba of Told gave" in str(caught.value), strategy
        assert "from_logits" not in str(caught.value)
    committee = Committee([told(), told(form=make)])
    with pytest.raises(ValueError, match=sentence):
        sl.consensus_entropy_sampling(committee, POOL)
    with pytest.raises(ValueError, match=sentence):
        sl.expected_error_reduction(told(form=make), POOL[:, None])


NAN = np.array([[0.9, 0.1], [np.nan, np.nan], [0.45, 0.55], [0.3, 0.7], [0.5, np.nan]])


@pytest.mark.parametrize("chunk_size", ["auto", 2])
def test_nan_is_named_as_the_models_and_can_be_skipped(chunk_size):
    for form in (np.asarray, FORMS["frame"], lambda table: table.astype(object)):
        learner = told(NAN, form=form)
        for strategy, ask in ask_all(learner, POOL, chunk_size=chunk_size):
            with pytest.raises(
                ValueError, match=r'predict_proba of Told gave NaN .* row 1 of the pool.*invalid="skip"'
            ):
                ask()
            picks, scores = strategy(learner, POOL[:, None], n_instances=1, chunk_size=chunk_size, invalid="skip")
            assert picks[0] in (0, 2, 3)
            assert np.isfinite(scores).all()
        for strategy in UNCERTAIN:
            assert strategy(learner, POOL, 3, chunk_size=chunk_size, invalid="skip")[0].tolist() == [2, 3, 0]
            with pytest.raises(
                sl.strategies.PoolTooSmallError, match="NaN for 2 of the 5 rows of the pool, so at most 3"
            ):
                strategy(learner, POOL, 4, chunk_size=chunk_size, invalid="skip")
        for utility in UTILITIES:
            given = utility(learner, POOL, chunk_size=chunk_size, invalid="skip")
            assert np.isnan(given).tolist() == [False, True, False, False, True]
    committee = Committee([told(), told(NAN)])
    for strategy in COMMITTEES:
        with pytest.raises(ValueError, match="NaN .*for row 1 of the pool"):
            strategy(committee, POOL, chunk_size=chunk_size)
        picked = strategy(committee, POOL, 3, chunk_size=chunk_size, invalid="skip")[0]
        assert sorted(picked.tolist()) == [0, 2, 3]
    learner = told(NAN)
    with pytest.raises(ValueError, match="predict_proba of Told gave NaN"):
        sl.expected_error_reduction(learner, POOL[:, None])
    assert sl.expected_error_reduction(learner, POOL[:, None], n_instances=2, invalid="skip")[0][0] in (0, 2, 3)
    learner.query_strategy = sl.entropy_sampling
    assert learner.query(POOL, n_instances=2, invalid="skip")[0].tolist() == [2, 3]
    with pytest.raises(ValueError, match='invalid came as "?\'drop\'; accepted are "raise" and "skip"'):
        learner.query(POOL, invalid="drop")


def test_rounding_below_zero_is_zero():
    table = np.array([[0.9, 0.1, 1 - 0.9 - 0.1], [0.5, 0.5, 0.0], [1.0, 0.0, 0.0], [0.8, 0.2, 0], [0.7, 0.3, 0]])
    learner = told(table, classes=(0, 1, 2))
    for strategy in UNCERTAIN:
        for how in ({}, {"invalid": "skip"}, {"chunk_size": 1}):
            assert strategy(learner, POOL, 5, **how)[0].tolist() == [1, 4, 3, 0, 2]


X = np.random.default_rng(0).normal(size=(80, 3))
LABELS = (X > 0).astype(int)
SEVERAL = {
    "one versus rest": OneVsRestClassifier(LogisticRegression()),
    "chain": ClassifierChain(LogisticRegression()),
    "each output": MultiOutputClassifier(LogisticRegression()),
    "tree": DecisionTreeClassifier(max_depth=2),
    "network": MLPClassifier((4,), max_iter=20, random_state=0),
    "pipeline": make_pipeline(StandardScaler(), OneVsRestClassifier(LogisticRegression())),
}


@pytest.mark.filterwarnings("ignore:Stochastic Optimizer")
@pytest.mark.parametrize("name", SEVERAL)
def test_one_label_strategies_refuse_several_labels(name):
    learner = ActiveLearner(SEVERAL[name], X_training=X[:40], y_training=LABELS[:40])
    for strategy in (
        *UNCERTAIN,
        sl.uncertainty_batch_sampling,
        sl.mix(),
        sl.badge_sampling,
        CLUSTERED,
    ):
        with pytest.raises(ValueError, match=r"predict_proba of .* use a strategy of shortlist.strategies.multilabel"):
            strategy(learner, X[40:], n_instances=2)
    with pytest.raises(ValueError, match=r"use a strategy of shortlist.strategies.multilabel"):
        sl.expected_error_reduction(learner, X[40:44])


@pytest.mark.parametrize("strategy", [sl.vote_entropy_sampling, *COMMITTEES])
def test_committees_refuse_several_labels(strategy):
    members = [ActiveLearner(SEVERAL["one versus rest"], X_training=X[:40], y_training=LABELS[:40]) for _ in range(2)]
    with pytest.raises(ValueError, match="vote gave|shortlist.strategies.multilabel"):
        strategy(Committee(members), X[40:])


def test_rows_that_do_not_sum_to_one_are_told_of_once():
    learner = told(PROBA * 0.3)
    for strategy, ask in ask_all(learner, POOL, chunk_size=1):
        if strategy in (sl.badge_sampling, CLUSTERED):
            with pytest.raises(
                ValueError, match="sums to 0.3; accepted are probabilities: divide them by their sum in p"
            ):
                ask()
            continue
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always")
            ask()
        assert [str(one.message)[:53] for one in said] == ["predict_proba of Told gave rows that do not sum to 1:"], (
            strategy
        )
    learner.y_training = np.array([[0, 1], [1, 1]])
    with pytest.raises(ValueError, match=r"row 0 of the pool sums to 0.3; this strategy reads one label a row"):
        sl.margin_sampling(learner, POOL)


class Voter(Told):
    """Predicts what it is told."""

    def predict(self, X):
        return self.predict_proba(X)


VOTES = [np.array(["a", "b", "a", "a", "b"]), np.array(["a", "a", "a", "b", "b"]), np.array(["a", "a", "a", "b", "b"])]


def voters(form):
    return Committee([ActiveLearner(Voter(votes, form, ("a", "b")).fit(None, None)) for votes in VOTES])


@pytest.mark.parametrize("form", [np.asarray, lambda votes: votes[:, None], objects, pd.Series, list])
def test_votes_in_any_form(form):
    members = voters(form).learner_list
    for committee in (voters(form), Committee([*members[:2], *voters(np.asarray).learner_list[2:]])):
        assert committee.vote(POOL).shape == (5, 3)
        picks, scores = sl.vote_entropy_sampling(committee, POOL, 5, chunk_size=2)
        assert picks.tolist() == [1, 3, 0, 2, 4]
        assert scores[0] == scores[1] == pytest.approx(-(np.log(1 / 3) / 3 + 2 * np.log(2 / 3) / 3))


def test_votes_for_no_class():
    for form, sentence in (
        (
            lambda votes: np.where(votes == "a", "c", "b"),
            r"vote of Committee gave 'c' for row 0 of the pool; accepted is",
        ),
        (lambda votes: np.column_stack([votes == "a", votes == "b"]), r"vote of Committee gave shape \(5, 3, 2\)"),
        (lambda votes: np.where(votes == "a", 0.2, 0.7), r"vote of Committee gave 0.2 for row 0"),
        (lambda votes: votes[:3], "gave 3 rows for the 5 rows"),
    ):
        with pytest.raises(ValueError, match=sentence):
            sl.vote_entropy_sampling(voters(form), POOL)


class Decides(BaseEstimator):
    def __init__(self, answer, classes):
        self.answer, self.classes_ = answer, np.array(classes)

    def decision_function(self, X):
        return self.answer


def test_logits_in_any_form():
    margins = np.array([-3.0, 0.1, 2.0])
    expected = sl.classifier_energy(Decides(margins, [0, 1]), np.zeros((3, 1)))
    np.testing.assert_allclose(expected, -np.log1p(np.exp(margins)))
    for form in (margins[:, None], sparse.csr_array(margins[:, None]), margins.tolist(), pd.Series(margins)):
        np.testing.assert_array_equal(sl.classifier_energy(Decides(form, [0, 1]), np.zeros((3, 1))), expected)
    for answer, sentence in (
        (np.zeros((3, 4)), r"decision_function of Decides gave shape \(3, 4\); accepted is \(rows, 3\), one column"),
        (margins, r"gave shape \(3, 1\); accepted is \(rows, 3\)"),
        (np.zeros((2, 3)), "gave 2 rows for the 3 rows"),
        (np.full((3, 3), np.nan), r'gave NaN in column 0 for row 0 of the pool.*invalid="skip"'),
    ):
        with pytest.raises(ValueError, match=sentence):
            sl.energy_sampling(Decides(answer, [0, 1, 2]), np.zeros((3, 1)))
    holes = Decides(np.array([[0.0, 1.0], [np.nan, 0.0], [2.0, 3.0]]), [0, 1])
    assert sl.energy_sampling(holes, np.zeros((3, 1)), 2, invalid="skip")[0].tolist() == [0, 2]


def test_expected_error_reads_columns_by_class():
    """Classes the learner was not taught, and their order, are the model's to say."""
    learner = ActiveLearner(GaussianNB(), X_training=X[:20], y_training=(X[:20, 0] > 0).astype(int) * 2)
    usual = sl.expected_error_reduction(learner, X[40:46], n_instances=6)

    class Wide(GaussianNB):
        def predict_proba(self, X):
            return np.insert(super().predict_proba(X), 0, 0.0, axis=1)

        def fit(self, X, y):
            super().fit(X, y)
            self.wide = np.array([-1, 0, 2])
            return self

    wide = ActiveLearner(Wide(), X_training=X[:20], y_training=(X[:20, 0] > 0).astype(int) * 2)
    with pytest.raises(ValueError, match=r"gave shape \(6, 3\); accepted is \(rows, 2\)"):
        sl.expected_error_reduction(wide, X[40:46])
    column = ActiveLearner(Told(), X_training=POOL[:, None], y_training=np.array([[0], [1], [1], [0], [1]]))
    plain = ActiveLearner(Told(), X_training=POOL[:, None], y_training=np.array([0, 1, 1, 0, 1]))
    np.testing.assert_array_equal(
        sl.expected_error_reduction(column, POOL[:, None], n_instances=5)[1],
        sl.expected_error_reduction(plain, POOL[:, None], n_instances=5)[1],
    )
    assert usual[0].shape == (6,)
    with pytest.raises(ValueError, match="without rows it was taught; accepted is an ActiveLearner with X_training"):
        sl.expected_error_reduction(ActiveLearner(Told().fit(None, None)), POOL[:, None])
