"""DeepActiveLearner and dropout strategies, on current torch and skorch."""

import numpy as np
import pytest
from scipy.special import entr, softmax
from sklearn.base import clone

torch = pytest.importorskip("torch")
skorch = pytest.importorskip("skorch")

import shortlist as sl  # noqa: E402
from shortlist.learners import DeepActiveLearner  # noqa: E402
from shortlist.modal import dropout  # noqa: E402

STRATEGIES = {
    sl.mc_dropout_bald: dropout._bald_divergence,
    sl.mc_dropout_mean_st: dropout._mean_standard_deviation,
    sl.mc_dropout_max_entropy: dropout._entropy,
    sl.mc_dropout_max_variationRatios: dropout._variation_ratios,
}
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")


class Network(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = torch.nn.Sequential(
            torch.nn.Linear(4, 16), torch.nn.ReLU(), torch.nn.Dropout(0.5), torch.nn.Linear(16, 3)
        )

    def forward(self, x):
        return self.layers(x)


class Through(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.scale = torch.nn.Parameter(torch.ones(()))

    def forward(self, x):
        return self.scale * x


@pytest.fixture
def data():
    torch.manual_seed(0)
    X = np.random.default_rng(0).standard_normal((120, 4)).astype(np.float32)
    return X, (X[:, 0] > 0).astype(np.int64) + (X[:, 1] > 0)


def learner(module=Network, **kwargs):
    network = skorch.NeuralNetClassifier(
        module, criterion=torch.nn.CrossEntropyLoss, max_epochs=2, train_split=None, verbose=0
    )
    return DeepActiveLearner(network, **kwargs)


def test_a_loop(data):
    X, y = data
    active = learner(query_strategy=sl.margin_sampling)
    active.fit(X[:40], y[:40])
    weights = active.estimator.module_.layers[0].weight.detach().clone()
    indices, rows = active.query(X, n_instances=5, chunk_size=32)
    np.testing.assert_array_equal(indices, active.query(X, n_instances=5)[0])
    active.teach(rows, y[indices])
    moved = active.estimator.module_.layers[0].weight
    assert not torch.equal(moved, weights)
    active.teach(rows, y[indices], warm_start=False, bootstrap=True)
    active.teach(torch.as_tensor(rows), torch.as_tensor(y[indices]), bootstrap=True)
    assert len(clone(active).query(X, n_instances=2)[0]) == 2
    assert "NeuralNetClassifier" in repr(active)


def test_settings():
    active = learner()
    active.num_epochs, active.batch_size = 3, 7
    assert (active.num_epochs, active.batch_size) == (3, 7)
    assert (active.estimator.max_epochs, active.estimator.batch_size) == (3, 7)
    for name in ("num_epochs", "batch_size"):
        with pytest.raises(ValueError, match="accepted is a positive int"):
            setattr(active, name, 0)
        with pytest.raises(TypeError, match="accepted is an int"):
            setattr(active, name, 1.5)


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_strategies(data, strategy):
    X, _ = data
    active = learner(query_strategy=strategy, random_state=0)
    how = {"num_cycles": 6, "sample_per_forward_pass": 50}
    indices, rows, scores = active.query(X, n_instances=4, return_metrics=True, **how)
    assert (np.diff(scores) <= 0).all()
    np.testing.assert_array_equal(rows, X[indices])
    again = active.query(torch.as_tensor(X), n_instances=4, return_metrics=True, **how)
    np.testing.assert_array_equal(indices, again[0])
    other = active.query(X, n_instances=4, return_metrics=True, random_state=1, **how)
    assert not np.array_equal(scores, other[2])
    assert not any(module.training for module in active.estimator.module_.modules() if "Dropout" in str(type(module)))


def test_softmax_is_of_each_row():
    logits = torch.randn(7, 3)
    active = learner(Through)
    predictions = dropout.get_predictions(active, logits, num_predictions=2, sample_per_forward_pass=3)
    np.testing.assert_allclose(predictions[0], softmax(logits.numpy(), axis=1), rtol=1e-5)
    padded = logits.clone()
    padded[2, 1:] = float("nan")
    (prediction,) = dropout.get_predictions(active, padded, num_predictions=1)
    assert prediction[2, 0] == 1
    assert np.isnan(prediction[2, 1:]).all()
    np.testing.assert_allclose(np.nansum(prediction, axis=1), 1, rtol=1e-6)


def test_scores_against_their_definitions():
    draw = np.random.default_rng(0)
    proba = draw.dirichlet(np.ones(4), size=(5, 9))
    mean = proba.mean(axis=0)
    information = entr(mean).sum(axis=1) - entr(proba).sum(axis=2).mean(axis=0)
    np.testing.assert_allclose(dropout._bald_divergence(list(proba)), information, atol=1e-12)
    np.testing.assert_allclose(dropout._mean_standard_deviation(list(proba)), proba.std(axis=0).mean(axis=1))
    np.testing.assert_allclose(dropout._entropy(list(proba)), entr(proba).sum(axis=0).mean(axis=1))
    np.testing.assert_allclose(dropout._variation_ratios(list(proba)), 1 - mean.max(axis=1))
    np.testing.assert_allclose(dropout.entropy_sum(proba), entr(proba).sum(axis=-1))
    padded = proba.copy()
    padded[:, 3, 2:] = np.nan
    for measure in STRATEGIES.values():
        assert np.isfinite(measure(list(padded))).all()
    assert (dropout._bald_divergence([proba[0].astype(np.float32)] * 3) >= 0).all()


def test_dict_pools_and_bad_arguments():
    class Sum(Through):
        def forward(self, left, right):
            return self.scale * (left + right)

    active = learner(Sum)
    pool = {"left": torch.randn(6, 3), "right": torch.randn(6, 3)}
    active.query_strategy = sl.mc_dropout_bald
    indices, rows = active.query(pool, n_instances=2, num_cycles=2)
    assert torch.equal(rows["left"], pool["left"][indices.tolist()])
    for wrong in ({"num_predictions": 0}, {"sample_per_forward_pass": -5}):
        with pytest.raises(AssertionError, match="accepted is a positive integer"):
            dropout.get_predictions(active, pool, **wrong)


def test_dropout_mode():
    module = Network()
    module.eval()
    dropout.set_dropout_mode(module, [], True)
    assert [layer.training for layer in module.layers] == [False, False, True, False]
    dropout.set_dropout_mode(module, [4], False)
    assert not module.layers[2].training
    with pytest.raises(KeyError, match="is a Linear, not a dropout layer"):
        dropout.set_dropout_mode(module, [2], True)
