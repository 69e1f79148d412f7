"""What a learner adds: queries of a model that answers from memory, so that all the time is Shortlist's."""

import numpy as np
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin

import shortlist as sl


class FromMemory(ClassifierMixin, BaseEstimator):
    """Its answer to a row is the row itself."""

    def fit(self, X, y):
        self.classes_ = np.unique(y)
        return self

    def predict_proba(self, X):
        return X

    def predict(self, X):
        return X.argmax(axis=1)


def learner(probs, strategy):
    return sl.ActiveLearner(FromMemory(), strategy, X_training=probs[:10], y_training=np.arange(10), random_state=0)


STRATEGIES = ["margin_sampling", "entropy_sampling", "random_sampling", "k_center_sampling", "badge_sampling"]


@pytest.mark.benchmark(group="learner: 20 of 20,000 x 10")
@pytest.mark.parametrize("strategy", [*STRATEGIES, "uncertainty_batch_sampling"])
def test_query(benchmark, probs, strategy):
    pool = probs(10)[:20_000]
    asked = learner(pool, getattr(sl, strategy))
    picks, rows = benchmark(asked.query, pool, n_instances=20)
    assert len(picks) == len(rows) == 20


@pytest.mark.benchmark(group="learner: 20 of 20,000 x 10")
def test_the_same_without_a_learner(benchmark, probs):
    benchmark(sl.select, probs(10)[:20_000], "margin", 20)


@pytest.mark.benchmark(group="committee: 20 of 20,000 x 10")
@pytest.mark.parametrize("strategy", ["vote_entropy_sampling", "consensus_entropy_sampling", "bald_sampling"])
def test_committee(benchmark, probs, strategy):
    pool = probs(10)[:20_000]
    committee = sl.Committee([learner(pool, sl.margin_sampling) for _ in range(4)], getattr(sl, strategy))
    benchmark(committee.query, pool, n_instances=20)


@pytest.mark.benchmark(group="learner: teach 20 rows to one of 1,000")
def test_teach(benchmark, probs):
    pool = probs(10)[:1000]
    labels = np.arange(1000) % 10

    def fresh():
        return (sl.ActiveLearner(FromMemory(), X_training=pool, y_training=labels), pool[:20], labels[:20]), {}

    benchmark.pedantic(lambda one, X, y: one.teach(X, y), setup=fresh, rounds=50)
