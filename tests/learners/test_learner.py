"""ActiveLearner and BayesianOptimizer: what they store, what they hand on, what scikit-learn expects of them."""

import pickle

import numpy as np
import pandas as pd
import polars_or_skip as pl
import pytest
from scipy import sparse
from sklearn.base import BaseEstimator, clone, is_classifier, is_regressor
from sklearn.datasets import load_iris
from sklearn.ensemble import RandomForestClassifier
from sklearn.exceptions import NotFittedError
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.linear_model import LinearRegression, LogisticRegression, SGDClassifier
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.utils.validation import check_is_fitted

import shortlist as sl
from shortlist.learners import ActiveLearner, BayesianOptimizer
from shortlist.strategies import (
    entropy_sampling,
    margin_sampling,
    max_EI,
    max_UCB,
    multi_argmax,
    random_sampling,
    uncertainty_sampling,
)

X, y = load_iris(return_X_y=True)
SEED = [0, 1, 60, 61, 120, 121]


class Recorder(BaseEstimator):
    """Remembers what it was fitted on."""

    def fit(self, X, y, **kwargs):
        self.X_, self.y_, self.kwargs_ = X, y, kwargs
        return self

    def predict(self, X):
        return np.zeros(len(X))


def learner(**kwargs):
    return ActiveLearner(LogisticRegression(max_iter=300), X_training=X[SEED], y_training=y[SEED], **kwargs)


def test_seed_set_is_fitted_at_once():
    active = ActiveLearner(Recorder(), X_training=X[SEED], y_training=y[SEED], sample_weight="w")
    assert active.estimator.X_ is active.X_training
    assert active.estimator.kwargs_ == {"sample_weight": "w"}
    assert not hasattr(ActiveLearner(Recorder()).estimator, "X_")


def test_teach_keeps_and_fits_on_everything():
    active = ActiveLearner(Recorder(), X_training=X[SEED], y_training=y[SEED])
    assert active.teach(X[5:7], y[5:7], sample_weight=1) is None
    np.testing.assert_array_equal(active.X_training, np.vstack([X[SEED], X[5:7]]))
    np.testing.assert_array_equal(active.estimator.y_, np.concatenate([y[SEED], y[5:7]]))
    assert active.estimator.kwargs_ == {"sample_weight": 1}


def test_only_new_neither_keeps_nor_joins():
    active = ActiveLearner(Recorder(), X_training=X[SEED], y_training=y[SEED])
    active.teach(X[5:7], y[5:7], only_new=True)
    np.testing.assert_array_equal(active.estimator.X_, X[5:7])
    assert len(active.X_training) == len(SEED)


def test_add_keeps_without_fitting():
    active = ActiveLearner(Recorder(), X_training=X[SEED], y_training=y[SEED])
    active.add(X[5:7], y[5:7])
    assert len(active.X_training) == 8
    assert len(active.estimator.X_) == 6
    active.teach(X[7:8], y[7:8])
    assert len(active.estimator.X_) == 9


def test_a_pool_that_is_read_as_it_is_asked_for():
    class OnDisk:
        shape, largest = X.shape, 0

        def __getitem__(self, index):
            rows = X[index]
            self.largest = max(self.largest, len(rows))
            return rows

    pool = OnDisk()
    indices, rows = learner(query_strategy=margin_sampling).query(pool, n_instances=3, chunk_size=20)
    np.testing.assert_array_equal(rows, X[indices])
    assert pool.largest == 20


def test_fit_forgets():
    active = ActiveLearner(Recorder(), X_training=X[SEED], y_training=y[SEED])
    assert active.fit(X[:3], y[:3]) is active
    assert len(active.X_training) == 3


def test_bootstrap_follows_random_state():
    draws = []
    for seed in (0, 0, 1):
        active = ActiveLearner(
            Recorder(), X_training=X[SEED], y_training=y[SEED], bootstrap_init=True, random_state=seed
        )
        draws.append(active.estimator.X_)
        active.teach(X[:3], y[:3], bootstrap=True, only_new=True)
        assert len(active.estimator.X_) == 3
    np.testing.assert_array_equal(draws[0], draws[1])
    assert not np.array_equal(draws[0], draws[2])
    np.random.seed(7)  # noqa: NPY002 - what modAL draws from
    expected = np.random.choice(range(len(SEED)), len(SEED), replace=True)  # noqa: NPY002
    np.random.seed(7)  # noqa: NPY002 - what modAL draws from
    active = ActiveLearner(Recorder(), X_training=X[SEED], y_training=y[SEED], bootstrap_init=True)
    np.testing.assert_array_equal(active.estimator.X_, X[SEED][expected])
    ActiveLearner(Recorder(), X_training=X, y_training=y, bootstrap_init=True, random_state=np.random.default_rng(0))


HOLDERS = {
    "array": lambda part: part,
    "list": lambda part: part.tolist(),
    "pandas, integer columns": lambda part: pd.DataFrame(part, columns=[3, 1, 0, 2], index=range(9, 9 + len(part))),
    "pandas, string columns": lambda part: pd.DataFrame(part, columns=list("abcd")),
    "polars": lambda part: pl.DataFrame(part, schema=list("abcd"), orient="row"),
    **{
        name: lambda part, name=name: sparse.coo_matrix(part).asformat(name)
        for name in ["csr", "csc", "coo", "lil", "dok", "bsr", "dia"]
    },
}


@pytest.mark.filterwarnings("ignore:Constructing a DIA matrix")
@pytest.mark.parametrize("chunk_size", ["auto", 40])
@pytest.mark.parametrize("holder", HOLDERS)
def test_a_loop_over_every_kind_of_pool(holder, chunk_size):
    make = HOLDERS[holder]
    expected = learner(query_strategy=margin_sampling).query(X, n_instances=4)[0]
    active = ActiveLearner(
        LogisticRegression(max_iter=300), margin_sampling, X_training=make(X[SEED]), y_training=y[SEED]
    )
    pool = make(X)
    for step in range(2):
        indices, rows = active.query(pool, n_instances=4, chunk_size=chunk_size)
        if not step:
            assert indices.tolist() == expected.tolist()
        assert type(rows) is type(pool)
        active.teach(rows, y[indices])
    assert sl_count(active.X_training) == len(SEED) + 8


def sl_count(rows):
    return rows.shape[0] if hasattr(rows, "shape") else len(rows)


def test_torch_pool():
    torch = pytest.importorskip("torch")
    pool = torch.as_tensor(X)
    active = ActiveLearner(LogisticRegression(max_iter=300), X_training=pool[SEED], y_training=y[SEED])
    indices, rows = active.query(pool, n_instances=4, chunk_size=50)
    assert torch.is_tensor(rows)
    active.teach(rows, y[indices])
    assert torch.is_tensor(active.X_training)


def test_a_pool_that_is_a_dict_of_arrays():
    class OfDict(LogisticRegression):
        def fit(self, X, y):
            return super().fit(np.hstack([X["sepal"], X["petal"]]), y)

        def predict_proba(self, X):
            return super().predict_proba(np.hstack([X["sepal"], X["petal"]]))

    pool = {"sepal": X[:, :2], "petal": X[:, 2:]}
    seed = {name: part[SEED] for name, part in pool.items()}
    active = ActiveLearner(OfDict(max_iter=300), margin_sampling, X_training=seed, y_training=y[SEED])
    indices, rows = active.query(pool, n_instances=4, chunk_size=40)
    np.testing.assert_array_equal(indices, learner(query_strategy=margin_sampling).query(X, n_instances=4)[0])
    active.teach(rows, y[indices])
    assert active.X_training["petal"].shape == (10, 2)


@pytest.mark.parametrize("make", [np.asarray, list, pd.Series, pl.Series, lambda names: names.astype(object)])
def test_labels_of_every_kind(make):
    labels = make(np.array(["setosa", "versicolor", "virginica"])[y])
    first = labels[SEED] if not isinstance(labels, list) else [labels[i] for i in SEED]
    active = ActiveLearner(LogisticRegression(max_iter=300), X_training=X[SEED], y_training=first)
    indices, rows = active.query(X)
    picked = labels.iloc[indices] if isinstance(labels, pd.Series) else [labels[int(i)] for i in indices]
    active.teach(rows, picked)
    assert len(active.y_training) == len(SEED) + 1


def test_multioutput_labels():
    labels = np.column_stack([y > 0, y > 1]).astype(int)
    active = ActiveLearner(RandomForestClassifier(5, random_state=0), X_training=X[SEED], y_training=labels[SEED])
    active.teach(X[:3], labels[:3])
    assert active.y_training.shape == (9, 2)
    with pytest.raises(ValueError, match="a list of 2 matrices, one for each output"):
        active.query(X)
    indices, _ = ActiveLearner(active.estimator, query_strategy=sl_multilabel()).query(X, n_instances=3)
    assert len(indices) == 3


def sl_multilabel():
    from shortlist.strategies import avg_confidence

    return avg_confidence


def test_text_in_a_pipeline():
    texts = ["good film", "bad film", "good play", "awful play", "dull", "great"]
    active = ActiveLearner(
        make_pipeline(CountVectorizer(), LogisticRegression()), X_training=texts[:2], y_training=["yes", "no"]
    )
    indices, rows = active.query(texts, n_instances=2, chunk_size=2)
    assert rows == [texts[i] for i in indices]
    active.teach(rows, ["yes", "no"])
    assert len(active.X_training) == 4
    assert active.transform_without_estimating(texts).shape == (6, len(active.estimator[0].vocabulary_))


def test_what_a_strategy_may_return():
    def ask(answer, **kwargs):
        return ActiveLearner(Recorder(), query_strategy=lambda learner, X: answer).query(X, **kwargs)

    indices, rows = ask(np.array([3, 7]))
    np.testing.assert_array_equal(indices, [3, 7])
    np.testing.assert_array_equal(rows, X[[3, 7]])
    np.testing.assert_array_equal(ask([3, 7])[1], X[[3, 7]])
    np.testing.assert_array_equal(ask([3])[0], [3])
    index, row = ask(3)
    assert index == 3
    np.testing.assert_array_equal(row, X[3])
    assert ask((3, 0.5), return_metrics=True)[2] == 0.5
    assert ask([np.array([3]), np.array([0.5])], return_metrics=True)[2].tolist() == [0.5]
    with pytest.warns(UserWarning, match="without metrics"):
        assert ask(np.array([3, 7]), return_metrics=True)[2] is None
    with pytest.raises(TypeError, match="accepted are positions"):
        ask(None)
    with pytest.raises(IndexError, match="the pool has 150 rows"):
        ask([150])


def test_a_strategy_that_raises_raises_once():
    calls = []

    def broken(learner, X):
        calls.append(1)
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        ActiveLearner(Recorder(), query_strategy=broken).query(X)
    assert calls == [1]


def test_arguments_go_to_the_strategy():
    def first(learner, X, n_instances=1, *, offset=0):
        return np.arange(n_instances) + offset

    active = ActiveLearner(Recorder(), query_strategy=first)
    assert active.query(X, 3)[0].tolist() == [0, 1, 2]
    assert active.query(X, n_instances=2, offset=5)[0].tolist() == [5, 6]


def test_scikit_learn_conventions():
    active = learner(query_strategy=entropy_sampling, random_state=3)
    params = active.get_params()
    assert params["query_strategy"] is entropy_sampling
    assert params["estimator__max_iter"] == 300
    assert params["random_state"] == 3
    twin = clone(active)
    np.testing.assert_array_equal(twin.X_training, active.X_training)
    assert twin.estimator is not active.estimator
    active.set_params(estimator__C=2.0)
    assert active.estimator.C == 2.0
    assert clone(ActiveLearner(Recorder(), sample_weight=1)).get_params()["sample_weight"] == 1
    assert is_classifier(active)
    assert is_regressor(BayesianOptimizer(GaussianProcessRegressor()))
    check_is_fitted(active)
    with pytest.raises(NotFittedError):
        check_is_fitted(ActiveLearner(LogisticRegression()))
    with pytest.raises(NotFittedError):
        ActiveLearner(LogisticRegression()).predict(X)
    assert active.classes_.tolist() == [0, 1, 2]
    twin = pickle.loads(pickle.dumps(active))
    np.testing.assert_array_equal(twin.query(X, n_instances=3)[0], active.query(X, n_instances=3)[0])
    assert cross_val_score(ActiveLearner(LogisticRegression(max_iter=500)), X, y).mean() > 0.9


def test_repr():
    active = learner(query_strategy=margin_sampling)
    text = "ActiveLearner(estimator=LogisticRegression(max_iter=300), query_strategy=margin_sampling, labelled=6)"
    assert repr(active) == text
    assert "mix_sampling" in repr(learner(query_strategy=sl.mix(0.7)))
    assert "LogisticRegression" in active._repr_html_()
    assert len(repr(ActiveLearner(Recorder(), query_strategy=margin_sampling)).splitlines()) == 1


def test_random_ties_follow_random_state():
    class Flat(Recorder):
        def predict_proba(self, X):
            return np.full((len(X), 2), 0.5)

    def picks(of_learner, **kwargs):
        active = ActiveLearner(Flat(), random_state=of_learner)
        return active.query(X, n_instances=5, random_tie_break=True, **kwargs)[0].tolist()

    assert picks(0) == picks(0) != picks(1)
    assert picks(None, random_state=0) == picks(0)
    assert picks(0, chunk_size=11) == picks(0)
    np.random.seed(0)  # noqa: NPY002 - what modAL draws from
    drawn = picks(None)
    np.random.seed(0)  # noqa: NPY002 - what modAL draws from
    assert picks(None) == drawn
    assert ActiveLearner(Flat()).query(X, n_instances=3)[0].tolist() == [0, 1, 2]
    assert picks(np.random.RandomState(0)) != picks(np.random.default_rng(0))


def test_random_sampling_is_the_baseline():
    active = ActiveLearner(LogisticRegression(), query_strategy=random_sampling, random_state=0)
    indices, _ = active.query(X, n_instances=50)
    assert len(set(indices.tolist())) == 50
    assert indices.tolist() != list(range(50))


def test_estimators_that_learn_on():
    active = ActiveLearner(SGDClassifier(loss="log_loss", random_state=0), X_training=X[SEED], y_training=y[SEED])
    active.estimator.partial_fit(X[:2], y[:2])
    assert active.query(X, n_instances=2)[0].shape == (2,)


def test_bayesian_optimizer_remembers_the_highest():
    optimizer = BayesianOptimizer(Recorder())
    assert optimizer.get_max() == (None, -np.inf)
    optimizer.teach(X[:3], np.array([1.0, 3.0, 2.0]))
    np.testing.assert_array_equal(optimizer.X_max, X[1])
    optimizer.teach(X[3:5], np.array([2.0, 2.5]), only_new=True)
    assert optimizer.y_max == 3.0
    assert len(optimizer.X_training) == 5
    optimizer.fit(X[:2], np.array([0.0, 1.0]))
    assert optimizer.y_max == 1.0
    column = BayesianOptimizer(Recorder(), X_training=X[:3], y_training=np.array([[1.0], [3.0], [2.0]]))
    assert column.y_max == 3.0
    labels = pd.Series([1.0, 3.0], index=[5, 6])
    assert BayesianOptimizer(Recorder(), X_training=pd.DataFrame(X[:2]), y_training=labels).y_max == 3.0


def test_bayesian_optimizer_finds_a_maximum():
    line = np.linspace(0, 10, 201).reshape(-1, 1)
    value = np.sin(line).ravel() + line.ravel() / 10
    for strategy in (max_EI, max_UCB):
        optimizer = BayesianOptimizer(
            GaussianProcessRegressor(optimizer=None), strategy, X_training=line[[0]], y_training=value[[0]]
        )
        for _ in range(12):
            indices, _ = optimizer.query(line)
            optimizer.teach(line[indices], value[indices])
        assert optimizer.y_max > value.max() - 0.05
    with pytest.raises(TypeError, match="does not take return_std=True"):
        BayesianOptimizer(LinearRegression(), X_training=line, y_training=value).query(line)


def test_a_strategy_made_of_parts():
    strategy = sl.make_query_strategy(sl.classifier_uncertainty, multi_argmax)
    active = learner(query_strategy=strategy)
    expected = learner(query_strategy=uncertainty_sampling).query(X, n_instances=4)[0]
    assert active.query(X, n_instances=4)[0].tolist() == expected.tolist()
