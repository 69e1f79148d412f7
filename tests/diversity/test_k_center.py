"""k_center(): the picks of the loop over all rows, whatever the input, the threads and the file."""

from __future__ import annotations

import numpy as np
import pytest
from diversity_oracles import k_center as dense

import shortlist as sl
from shortlist import _core

METRICS = ["euclidean", "sqeuclidean", "cosine", "manhattan"]


def clustered(rows: int, features: int, seed: int, clusters: int = 12) -> np.ndarray:
    rng = np.random.default_rng(seed)
    centres = rng.normal(size=(clusters, features)) * 2
    return (centres[rng.integers(clusters, size=rows)] + rng.normal(size=(rows, features)) * 0.5).astype(np.float32)


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize(("rows", "features", "k"), [(1, 1, 1), (40, 3, 40), (700, 16, 60), (3000, 5, 40)])
def test_the_picks_of_the_plain_loop(metric, rows, features, k):
    X = clustered(rows, features, rows)
    picks = sl.k_center(X, k, metric=metric, init=0)
    ids, distances, radius = dense(X, k, metric=metric, first=0)
    assert picks.indices.tolist() == ids
    np.testing.assert_allclose(picks.scores, distances, rtol=1e-12, atol=1e-7)
    np.testing.assert_allclose(picks.report.cover_radii, [*distances[1:], radius], rtol=1e-12, atol=1e-7)
    assert picks.order == "highest"
    assert picks.measure == f"k_center ({metric})"
    assert picks.rule == "k_center"


def test_a_smaller_k_picks_a_prefix():
    X = clustered(2000, 8, 1)
    many = sl.k_center(X, 100)
    for k in (0, 1, 2, 37):
        assert sl.k_center(X, k).indices.tolist() == many.indices.tolist()[:k]
    assert np.all(np.diff(many.scores[1:]) <= 0)
    assert many.report.cover_radii[:-1] == tuple(many.scores[1:])


def test_labelled_rows_are_kept_away_from():
    X, labelled = clustered(1500, 6, 2), clustered(40, 6, 3)
    picks = sl.k_center(X, 50, labelled=labelled)
    ids, distances, _ = dense(X, 50, labelled=labelled)
    assert picks.indices.tolist() == ids
    np.testing.assert_allclose(picks.scores, distances, rtol=1e-12)
    assert sl.k_center(X, 50, labelled=labelled.tolist()).indices.tolist() == ids
    assert sl.k_center(X, 50, labelled=labelled[:0]) == sl.k_center(X, 50)
    # Rows that are labelled themselves are at distance 0, and come last.
    again = sl.k_center(X, 1500, labelled=X[:10])
    assert again.indices[-10:].tolist() == list(range(10))
    assert again.report.filled == 10


def test_only_the_rows_named_are_read_and_covered():
    X = clustered(900, 7, 4)
    among = np.random.default_rng(0).permutation(900)[:300]
    broken = X.copy()
    broken[np.setdiff1d(np.arange(900), among)] = np.nan
    picks = sl.k_center(broken, 40, among=among, init=int(among[5]))
    ids, *_ = dense(X[np.sort(among)], 40, first=int(np.searchsorted(np.sort(among), among[5])))
    assert picks.indices.tolist() == np.sort(among)[ids].tolist()
    assert picks.report.rows == 300
    probs = np.random.default_rng(1).dirichlet(np.ones(3), 900)
    shortlist = sl.select(probs, "margin", k=120)
    picked = sl.k_center(X, 10, among=shortlist)
    assert set(picked.indices.tolist()) <= set(shortlist.indices.tolist())
    assert picked == sl.k_center(X, 10, among=np.sort(shortlist.indices))


@pytest.mark.parametrize("metric", METRICS)
def test_nothing_but_the_rows_shows(metric, tmp_path):
    X = clustered(5000, 20, 5)
    wanted = sl.k_center(X, 120, metric=metric)
    assert sl.k_center(X, 120, metric=metric, n_threads=1) == wanted
    assert sl.k_center(X, 120, metric=metric, n_threads=5) == wanted
    assert sl.k_center(np.asfortranarray(X), 120, metric=metric) == wanted
    assert sl.k_center(X.astype(np.float64), 120, metric=metric) == wanted
    assert sl.k_center(np.repeat(X, 2, axis=1)[:, ::2], 120, metric=metric) == wanted
    assert sl.k_center(X.astype(">f4"), 120, metric=metric) == wanted
    for level in _core.build_info()["cpu_levels"]:
        found = _core.k_center(X, 120, metric=metric, cpu_level=level)
        assert found["ids"].tolist() == wanted.indices.tolist()
        assert found["distances"].tolist() == wanted.scores.tolist()
    path = tmp_path / "x.npy"
    np.save(path, X)
    filed = sl.k_center(path, 120, metric=metric)
    assert filed == wanted
    assert filed.report.passes > 0
    assert sl.k_center(np.load(path, mmap_mode="r"), 120, metric=metric) == wanted
    for held in (1, 50, 2000):
        assert _core.k_center(X, 120, metric=metric, held=held)["ids"].tolist() == wanted.indices.tolist()


def test_half_precision():
    X = clustered(1000, 12, 6).astype(np.float16)
    wide = sl.k_center(X.astype(np.float64), 50)
    assert sl.k_center(X, 50) == wide
    X = (clustered(1000, 12, 6).view(np.uint32) >> 16).astype(np.uint16)
    wide = (X.astype(np.uint32) << 16).view(np.float32)
    assert sl.k_center(X, 50, dtype="bfloat16", labelled=X[:3]) == sl.k_center(wide, 50, labelled=wide[:3])


def test_torch_frames_sparse_and_whole_numbers():
    X = clustered(300, 6, 7)
    wanted = sl.k_center(X, 20)
    pd = pytest.importorskip("pandas")
    assert sl.k_center(pd.DataFrame(X), 20) == wanted
    sparse = pytest.importorskip("scipy.sparse")
    found = sl.k_center(sparse.csr_matrix(X), 20)
    assert found == wanted
    assert "sparse" in found.report.copies[0]
    whole = np.random.default_rng(0).integers(0, 255, (300, 6), dtype=np.uint8)
    found = sl.k_center(whole, 20)
    assert found == sl.k_center(whole.astype(np.float32), 20)
    assert "whole numbers" in found.report.copies[0]


def test_a_rotation_changes_no_pick():
    X = clustered(2000, 16, 8).astype(np.float64)
    turn, _ = np.linalg.qr(np.random.default_rng(0).normal(size=(16, 16)))
    wanted = sl.k_center(X, 60)
    turned = sl.k_center(X @ turn, 60)
    assert turned.indices.tolist() == wanted.indices.tolist()
    np.testing.assert_allclose(turned.scores, wanted.scores, rtol=1e-12)


def test_equal_rows_are_filled_up_by_lowest_id():
    X = np.ones((5000, 3))
    picks = sl.k_center(X, 5000, init=7)
    assert picks.indices.tolist() == [7, *(i for i in range(5000) if i != 7)]
    assert picks.report.filled == 4999
    assert picks.report.cover_radii[0] == 0
    assert "add nothing" in repr(picks)
    rng = np.random.default_rng(0)
    few = rng.normal(size=(5, 4))[rng.integers(5, size=400)]
    picks = sl.k_center(few, 20)
    assert len(np.unique(few[picks.indices[:5]], axis=0)) == 5
    assert picks.report.filled == 15
    assert picks.indices[5:].tolist() == sorted(set(range(400)) - set(picks.indices[:5].tolist()))[:15]


def test_rows_of_zeros_under_cosine():
    X = np.array([[1.0, 0], [0, 0], [1, 1], [0, 0], [-1, 0]])
    picks = sl.k_center(X, 5, metric="cosine", init=0)
    assert picks.indices.tolist() == [0, 4, 1, 3, 2]
    np.testing.assert_allclose(picks.scores[1:], [2, 1, 1, 1 - np.sqrt(0.5)])


def test_the_first_pick():
    X = np.array([[0.0], [1.0], [2.0], [10.0], [3.0]])
    assert sl.k_center(X, 1).indices.tolist() == [3]
    assert sl.k_center(X, 1, init="central").indices.tolist() == [4]
    assert sl.k_center(X, 2, init=np.int64(1)).indices.tolist() == [1, 3]
    assert sl.k_center(X, 2, init=1, labelled=[[10.0]]).indices.tolist() == [0, 4]


@pytest.mark.parametrize(
    ("change", "error", "sentence"),
    [
        ({"k": -1}, ValueError, "k is -1; accepted is a whole number, 0 or more"),
        ({"k": 6}, ValueError, "k is 6, and there are 5 rows to pick from; strict=False picks all of them"),
        ({"k": 2.5}, TypeError, "k is 2.5, a float"),
        ({"init": "best"}, ValueError, 'init is \'best\'; accepted are "farthest", "central" and the id of a row'),
        ({"init": 5}, ValueError, "init is 5; accepted are the ids of the 5 rows to pick from"),
        ({"metric": "hamming"}, ValueError, "metric is 'hamming'; accepted are 'euclidean', 'sqeuclidean'"),
        ({"among": [1, 1]}, ValueError, "among has id 1 twice"),
        ({"among": [7]}, ValueError, "among has id 7; accepted are 0 to 4, for a pool of 5 rows"),
        ({"labelled": [[1.0]]}, ValueError, "labelled has 1 features, and X has 2; they must be equal"),
        ({"labelled": [[1.0, np.nan]]}, ValueError, "labelled row 0 has NaN in column 1; accepted are finite numbers"),
        ({"X": [[1.0], [np.inf]]}, ValueError, "row 1 has inf in column 0; accepted are finite numbers"),
        ({"X": [[1e200]], "k": 1}, ValueError, "row 0 has 1e200 in column 0; accepted are numbers below 2\\^500"),
        ({"X": np.zeros((3, 0))}, ValueError, "X has no features"),
        ({"X": np.zeros(3)}, ValueError, "X has 1 dimensions"),
        ({"X": "no-such.npy"}, FileNotFoundError, "there is no file no-such.npy"),
        ({"X": np.array([["a"]])}, TypeError, "X has dtype"),
        ({"dtype": "float8"}, ValueError, "dtype is 'float8'"),
        ({"n_threads": 0}, ValueError, "n_threads is 0"),
        ({"progress": 3}, TypeError, "progress is a int; accepted is a callable"),
    ],
)
def test_bad_arguments_are_named(change, error, sentence):
    good = {"X": np.arange(10.0).reshape(5, 2), "k": 2}
    with pytest.raises(error, match=sentence):
        sl.k_center(**{**good, **change})


def test_labelled_rows_that_are_not_aligned_are_refused_by_name():
    raw = np.zeros(8 * 4 + 1, np.uint8)
    misaligned = raw[1:].view(np.float64).reshape(2, 2)
    assert not misaligned.flags.aligned
    with pytest.raises(ValueError, match="labelled is not aligned to its dtype"):
        _core.k_center(np.ones((3, 2)), 1, labelled=misaligned)


def test_fewer_rows_than_asked_for():
    X = clustered(9, 2, 0)
    assert sorted(sl.k_center(X, 20, strict=False).indices.tolist()) == list(range(9))
    assert len(sl.k_center(X[:0], 5, strict=False)) == 0
    assert len(sl.k_center(X, 0)) == 0


def test_progress_and_interruption():
    X = np.random.default_rng(0).normal(size=(60_000, 64)).astype(np.float32)
    seen: list[tuple[int, int | None]] = []
    sl.k_center(X, 300, progress=lambda done, total: seen.append((done, total)))
    assert seen[-1] == (300, 300)
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)

    def stop(done, total):
        raise RuntimeError("enough")

    with pytest.raises(RuntimeError, match="enough"):
        sl.k_center(X, 60_000, progress=stop)


def test_ctrl_c_stops_it(ctrl_c):
    X = np.random.default_rng(0).normal(size=(60_000, 64)).astype(np.float32)
    ctrl_c(lambda: sl.k_center(X, 60_000))


def test_the_report_says_what_it_took():
    X = clustered(20_000, 16, 9)
    picks = sl.k_center(X, 50)
    assert 0 < picks.report.computed_share < 0.7
    assert picks.report.passes == 0
    assert "of all distances computed" in repr(picks)
    assert "cover radius" in repr(picks)
    assert picks.to_dict()["report"]["cover_radii"][-1] == picks.report.cover_radii[-1]


def far(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return np.abs(a[:, None].astype(float) - b[None]).sum(axis=2)


@pytest.mark.parametrize("init", ["farthest", "central", 7])
@pytest.mark.parametrize("among", [None, np.arange(3, 400, 4)])
def test_a_callable_metric_picks_as_its_name_does(init, among):
    X = clustered(500, 4, 2)
    by_name = sl.k_center(X, 30, metric="manhattan", init=7, among=among)
    by_callable = sl.k_center(X, 30, metric=far, init=7, among=among)
    assert by_callable.indices.tolist() == by_name.indices.tolist()
    np.testing.assert_allclose(by_callable.scores, by_name.scores)
    np.testing.assert_allclose(by_callable.report.cover_radii, by_name.report.cover_radii)
    ids = np.arange(500) if among is None else among
    away = far(X[ids], X[ids].astype(float).mean(axis=0, keepdims=True))[:, 0]
    first = {"farthest": ids[away.argmax()], "central": ids[away.argmin()], 7: 7}[init]
    assert sl.k_center(X, 1, metric=far, init=init, among=among).indices.tolist() == [first]
    near = sl.k_center(X, 30, metric=far, labelled=X[:9], among=among)
    assert near.indices.tolist() == sl.k_center(X, 30, metric="manhattan", labelled=X[:9], among=among).indices.tolist()


def test_what_a_callable_metric_must_give():
    X = np.arange(6.0).reshape(3, 2)
    with pytest.raises(ValueError, match=r"metric gave NaN for row 0; accepted are finite numbers, 0 or more"):
        sl.k_center(X, 2, metric=lambda a, b: np.full((len(a), len(b)), np.nan))
    with pytest.raises(
        ValueError, match=r"metric <lambda> gave shape \(3,\) for blocks of 3 and 1 rows; accepted is \(3, 1\)"
    ):
        sl.k_center(X, 2, metric=lambda a, b: np.zeros(len(a)))
    with pytest.raises(ValueError, match="init is 9; accepted are the ids of the 3 rows"):
        sl.k_center(X, 2, metric=far, init=9)
    assert sl.k_center(X, 3, metric=lambda a, b: np.zeros((len(a), len(b)))).report.filled == 2


def test_a_callable_metric_is_asked_for_few_distances_and_its_bad_ones_are_named_by_id():
    X = clustered(1500, 16, 2)
    asked = []

    def counted(a, b):
        asked.append(len(a) * len(b))
        return far(a, b)

    picks = sl.k_center(X, 100, metric=counted, init=7)
    assert sum(asked) / (1500 * 100) == picks.report.computed_share < 0.6
    for labelled in (X[:1], None):
        with pytest.raises(ValueError, match="metric gave -1 for row 5; accepted are finite numbers, 0 or more"):
            sl.k_center(
                X,
                3,
                metric=lambda a, b: np.where(a[:, :1] == X[5, 0], -1, far(a, b)),
                among=[2, 5, 9],
                labelled=labelled,
            )
