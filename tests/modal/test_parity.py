"""The same picks and scores as modAL, on real data, for every strategy: from its definitions, and from it where installed."""

import warnings

import definitions
import numpy as np
import pytest
from sklearn.datasets import load_breast_cancer, load_digits, load_iris
from sklearn.ensemble import RandomForestClassifier
from sklearn.gaussian_process import GaussianProcessClassifier, GaussianProcessRegressor
from sklearn.gaussian_process.kernels import RBF, WhiteKernel
from sklearn.linear_model import LogisticRegression
from sklearn.multiclass import OneVsRestClassifier
from sklearn.preprocessing import StandardScaler

from shortlist.modal import acquisition, batch, density, disagreement, expected_error, multilabel, uncertainty
from shortlist.modal.models import ActiveLearner, BayesianOptimizer, Committee, CommitteeRegressor

DATA = {"iris": load_iris, "breast_cancer": load_breast_cancer, "digits": load_digits}
MODELS = {
    "logistic": lambda: LogisticRegression(max_iter=300),
    "forest": lambda: RandomForestClassifier(n_estimators=10, random_state=0),
    "gaussian_process": lambda: GaussianProcessClassifier(RBF(2.0), optimizer=None),
}
try:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import modAL.batch
        import modAL.density
        import modAL.disagreement
        import modAL.models
        import modAL.multilabel
        import modAL.uncertainty
    PEER = modAL
except ImportError:
    PEER = None

needs_peer = pytest.mark.skipif(PEER is None, reason="modAL is not installed")


@pytest.fixture(params=DATA, scope="module")
def data(request):
    X, y = DATA[request.param](return_X_y=True)
    X = StandardScaler().fit_transform(X)
    seed = np.concatenate([np.flatnonzero(y == label)[:4] for label in np.unique(y)])
    pool = np.delete(np.arange(len(X)), seed)[:120]
    return X[seed], y[seed], X[pool]


def agree(picks, scores, n_instances, order):
    """Picks are the best of `scores`, best first; where scores are distinct that is one set only."""
    indices, metrics = picks
    assert len(indices) == len(set(indices.tolist())) == n_instances
    np.testing.assert_allclose(metrics, scores[indices], rtol=1e-12, atol=1e-12)
    best = np.sort(scores)[:n_instances] if order == "lowest" else -np.sort(-scores)[:n_instances]
    np.testing.assert_allclose(metrics, best, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("name", ["uncertainty", "margin", "entropy"])
def test_uncertainty(data, model, name):
    X, y, pool = data
    learner = ActiveLearner(MODELS[model](), X_training=X, y_training=y)
    proba = learner.predict_proba(pool)
    scores = {"uncertainty": definitions.uncertainty, "margin": definitions.margin, "entropy": definitions.row_entropy}
    order = "lowest" if name == "margin" else "highest"
    expected = scores[name](proba)
    measured = getattr(uncertainty, f"classifier_{name}")(learner, pool)
    np.testing.assert_allclose(measured, expected, rtol=1e-12, atol=1e-12)
    np.testing.assert_array_equal(getattr(uncertainty, f"_proba_{name}")(proba), measured)
    sampling = getattr(uncertainty, f"{name}_sampling")
    for n_instances, how in ((1, {}), (7, {"chunk_size": 13}), (len(pool), {"random_tie_break": True})):
        agree(sampling(learner, pool, n_instances, **how), expected, n_instances, order)
    if PEER:
        theirs = getattr(PEER.uncertainty, f"{name}_sampling")(learner, pool, 7)
        np.testing.assert_allclose(np.sort(sampling(learner, pool, 7)[1]), np.sort(theirs[1]), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("name", ["vote_entropy", "consensus_entropy", "max_disagreement"])
def test_committee(data, name):
    X, y, pool = data
    members = [ActiveLearner(MODELS[model](), X_training=X, y_training=y) for model in MODELS]
    committee = Committee(members)
    vote_proba = np.stack([member.predict_proba(pool) for member in members], axis=1)
    np.testing.assert_array_equal(committee.vote_proba(pool), vote_proba)
    np.testing.assert_array_equal(committee.predict_proba(pool), vote_proba.mean(axis=1))
    votes = np.stack([member.predict(pool) for member in members], axis=1)
    np.testing.assert_array_equal(committee.vote(pool), votes)
    expected = {
        "vote_entropy": lambda: definitions.vote_entropy(votes, np.unique(y)),
        "consensus_entropy": lambda: definitions.consensus_entropy(vote_proba),
        "max_disagreement": lambda: definitions.max_disagreement(vote_proba),
    }[name]()
    measure = disagreement.KL_max_disagreement if name == "max_disagreement" else getattr(disagreement, name)
    np.testing.assert_allclose(measure(committee, pool), expected, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(measure(committee, pool, chunk_size=17), expected, rtol=1e-12, atol=1e-12)
    sampling = getattr(disagreement, f"{name}_sampling")
    for chunk_size in ("auto", 17):
        agree(sampling(committee, pool, 9, chunk_size=chunk_size), expected, 9, "highest")
    if PEER:
        theirs = getattr(PEER.disagreement, f"{name}_sampling")(committee, pool, 9)
        ours = sampling(committee, pool, 9)
        np.testing.assert_allclose(np.sort(ours[1]), np.sort(theirs[1]), rtol=1e-12, atol=1e-12)


def test_regressors(data):
    X, _, pool = data
    kernel = RBF(3.0) + WhiteKernel(0.1)
    members = []
    for half in (slice(0, None, 2), slice(1, None, 2)):
        regressor = GaussianProcessRegressor(kernel, optimizer=None)
        members.append(ActiveLearner(regressor, X_training=X[half], y_training=X[half, 0]))
    committee = CommitteeRegressor(members)
    vote = np.stack([member.predict(pool) for member in members], axis=1)
    mean, std = committee.predict(pool, return_std=True)
    np.testing.assert_array_equal(mean, vote.mean(axis=1))
    np.testing.assert_array_equal(std, vote.std(axis=1))
    agree(disagreement.max_std_sampling(committee, pool, 5), vote.std(axis=1), 5, "highest")
    _, std = members[0].predict(pool, return_std=True)
    agree(disagreement.max_std_sampling(members[0], pool, 5, chunk_size=50), std, 5, "highest")


@pytest.mark.parametrize("name", ["PI", "EI", "UCB"])
def test_acquisition(data, name):
    X, _, pool = data
    regressor = GaussianProcessRegressor(RBF(3.0) + WhiteKernel(0.1), optimizer=None)
    optimizer = BayesianOptimizer(regressor, X_training=X, y_training=X[:, 0])
    mean, std = regressor.predict(pool, return_std=True)
    highest = X[:, 0].max()
    assert optimizer.get_max()[1] == highest
    expected = {
        "PI": definitions.probability_of_improvement(mean, std, highest, 0.1),
        "EI": definitions.expected_improvement(mean, std, highest, 0.1),
        "UCB": mean + 0.1 * std,
    }[name]
    np.testing.assert_allclose(
        getattr(acquisition, f"optimizer_{name}")(optimizer, pool, 0.1), expected, rtol=1e-11, atol=1e-12
    )
    indices, values = getattr(acquisition, f"max_{name}")(optimizer, pool, 0.1, 6)
    np.testing.assert_allclose(values, -np.sort(-expected)[:6], rtol=1e-11, atol=1e-12)
    assert len(set(indices.tolist())) == 6


@pytest.mark.parametrize("metric", ["euclidean", "manhattan", "cosine", lambda a, b: np.abs(a - b).max()])
def test_ranked_batch(data, metric):
    X, y, pool = data
    pool = pool[:60, :8]
    X = X[:, :8]
    learner = ActiveLearner(LogisticRegression(max_iter=300), X_training=X, y_training=y)
    uncertainties = definitions.uncertainty(learner.predict_proba(pool))
    indices, metrics = batch.uncertainty_batch_sampling(learner, pool, n_instances=12, metric=metric)
    assert indices.tolist() == definitions.ranked_batch(pool, X, uncertainties, 12, metric)
    np.testing.assert_allclose(metrics, uncertainties[indices], rtol=1e-12)
    if PEER:
        theirs, _ = PEER.batch.uncertainty_batch_sampling(learner, pool, n_instances=12, metric=metric)
        assert indices.tolist() == theirs.tolist()


def test_ranked_batch_of_a_cold_start(data):
    _, _, pool = data
    pool = pool[:50, :8]
    learner = ActiveLearner(LogisticRegression(), query_strategy=batch.uncertainty_batch_sampling)
    indices, rows = learner.query(pool, n_instances=9)
    assert indices.tolist() == definitions.ranked_batch(pool, None, np.ones(50), 9)
    np.testing.assert_array_equal(rows, pool[indices])


@pytest.mark.parametrize("metric", ["euclidean", "cosine"])
def test_density(data, metric):
    pool = data[2][:80]
    np.testing.assert_allclose(density.information_density(pool, metric), definitions.density(pool, metric), rtol=1e-7)
    if PEER:
        theirs = PEER.density.information_density(pool, metric)
        np.testing.assert_allclose(density.information_density(pool, metric), theirs, rtol=1e-7)


@pytest.mark.parametrize("loss", ["binary", "log"])
@pytest.mark.parametrize("name", DATA)
def test_expected_error(name, loss):
    X, y = DATA[name](return_X_y=True)
    X = StandardScaler().fit_transform(X)[:, 2:6] if name == "digits" else StandardScaler().fit_transform(X)[:, :4]
    seed = np.concatenate([np.flatnonzero(y == label)[:3] for label in np.unique(y)])
    pool = X[20:120:20] if name == "digits" else X[20:120:12]
    learner = ActiveLearner(LogisticRegression(), X_training=X[seed], y_training=y[seed])
    measure = definitions.uncertainty if loss == "binary" else definitions.row_entropy
    expected = definitions.expected_error(learner.estimator, X[seed], y[seed], pool, measure)
    indices, errors = expected_error.expected_error_reduction(learner, pool, loss=loss, n_instances=3)
    assert indices.tolist() == np.argsort(expected, kind="stable")[:3].tolist()
    np.testing.assert_allclose(errors, np.sort(expected)[:3], rtol=1e-10)


@pytest.mark.parametrize("classes", [2, 3, 7])
def test_multilabel(data, classes):
    X, _, pool = data
    draw = np.random.default_rng(0)
    labels = (X @ draw.normal(size=(X.shape[1], classes)) > 0).astype(int)
    labels[0], labels[1] = 0, 1
    classifier = OneVsRestClassifier(LogisticRegression(max_iter=300)).fit(X, labels)
    proba, predicted = classifier.predict_proba(pool), classifier.predict(pool)
    expected = {
        "max_loss": (definitions.svm_max_loss(predicted, proba.argmax(axis=1)), "highest"),
        "mean_max_loss": (definitions.svm_mean_loss(predicted), "highest"),
        "min_confidence": (proba.min(axis=1), "lowest"),
        "avg_confidence": (proba.mean(axis=1), "highest"),
        "max_score": ((proba * (predicted - 0.5)).max(axis=1), "highest"),
        "avg_score": ((proba * (predicted - 0.5)).mean(axis=1), "highest"),
    }
    for name, (scores, order) in expected.items():
        strategy = getattr(multilabel, name)
        agree(strategy(classifier, pool, 5), scores, 5, order)
        agree(strategy(classifier, pool, 5, chunk_size=31), scores, 5, order)
        if PEER:
            theirs = getattr(PEER.multilabel, name)(classifier, pool, 5)
            np.testing.assert_allclose(np.sort(strategy(classifier, pool, 5)[1]), np.sort(theirs[1]), rtol=1e-12)
    np.testing.assert_allclose(multilabel._SVM_loss(classifier, pool), expected["mean_max_loss"][0])
    learner = ActiveLearner(classifier)
    distances = np.abs([member.decision_function(pool) for member in classifier.estimators_]).min(axis=0)
    assert multilabel.SVM_binary_minimum(learner, pool) == distances.argmin()
    assert multilabel.SVM_binary_minimum(learner, pool, random_tie_break=True)[0][0] == distances.argmin()
