"""The diversity functions as strategies: the picks of the functions, from what a learner knows."""

import numpy as np
import pytest
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import shortlist as sl
from shortlist.learners import ActiveLearner

X, y = load_iris(return_X_y=True)
SEED = np.concatenate([np.flatnonzero(y == label)[:3] for label in range(3)])
POOL = np.delete(X, SEED, axis=0)


def learner(strategy=sl.uncertainty_sampling, **options):
    return ActiveLearner(LogisticRegression(max_iter=500), strategy, X[SEED], y[SEED], **options)


def proba(model=None):
    return (model or learner()).predict_proba(POOL)


PAIRS = {
    "k_center": (sl.k_center_sampling, lambda: sl.k_center(POOL, 9, labelled=X[SEED])),
    "kmeans_plus_plus": (
        sl.kmeans_plus_plus_sampling,
        lambda: sl.kmeans_plus_plus(POOL, 9, labelled=X[SEED], random_state=5),
    ),
    "badge": (sl.badge_sampling, lambda: sl.badge(proba(), POOL, 9, random_state=5)),
    "cluster_margin": (sl.cluster_margin_sampling, lambda: sl.cluster_margin(proba(), 9, X=POOL, random_state=5)),
    "typiclust": (sl.typiclust_sampling, lambda: sl.typiclust(POOL, 9, labelled=X[SEED], random_state=5)),
    "herding": (sl.herding_sampling, lambda: sl.herding(POOL, 9, labelled=X[SEED], random_state=5)),
}


@pytest.mark.parametrize("name", PAIRS)
def test_a_learner_gets_the_picks_of_the_function(name):
    strategy, function = PAIRS[name]
    seed = {} if name == "k_center" else {"random_state": 5}
    wanted = function()
    indices, scores = strategy(learner(), POOL, 9, **seed)
    np.testing.assert_array_equal(indices, wanted.indices)
    np.testing.assert_array_equal(scores, wanted.scores)
    again, rows = learner(strategy).query(POOL, n_instances=9, **seed)
    np.testing.assert_array_equal(again, wanted.indices)
    np.testing.assert_array_equal(rows, POOL[again])
    with pytest.raises(ValueError, match="n_instances came as 200; the pool has 141 rows"):
        strategy(learner(), POOL, 200)


@pytest.mark.parametrize("name", ["k_center", "kmeans_plus_plus", "typiclust", "herding"])
def test_those_that_ask_no_model_pick_the_first_labels_of_all(name):
    indices, _ = ActiveLearner(LogisticRegression(), PAIRS[name][0]).query(POOL, n_instances=5)
    assert len(set(indices.tolist())) == 5


def test_features_are_those_the_model_sees():
    pipe = make_pipeline(StandardScaler(), LogisticRegression(max_iter=500))
    active = ActiveLearner(pipe, sl.k_center_sampling, X[SEED], y[SEED], on_transformed=True)
    scaled = pipe[0].transform(POOL)
    wanted = sl.k_center(scaled, 6, labelled=pipe[0].transform(X[SEED])).indices
    np.testing.assert_array_equal(active.query(POOL, n_instances=6)[0], wanted)


def test_probabilities_are_asked_for_in_blocks():
    blocks = []

    class Counting(LogisticRegression):
        def predict_proba(self, X):
            blocks.append(len(X))
            return super().predict_proba(X)

    active = ActiveLearner(Counting(max_iter=500), sl.badge_sampling, X[SEED], y[SEED])
    indices, _ = active.query(POOL, n_instances=4, random_state=1, chunk_size=50)
    assert blocks == [50, 50, 41]
    np.testing.assert_array_equal(indices, sl.badge(proba(), POOL, 4, random_state=1).indices)


def test_options_go_through():
    clusters = np.arange(len(POOL)) % 7
    picks, _ = sl.cluster_margin_sampling(learner(), POOL, 7, clusters=clusters)
    np.testing.assert_array_equal(picks, sl.cluster_margin(proba(), 7, clusters=clusters).indices)
    uncertainty = sl.classifier_uncertainty(learner(), POOL)
    picks, _ = sl.herding_sampling(learner(), POOL, 5, measure=sl.classifier_uncertainty, kernel="laplacian", scale=1.0)
    wanted = sl.herding(POOL, 5, weights=uncertainty, kernel="laplacian", scale=1.0, labelled=X[SEED])
    np.testing.assert_array_equal(picks, wanted.indices)
    picks, _ = sl.k_center_sampling(ActiveLearner(LogisticRegression()), POOL, 3, init=17, metric="manhattan")
    np.testing.assert_array_equal(picks, sl.k_center(POOL, 3, init=17, metric="manhattan").indices)


def test_the_seed_is_the_learners_or_numpys():
    picks = []
    for _ in range(2):
        np.random.seed(7)  # noqa: NPY002
        picks.append(sl.badge_sampling(learner(), POOL, 5)[0].tolist())
    assert picks[0] == picks[1]
    model = learner()
    model.random_state = 5
    assert sl.badge_sampling(model, POOL, 9)[0].tolist() == PAIRS["badge"][1]().indices.tolist()
