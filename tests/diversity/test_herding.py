"""herding(): the greedy loop as defined, reference rows, weights, labelled rows, bad input."""

import diversity_oracles as oracles
import numpy as np
import pytest

import shortlist as sl

rng = np.random.default_rng(12)
X = rng.normal(size=(400, 6))
SEEN = rng.normal(size=(9, 6))
KERNELS = {
    "top_hat": lambda d: (d <= 2.0).astype(float),
    "gaussian": lambda d: np.exp(-(d**2) / 8.0),
    "laplacian": lambda d: np.exp(-d / 2.0),
    "cosine": lambda d: np.clip(1 - d, 0, 1),
}


def distances(a, b, metric):
    if metric == "cosine":
        return 1 - (a @ b.T) / np.linalg.norm(a, axis=1)[:, None] / np.linalg.norm(b, axis=1)
    difference = a[:, None] - b[None]
    return np.abs(difference).sum(axis=2) if metric == "manhattan" else np.sqrt((difference**2).sum(axis=2))


def greedily(kernel, k, metric="euclidean", references=None, weights=None, labelled=None, ids=None):
    """Row by row over the whole matrix of similarities; the lowest id of what is equal but for rounding."""
    references = np.arange(len(X)) if references is None else references
    near = KERNELS[kernel](distances(X, X[references], metric))
    weights = np.ones(len(references)) if weights is None else weights[references]
    covered = np.zeros(len(references))
    if labelled is not None:
        covered = KERNELS[kernel](distances(labelled, X[references], metric)).max(axis=0)
    left = np.arange(len(X)) if ids is None else np.array(ids)
    picks, gains = [], []
    for _ in range(k):
        gain = np.maximum(near[left] - covered, 0) @ weights
        best = int(np.flatnonzero(gain >= gain.max() - 1e-10)[0])
        picks.append(int(left[best]))
        gains.append(gain[best])
        covered = np.maximum(covered, near[left[best]])
        left = np.delete(left, best)
    return picks, gains, covered @ weights / weights.sum()


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("labelled", [None, SEEN])
def test_picks_are_those_of_the_dense_loop(kernel, labelled):
    metric = "cosine" if kernel == "cosine" else "euclidean"
    picks = sl.herding(X, 60, kernel=kernel, scale=2.0, labelled=labelled)
    wanted, gains, covered = greedily(kernel, 60, metric, labelled=labelled)
    assert picks.indices.tolist() == wanted
    np.testing.assert_allclose(picks.scores, gains, rtol=1e-9, atol=1e-12)
    assert picks.report.covered == pytest.approx(covered)
    assert f"{covered:.1%} of the reference rows covered" in repr(picks)


def test_weights_references_metric_and_among():
    weights = rng.random(400) ** 3
    references = np.sort(rng.choice(400, 150, replace=False))
    ids = np.sort(rng.choice(400, 200, replace=False))
    for kernel in ("gaussian", "top_hat"):
        picks = sl.herding(
            X, 40, kernel=kernel, scale=2.0, metric="manhattan", weights=weights, references=references, among=ids
        )
        assert picks.indices.tolist() == greedily(kernel, 40, "manhattan", references, weights, ids=ids)[0]


def test_references_are_drawn_by_the_seed():
    once = sl.herding(X, 20, references=100, random_state=3)
    assert sl.herding(X, 20, references=100, random_state=once.report.seed) == once
    assert once.report.seed == 3
    drawn = sl.sample(400, 100, random_state=3).indices
    assert once.indices.tolist() == sl.herding(X, 20, references=drawn).indices.tolist()
    assert sl.herding(X, 20, references=400).report.seed is None
    assert sl.herding(X, 20, references=100, random_state=4) != once


def test_the_scale_is_the_median_distance():
    apart = distances(X, X, "euclidean")[np.triu_indices(400, 1)]
    low, high = np.quantile(apart, [0.4, 0.6])
    assert low < sl.herding(X, 1).report.scale < high
    assert "at scale" in repr(sl.herding(X, 1))


@pytest.mark.parametrize("threads", [1, 2, 5])
def test_threads_layouts_and_dtypes_do_not_change_the_picks(threads):
    narrow = X.astype(np.float16)
    wanted = sl.herding(narrow.astype(float), 50, labelled=SEEN, n_threads=1)
    for form in (narrow, np.asfortranarray(narrow), narrow.astype(np.float32), narrow[::-1][::-1]):
        assert sl.herding(form, 50, labelled=SEEN, n_threads=threads) == wanted


def test_once_all_is_covered_the_lowest_ids_follow():
    rows = np.array([[0.0], [0.1], [9.0], [9.1], [0.2]])
    picks = sl.herding(rows, 5, kernel="top_hat", scale=1.0)
    assert picks.indices.tolist() == [0, 2, 1, 3, 4]
    assert picks.scores.tolist() == [3, 2, 0, 0, 0]
    assert (picks.report.filled, picks.report.covered) == (3, 1.0)


def test_equal_rows_zero_rows_one_row_and_all_rows():
    assert sl.herding(np.ones((5, 2)), 3, scale=1.0).indices.tolist() == [0, 1, 2]
    assert sl.herding(np.zeros((5, 2)), 2, kernel="cosine").indices.tolist() == [0, 1]
    assert sl.herding(X[:1], 1, scale=1.0).indices.tolist() == [0]
    assert sorted(sl.herding(X, 400).indices) == list(range(400))
    assert len(sl.herding(X, 0)) == 0
    assert sl.herding(X, 5, weights=np.zeros(400)).indices.tolist() == [0, 1, 2, 3, 4]


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"kernel": "top_hat"}, 'scale is None; accepted for kernel="top_hat"'),
        ({"kernel": "round"}, 'kernel is "round"; accepted are "top_hat", "gaussian", "laplacian", "cosine"'),
        ({"scale": 0.0}, "scale is 0.0; accepted is a finite number above 0"),
        ({"scale": np.nan}, "scale is nan; accepted is a finite number above 0"),
        ({"references": 0}, "references is 0; accepted is a whole number, 1 or more"),
        ({"references": []}, "references has dtype float64|references is empty"),
        ({"references": [400]}, "references has id 400; accepted are 0 to 399"),
        ({"weights": np.ones(3)}, r"weights has shape \(3,\); accepted is \(400,\)"),
        ({"weights": oracles.spoilt(np.ones(400), 7, -1)}, "weights has -1.0 for row 7"),
        ({"weights": oracles.spoilt(np.ones(400), 7, np.nan)}, "weights has nan for row 7"),
        ({"metric": "hamming"}, "metric is 'hamming'; accepted are 'euclidean'"),
        ({"labelled": oracles.spoilt(SEEN, (3, 1), np.nan)}, "labelled row 3 has NaN in column 1"),
        ({"among": [400]}, "among has id 400"),
        ({"k": 401}, "k is 401, and there are 400 rows"),
    ],
)
def test_bad_arguments_are_named(options, sentence):
    with pytest.raises((ValueError, TypeError), match=sentence):
        sl.herding(X, **{"k": 3, **options})


def test_bad_rows_are_named():
    with pytest.raises(ValueError, match="row 8 has inf in column 2; accepted are finite numbers"):
        sl.herding(oracles.spoilt(X, (8, 2), np.inf), 3, references=[1, 2, 3], scale=1.0)
    with pytest.raises(ValueError, match="row 8 has NaN in column 2"):
        sl.herding(oracles.spoilt(X, (8, 2), np.nan), 3)
    with pytest.raises(ValueError, match="too alike"):
        sl.herding(np.ones((9, 2)), 3)


def test_progress_ends_at_k_and_its_error_comes_through():
    told = []
    sl.herding(X, 30, progress=lambda done, all_: told.append((done, all_)))
    assert told[-1] == (30, 30)
    big = rng.normal(size=(60_000, 16)).astype(np.float32)

    def stop(done, all_):
        raise RuntimeError("enough")

    with pytest.raises(RuntimeError, match="enough"):
        sl.herding(big, 5, progress=stop)
