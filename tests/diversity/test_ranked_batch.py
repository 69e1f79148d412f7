"""ranked_batch(): the picks of computing every distance at every step, and those of modAL where it is installed."""

import types
import warnings

import dense
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse
from sklearn.metrics import pairwise_distances

import shortlist as sl
import shortlist.modal.batch
from shortlist import _core

try:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import modAL.batch
    PEER = modAL.batch
except ImportError:
    PEER = None

rng = np.random.default_rng(3)
METRICS = ("euclidean", "sqeuclidean", "cosine", "manhattan")
X = rng.normal(size=(600, 12))
U = rng.random(600) / 2
SEEN = rng.normal(size=(25, 12))


@settings(deadline=None, max_examples=150)
@given(
    seed=st.integers(0, 2**32 - 1),
    metric=st.sampled_from([*METRICS, dense.distances]),
    levels=st.sampled_from([None, 2, 3]),
    balance=st.sampled_from([None, 0, 0.7, 1]),
)
def test_dense_loops_give_the_same_picks(seed, metric, levels, balance):
    draw = np.random.default_rng(seed)
    rows, features, known = int(draw.integers(1, 70)), int(draw.integers(1, 19)), int(draw.integers(0, 9))
    make = draw.normal if levels is None else lambda size: draw.integers(0, levels, size=size).astype(float)
    pool, seen = make(size=(rows, features)), make(size=(known, features)) if known else None
    uncertainty = draw.random(rows) if levels is None else draw.integers(0, 4, size=rows) / 4
    k = int(draw.integers(0, rows + 1))
    if levels is not None and metric != "manhattan":
        metric = "sqeuclidean"  # whole numbers: ties are ties in the oracle too
    if balance is None:
        found, wanted = sl.ranked_batch, dense.ranked_batch(pool, uncertainty, k, seen, metric)
        picks = found(pool, uncertainty, k, labelled=seen, metric=metric)
    else:
        wanted = dense.diverse_uncertain(pool, uncertainty, k, balance, seen, metric)
        picks = sl.diverse_uncertain(pool, uncertainty, k, balance=balance, labelled=seen, metric=metric)
    assert picks.indices.tolist() == wanted


@pytest.mark.skipif(PEER is None, reason="modAL is not installed")
@pytest.mark.parametrize("metric", [*METRICS, "chebyshev"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_picks_of_modal(metric, dtype):
    pool, seen = X.astype(dtype), SEEN.astype(dtype)
    model = types.SimpleNamespace(X_training=seen, on_transformed=False)
    theirs, _ = PEER.ranked_batch(model, pool, U, 60, metric, None)
    ours, known = sl.modal.batch.ranked_batch(model, pool, U, 60, metric)
    np.testing.assert_array_equal(ours, theirs)
    np.testing.assert_array_equal(known, U[theirs])


def test_scores_are_the_values_at_each_pick():
    picks = sl.ranked_batch(X, U, 600, labelled=SEEN)
    assert sorted(picks.indices) == list(range(600))
    known = list(SEEN)
    for step, (row, score) in enumerate(picks):
        nearest = dense.distances(X[[row]], np.array(known)).min()
        alpha = (600 - step) / 625
        assert score == pytest.approx(alpha * (1 - 1 / (1 + nearest)) + (1 - alpha) * U[row], rel=1e-13)
        known.append(X[row])


def test_the_cold_start_is_the_most_central_row_and_is_not_picked_again():
    line = np.array([[0.0], [1.0], [2.5]])
    picks = sl.ranked_batch(line, np.zeros(3), 3)
    assert picks.indices.tolist() == dense.ranked_batch(line, np.zeros(3), 3)
    assert picks.indices[0] == 1
    assert picks.scores[0] == 1
    for metric in METRICS:
        central = dense.distances(X, X, metric).mean(axis=1).argmin()
        assert sl.ranked_batch(X, U, 1, metric=metric).indices.tolist() == [central]


def test_duplicates_and_rows_that_are_all_equal():
    twice = np.repeat(X[:50], 2, axis=0)
    first = sl.ranked_batch(twice, np.repeat(U[:50], 2), 50, labelled=SEEN).indices
    assert sorted(first // 2) == list(range(50))
    assert not (first % 2).any()
    same, uncertainty = np.ones((9, 4)), np.array([1, 3, 2, 3, 0, 0, 2, 1, 3]) / 4
    best = np.lexsort((np.arange(9), -uncertainty))
    np.testing.assert_array_equal(sl.ranked_batch(same, uncertainty, 9, labelled=same[:2]).indices, best)
    assert sl.ranked_batch(same, uncertainty, 9).indices.tolist() == [0, *best[best != 0]]


def test_one_row_no_rows_and_zero_vectors():
    assert sl.ranked_batch(X[:1], U[:1], 1).indices.tolist() == [0]
    assert len(sl.ranked_batch(X, U, 0)) == 0
    assert len(sl.ranked_batch(X[:3], U[:3], 9, strict=False)) == 3
    zeros = np.vstack([np.zeros((2, 12)), X[:20]])
    uncertainty = U[:22]
    for metric in METRICS:
        wanted = dense.ranked_batch(zeros, uncertainty, 22, SEEN, metric)
        assert sl.ranked_batch(zeros, uncertainty, 22, labelled=SEEN, metric=metric).indices.tolist() == wanted


@pytest.mark.parametrize("verb", [sl.ranked_batch, sl.diverse_uncertain])
@pytest.mark.parametrize("labelled", [None, SEEN])
def test_among_names_the_rows_to_pick_from_and_no_other_is_read(verb, labelled):
    some = np.sort(rng.permutation(600)[:130])
    spoilt, odd = X.copy(), U.copy()
    rest = np.setdiff1d(np.arange(600), some)
    spoilt[rest], odd[rest] = np.nan, np.inf
    wanted = some[verb(X[some], U[some], 40, labelled=labelled).indices]
    for among in (some, some[::-1], some.tolist(), sl.ranked_batch(X, U, 130, among=some)):
        np.testing.assert_array_equal(verb(spoilt, odd, 40, labelled=labelled, among=among).indices, wanted)
    np.testing.assert_array_equal(
        verb(spoilt, odd, 40, labelled=labelled, among=some, metric=dense.distances).indices, wanted
    )
    with pytest.raises(ValueError, match="k is 131, and there are 130 rows to pick from"):
        verb(X, U, 131, among=some)


@pytest.mark.parametrize("verb", [sl.ranked_batch, sl.diverse_uncertain])
def test_threads_levels_and_layouts_do_not_show(verb):
    many = rng.normal(size=(30_000, 24)).astype(np.float32)
    many[::3] += 4
    uncertainty, seen = rng.random(30_000), many[:200] + np.float32(0.25)
    wanted = verb(many, uncertainty, 150, labelled=seen, n_threads=1)
    wide = np.repeat(many, 2, axis=1)[:, ::2]
    for other in (many, np.asfortranarray(many), wide, many.astype(np.float64), many.astype(">f4"), many.tolist()):
        picks = verb(other, uncertainty, 150, labelled=seen, n_threads=3)
        np.testing.assert_array_equal(picks.indices, wanted.indices)
        np.testing.assert_array_equal(picks.scores, wanted.scores)
    weights = None if verb is sl.ranked_batch else (0.7, 1 - 0.7)
    for level in _core.build_info()["cpu_levels"]:
        ids, scores = _core.uncertain_batch(
            many, uncertainty, 150, weights=weights, labelled=seen.astype(np.float64), cpu_level=level
        )
        np.testing.assert_array_equal(ids, wanted.indices)
        np.testing.assert_array_equal(scores, wanted.scores)


def test_half_precision_and_files(tmp_path):
    whole = rng.integers(-8, 8, size=(400, 6)).astype(np.float32)
    uncertainty = rng.random(400)
    wanted = sl.ranked_batch(whole, uncertainty, 30, labelled=whole[:4] + 20).indices
    bits = (whole.view(np.uint32) >> 16).astype(np.uint16)
    np.save(tmp_path / "X.npy", whole)
    for pool, dtype in (
        (whole.astype(np.float16), None),
        (bits, "bfloat16"),
        (np.load(tmp_path / "X.npy", mmap_mode="r"), None),
        (tmp_path / "X.npy", None),
        (whole.astype(np.int64), None),
    ):
        picks = sl.ranked_batch(pool, uncertainty, 30, labelled=whole[:4] + 20, dtype=dtype)
        np.testing.assert_array_equal(picks.indices, wanted)


@pytest.mark.parametrize("make", [sparse.csr_matrix, sparse.csc_array, sparse.coo_array])
@pytest.mark.parametrize("metric", METRICS)
def test_sparse_rows(make, metric):
    pool, seen = np.where(X > 0.8, X, 0)[:150], np.where(SEEN > 0.8, SEEN, 0)
    apart = np.unique(pool, axis=0, return_index=True)[1]  # expanded forms leave dust between equal rows
    pool, uncertainty = pool[np.sort(apart)], U[: len(apart)]
    wanted = sl.ranked_batch(pool, uncertainty, 40, labelled=seen, metric=metric).indices
    for known in (seen, make(seen)):
        picks = sl.ranked_batch(make(pool), uncertainty, 40, labelled=known, metric=metric)
        np.testing.assert_array_equal(picks.indices, wanted)


def test_a_callable_is_asked_for_few_distances():
    asked = 0

    def metric(A, B):
        nonlocal asked
        asked += len(A) * len(B)
        return pairwise_distances(A, B, metric="chebyshev")

    picks = sl.ranked_batch(X, U, 100, labelled=SEEN, metric=metric)
    everything = sum((600 - step) * (25 + step) for step in range(100))
    assert asked < everything / 10
    wanted = dense.ranked_batch(X, U, 100, SEEN, lambda A, B: pairwise_distances(A, B, metric="chebyshev"))
    assert picks.indices.tolist() == wanted


MISTAKES = [
    ({"X": X[0]}, ValueError, r"X has 1 dimensions, shape \(12,\); accepted is \(rows, features\)"),
    ({"X": X.astype(str)}, TypeError, "X has dtype"),
    (
        {"uncertainty": U[:5]},
        ValueError,
        r"uncertainty has shape \(5,\); accepted is \(600,\), one number for each row",
    ),
    ({"uncertainty": U.astype(str)}, TypeError, "uncertainty has dtype <U32; accepted are numbers"),
    ({"uncertainty": np.where(U[7] == U, np.nan, U)}, ValueError, "uncertainty of row 7 is nan; accepted are finite"),
    ({"k": -1}, ValueError, "k is -1; accepted is a whole number, 0 or more"),
    ({"k": 2.5}, TypeError, "k is 2.5, a float"),
    ({"k": 601}, ValueError, "k is 601, and there are 600 rows to pick from; strict=False"),
    ({"labelled": SEEN[:, :4]}, ValueError, "labelled has 4 features, and X has 12; they must be equal"),
    ({"labelled": np.where(SEEN[2, 3] == SEEN, np.inf, SEEN)}, ValueError, "labelled row 2 has inf in column 3"),
    ({"metric": "chebyshev"}, ValueError, "metric is 'chebyshev'; accepted are 'euclidean', 'sqeuclidean'"),
    ({"metric": lambda A, B: np.zeros(len(A))}, ValueError, r"metric <lambda> gave shape \(.*\) for blocks of"),
    ({"metric": lambda A, B: np.full((len(A), len(B)), np.nan)}, ValueError, "metric gave NaN for row 0; accepted are"),
    ({"metric": lambda A, B: -np.ones((len(A), len(B)))}, ValueError, "metric gave -1 for row 0; accepted are"),
    ({"among": [1, 600]}, ValueError, "among has id 600; accepted are 0 to 599"),
    ({"among": [1, 1]}, ValueError, "among has id 1 twice"),
    ({"n_threads": 0}, ValueError, "n_threads is 0"),
    ({"dtype": "float8"}, ValueError, "dtype is 'float8'; accepted are None"),
    ({"progress": 3}, TypeError, "progress is a int; accepted is a callable"),
]


@pytest.mark.parametrize("verb", [sl.ranked_batch, sl.diverse_uncertain])
@pytest.mark.parametrize(("wrong", "error", "sentence"), MISTAKES)
def test_mistakes_get_a_sentence(verb, wrong, error, sentence):
    with pytest.raises(error, match=sentence):
        verb(**{"X": X, "uncertainty": U, "k": 3, "labelled": SEEN, **wrong})


@pytest.mark.parametrize("verb", [sl.ranked_batch, sl.diverse_uncertain])
@pytest.mark.parametrize("labelled", [None, SEEN])
def test_the_first_bad_row_is_named(verb, labelled):
    spoilt = X.copy()
    spoilt[571, 2], spoilt[70, 5], spoilt[300, 0] = np.nan, -np.inf, np.nan
    uncertainty = np.where(np.arange(600) == 300, 1, U)
    with pytest.raises(ValueError, match="row 70 has -inf in column 5; accepted are finite numbers"):
        verb(spoilt, uncertainty, 3, labelled=labelled)
    with pytest.raises(ValueError, match="^row 70 has -inf; accepted are finite numbers"):
        verb(sparse.csr_matrix(spoilt), uncertainty, 3, labelled=labelled)


def test_what_a_callable_raises_is_raised():
    def metric(A, B):
        raise ZeroDivisionError("of mine")

    for labelled in (None, SEEN):
        with pytest.raises(ZeroDivisionError, match="of mine"):
            sl.ranked_batch(X, U, 3, labelled=labelled, metric=metric)


@pytest.mark.parametrize("metric", ["euclidean", dense.distances])
def test_progress_ends_with_all_picks(metric):
    seen = []
    sl.ranked_batch(X, U, 40, labelled=SEEN, metric=metric, progress=lambda *done: seen.append(done))
    assert seen[-1] == (40, 40)
    assert seen == sorted(seen)


@pytest.mark.parametrize("labelled", [None, SEEN])
def test_ctrl_c_stops_it(ctrl_c, labelled):
    many = rng.normal(size=(60_000, 12))
    ctrl_c(lambda: sl.ranked_batch(many, np.zeros(60_000), 60_000, labelled=labelled))


def test_the_report():
    picks = sl.ranked_batch(X, U, 5, labelled=SEEN, n_threads=1, among=np.arange(100))
    assert (picks.measure, picks.order) == ("ranked_batch", "highest")
    assert (picks.report.rows, picks.report.bytes, picks.report.n_threads) == (100, 100 * 12 * 8, 1)
    assert sl.ranked_batch(X.astype(int), U, 5).report.copies
