"""A learner whose fit fails, or is interrupted, is as it was; what goes with rows stays with them."""

import numpy as np
import pandas as pd
import polars_or_skip as pl
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression, SGDClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from shortlist.learners import ActiveLearner, BayesianOptimizer, Committee, CommitteeRegressor, DeepActiveLearner

X = np.arange(40.0).reshape(20, 2)
y = np.arange(20) % 2


class Model(ClassifierMixin, BaseEstimator):
    """Changes first, and then fails where it is told to."""

    fails = None

    def fit(self, X, y, sample_weight=None):
        self.classes_, self.mean_ = np.unique(y), np.mean(X)
        if self.fails is not None:
            raise self.fails
        return self

    def predict(self, X):
        return np.full(len(X), self.mean_)


class Network(Model):
    """Writes into its weights, as networks do."""

    def initialize(self):
        self.weights = {"layer": np.zeros(1)}

    def partial_fit(self, X, y):
        self.weights["layer"] += np.mean(X)
        return Model.fit(self, X, y)


def learner(model):
    return ActiveLearner(model, X_training=X[:10], y_training=y[:10])


def one(models):
    return learner(models[0])


def pipeline(models):
    return learner(make_pipeline(StandardScaler(), models[0]))


def committee(models):
    return Committee([learner(model) for model in reversed(models)])


def regressors(models):
    return CommitteeRegressor([learner(model) for model in reversed(models)])


def learner_of_a_committee(models):
    return learner(committee(models))


def optimizer(models):
    return BayesianOptimizer(models[0], X_training=X[:10], y_training=y[:10].astype(float))


def network(models):
    deep = DeepActiveLearner(Network())
    deep.teach(X[:10], y[:10])
    models[0] = deep.estimator
    return deep


HOLDERS = [one, pipeline, committee, regressors, learner_of_a_committee, optimizer, network]
ACTIONS = {
    "teach": lambda held: held.teach(X[10:13], y[10:13] + 5.0),
    "bootstrap": lambda held: held.teach(X[10:13], y[10:13] + 5.0, bootstrap=True),
    "only new": lambda held: held.teach(
        X[10:13], y[10:13] + 5.0, **({} if isinstance(held, DeepActiveLearner) else {"only_new": True})
    ),
    "fit": lambda held: held.fit(X[10:18], y[10:18] + 5.0),
    "rebag": lambda held: held.rebag() if hasattr(held, "rebag") else held.fit(X[10:18], y[10:18], bootstrap=True),
}


def state(held):
    """Return all that a learner holds, as text, with the identity of its models."""
    if isinstance(held, list | tuple):
        return [state(part) for part in held]
    if isinstance(held, dict):
        return {name: state(part) for name, part in held.items()}
    if hasattr(held, "fit"):
        return id(held), {name: state(part) for name, part in vars(held).items() if name != "fails"}
    return repr(held)


@pytest.mark.filterwarnings("ignore:y brings labels", "ignore:only_new=True fitted")
@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
@pytest.mark.parametrize("action", ACTIONS)
@pytest.mark.parametrize("holder", HOLDERS, ids=lambda holder: holder.__name__)
def test_a_fit_that_fails_leaves_the_learner_as_it_was(holder, action, error):
    models = [Model(), Model()]
    held = holder(models)
    models[0].fails = error("told to")
    before = state(held)
    with pytest.raises(error, match="told to"):
        ACTIONS[action](held)
    assert state(held) == before
    models[0].fails = None
    ACTIONS[action](held)
    assert state(held) != before


@pytest.mark.parametrize(
    "model",
    [
        SGDClassifier(loss="log_loss", warm_start=True, max_iter=5),
        MLPClassifier((4,), max_iter=5, warm_start=True),
        RandomForestClassifier(3, warm_start=True),
    ],
    ids=lambda model: type(model).__name__,
)
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.filterwarnings("ignore:Warm-start fitting without increasing")
def test_models_that_go_on_from_where_they_were(model, monkeypatch):
    active = learner(model)
    before, fit = active.predict_proba(X), type(model).fit

    def interrupted(self, X, y):
        if hasattr(self, "n_estimators"):
            self.n_estimators += 2
        fit(self, X, y)
        raise KeyboardInterrupt

    monkeypatch.setattr(type(model), "fit", interrupted)
    with pytest.raises(KeyboardInterrupt):
        active.teach(X[10:], y[10:])
    np.testing.assert_array_equal(active.predict_proba(X), before)
    assert active.estimator is model
    assert len(active.X_training) == 10


def test_the_next_batch_is_taught_after_a_bad_one():
    frame = pd.DataFrame({"a": X[:, 0]})
    active = ActiveLearner(LogisticRegression(), X_training=frame[:10], y_training=y[:10])
    with pytest.raises(ValueError, match="column 'a' came as .*, and is float64 in the known rows"):
        active.teach(pd.DataFrame({"a": ["oops"]}), y[10:11])
    with pytest.raises(ValueError, match="one weight for each"):
        active.teach(frame[10:12], y[10:12], sample_weight=np.ones(2))
    active.teach(frame[10:12], y[10:12], sample_weight=np.ones(12))
    assert len(active.X_training) == 12


def test_a_committee_adds_to_all_members_or_to_none():
    group = Committee([learner(Model()), ActiveLearner(Model(), X_training=X[:10, :1], y_training=y[:10])])
    with pytest.raises(ValueError, match="does not agree"):
        group.add(X[10:12], y[10:12])
    assert [len(member.X_training) for member in group] == [10, 10]


def test_there_is_something_to_fit_on():
    with pytest.raises(ValueError, match="no rows are known to fit on; give X_training"):
        Committee([ActiveLearner(Model())]).rebag()
    with pytest.raises(ValueError, match="X has 3 rows and y has 4"):
        ActiveLearner(Model(), X_training=X[:3], y_training=y[:4], bootstrap_init=True)


class Weighted(Model):
    """Its weights, groups and costs are the first feature."""

    def fit(self, X, y, sample_weight=None, groups=None, costs=None, classes=None, feature_names=None):
        for given in (sample_weight, groups, costs):
            if given is not None:
                np.testing.assert_array_equal(np.asarray(given), np.asarray(X)[:, 0])
        for given in (classes, feature_names):
            assert given in (None, list(range(len(X))))
        return super().fit(X, y)


@pytest.mark.parametrize("make", [np.asarray, list, pd.Series, pl.Series], ids=lambda make: make.__module__)
def test_what_has_an_entry_a_row_is_resampled_with_the_rows(make):
    first = make(X[:10, 0])
    seeds = range(3)
    names = {"classes": list(range(10)), "feature_names": list(range(10))}
    for seed in seeds:
        ActiveLearner(
            Weighted(),
            X_training=X[:10],
            y_training=y[:10],
            bootstrap_init=True,
            random_state=seed,
            sample_weight=first,
            groups=first,
            costs=first,
            **names,
        )
    members = [
        ActiveLearner(Weighted(), X_training=X[:8], y_training=y[:8], random_state=seed, sample_weight=make(X[:8, 0]))
        for seed in seeds
    ]
    group = Committee(members)
    group.teach(X[8:10], y[8:10], bootstrap=True, sample_weight=first)
    group.rebag(sample_weight=first)
    group.fit(X[:10], y[:10], bootstrap=True, sample_weight=first)
    group.teach(X[:2], y[:2], only_new=True, bootstrap=True, sample_weight=make(X[:2, 0]))


@pytest.mark.parametrize("labels", [[0, 0, 0, 1], ["a", "b", "c", "d"], [[0], [1], [0], [2]]])
def test_a_resample_has_every_class(labels):
    for seed in range(20):
        active = ActiveLearner(Model(), X_training=X[:4], y_training=labels, bootstrap_init=True, random_state=seed)
        assert active.classes_.tolist() == np.unique(labels).tolist()


def test_a_resample_of_measurements_is_any():
    values = np.arange(10.0)

    class Kept(LinearRegression):
        def fit(self, X, y):
            self.distinct_ = len(np.unique(y))
            return super().fit(X, y)

    active = ActiveLearner(Kept(), X_training=X[:10], y_training=values, bootstrap_init=True, random_state=0)
    assert active.estimator.distinct_ < 10


FORGETS = "the estimator came fitted on rows the learner does not know, and forgets them"
LABELS = [0, 1, 0, 1]


def trained(model=LogisticRegression):
    return model().fit(X[:16], y[:16])


@pytest.mark.parametrize(
    "teach",
    [
        lambda: ActiveLearner(trained()).teach(X[16:], LABELS),
        lambda: ActiveLearner(trained()).teach(X[16:], LABELS, only_new=True),
        lambda: ActiveLearner(make_pipeline(StandardScaler(), LogisticRegression()).fit(X, y)).teach(X[16:], LABELS),
        lambda: BayesianOptimizer(trained(LinearRegression)).teach(X[16:], LABELS),
        lambda: Committee([ActiveLearner(trained()), ActiveLearner(trained())]).teach(X[16:], LABELS),
        lambda: CommitteeRegressor([ActiveLearner(trained(LinearRegression))]).teach(X[16:], LABELS),
    ],
)
def test_a_trained_model_that_will_forget_is_said_once(teach):
    with pytest.warns(UserWarning, match=FORGETS) as told:
        teach()
    assert len(told) == 1
    assert told[0].filename == __file__


def test_a_trained_model_is_said_to_forget_after_add():
    active = ActiveLearner(trained())
    active.add(X[16:], LABELS)
    with pytest.warns(UserWarning, match="fitted anew on the 6 rows"):
        active.teach(X[:2], y[:2])
    active.teach(X[:2], y[:2])
    group = Committee([ActiveLearner(trained())])
    group.add(X[16:], LABELS)
    with pytest.warns(UserWarning, match=FORGETS):
        group.rebag()


def test_nothing_is_said_where_nothing_is_forgotten():
    ActiveLearner(trained(), X_training=X[:16], y_training=y[:16]).teach(X[16:], LABELS)
    ActiveLearner(trained()).fit(X[16:], LABELS)
    ActiveLearner(LogisticRegression(warm_start=True).fit(X, y)).teach(X[16:], LABELS)
    ActiveLearner(LogisticRegression(warm_start=True).fit(X, y)).teach(X[16:], LABELS, only_new=True)
    ActiveLearner(LogisticRegression()).teach(X[16:], LABELS)


def test_a_model_that_answers_to_any_name():
    from unittest.mock import MagicMock

    from shortlist.learners.whole import State

    class Stub:
        def __init__(self):
            self.partial_fit = MagicMock()

        def fit(self, X, y):
            return self

    model = Stub()
    kept = State(model)
    model.score = 1
    kept.restore()
    assert set(vars(model)) == {"partial_fit"}
