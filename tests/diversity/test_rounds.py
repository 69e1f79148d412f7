"""Rounds over parts: the picks, values and radii of one machine, bit for bit, for any parts and any number of candidates."""

from __future__ import annotations

import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import shortlist as sl
from shortlist import memory
from shortlist.diversity.rounds import drive
from shortlist.diversity.rounds.blocks import Blocks

METRICS = ["euclidean", "sqeuclidean", "cosine", "manhattan"]


def rows(n: int, d: int, seed: int, kind: str = "iid") -> np.ndarray:
    rng = np.random.default_rng(seed)
    if kind == "ties":
        return rng.integers(0, 3, (n, d)).astype(np.float32)
    if kind == "same":
        return np.ones((n, d), np.float32)
    if kind == "clusters":
        return (rng.normal(size=(9, d))[rng.integers(9, size=n)] * 4 + rng.normal(size=(n, d)) * 0.3).astype(np.float32)
    return rng.normal(size=(n, d)).astype(np.float32)


def cut(x, cuts):
    return [part for part in np.split(x, sorted(cuts)) if len(part)]


def k_center(
    x, cuts, k, *, labelled=None, init="farthest", metric="euclidean", candidates=None, among=None, dtype=None
):
    parts = Blocks(cut(x, cuts), dtype, metric, among, None, 1)
    points = parts.points(labelled)
    return drive.k_center(parts, k, labelled=points, init=init, metric=metric, candidates=candidates, progress=None)


def ranked_batch(x, u, cuts, k, labelled, *, metric="euclidean", candidates=None, among=None):
    parts = Blocks(cut(x, cuts), None, metric, among, u, 1)
    return drive.ranked_batch(
        parts, k, labelled=parts.points(labelled), metric=metric, candidates=candidates, progress=None
    )


def same(found, wanted):
    assert found == wanted
    assert found.report.cover_radii == wanted.report.cover_radii
    assert found.report.filled == wanted.report.filled
    assert found.report.rows == wanted.report.rows


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_any_parts_and_any_candidates_give_the_picks_of_one_machine(data):
    n, d = data.draw(st.integers(1, 60)), data.draw(st.integers(1, 5))
    x = rows(n, d, data.draw(st.integers(0, 99)), data.draw(st.sampled_from(["iid", "ties", "same", "clusters"])))
    x = x.astype(data.draw(st.sampled_from([np.float16, np.float32, np.float64])))
    cuts = data.draw(st.lists(st.integers(0, n), max_size=6))
    k = data.draw(st.integers(0, n))
    candidates = data.draw(st.sampled_from([1, 2, 5, 20, 500]))
    metric = data.draw(st.sampled_from(METRICS))
    m = data.draw(st.integers(0, 3))
    labelled = rows(m, d, 1) if m else None
    init = data.draw(st.sampled_from(["farthest", "central", n // 2]))
    given_ = {"labelled": labelled, "init": init, "metric": metric}
    same(k_center(x, cuts, k, candidates=candidates, **given_), sl.k_center(x, k, **given_))
    if m:
        u = data.draw(st.sampled_from([np.zeros(n), np.arange(n) % 3 / 2, np.random.default_rng(3).random(n) * 5 - 1]))
        found = ranked_batch(x, u, cuts, k, labelled, metric=metric, candidates=candidates)
        assert found == sl.ranked_batch(x, u, k, labelled=labelled, metric=metric)


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("init", ["farthest", "central"])
def test_the_mean_has_the_bits_of_one_machine(metric, init):
    x = rows(13_000, 7, 5, "clusters") + 100
    wanted = sl.k_center(x, 5, init=init, metric=metric)
    for cuts in ([1], [4096], [100, 200, 300, 9000], [4095, 4097, 8192], list(range(0, 13_000, 1111))):
        same(k_center(x, cuts, 5, init=init, metric=metric), wanted)


@pytest.mark.parametrize("kind", ["iid", "clusters", "ties"])
def test_a_round_makes_many_picks(kind):
    x = rows(20_000, 16, 2, kind)
    cuts = range(1000, 20_000, 1000)
    wanted = sl.k_center(x, 200, init=0)
    few, many = (k_center(x, cuts, 200, init=0, candidates=c) for c in (200, 5000))
    same(few, wanted)
    same(many, wanted)
    assert many.report.passes <= few.report.passes <= 30
    assert many.report.passes <= 12


def test_parts_that_hold_all_that_is_far_are_asked_for_more():
    far = rows(500, 4, 1) * 50
    x = np.concatenate([rows(2000, 4, 2), far, rows(2000, 4, 3)])
    found = k_center(x, [2000, 2500], 150, init=0, candidates=300)
    same(found, sl.k_center(x, 150, init=0))
    assert found.report.passes <= 8


def test_many_labelled_rows_and_large_k():
    x, labelled = rows(4000, 6, 1, "clusters"), rows(700, 6, 2, "clusters")
    same(k_center(x, [1500], 400, labelled=labelled, candidates=200), sl.k_center(x, 400, labelled=labelled))
    u = np.random.default_rng(0).random(4000)
    found = ranked_batch(x, u, [1500], 1500, labelled, candidates=100)
    assert found == sl.ranked_batch(x, u, 1500, labelled=labelled)


def test_some_rows_alone():
    x = rows(9000, 3, 4)
    among = np.random.default_rng(1).choice(9000, 5000, replace=False)
    for init in ("farthest", "central", int(among[7])):
        same(k_center(x, [10, 4500], 40, among=among, init=init), sl.k_center(x, 40, among=among, init=init))
    u = np.random.default_rng(0).random(9000)
    found = ranked_batch(x, u, [10, 4500], 40, x[:5], among=among)
    assert found == sl.ranked_batch(x, u, 40, labelled=x[:5], among=among)
    with pytest.raises(ValueError, match="init is 9001; accepted are the ids of the 5,000 rows"):
        k_center(x, [10], 3, among=among, init=9001)


def test_bfloat16():
    x = (rows(600, 5, 1).view(np.uint32) >> 16).astype(np.uint16)
    found = k_center(x, [100, 350], 50, dtype="bfloat16")
    assert found == sl.k_center(x, 50, dtype="bfloat16")


def test_a_bad_row_is_named_in_any_part():
    x = rows(6000, 3, 1)
    x[4500, 2] = np.nan
    for options in ({"init": "farthest"}, {"init": 0}, {"labelled": x[:5]}):
        with pytest.raises(ValueError, match="row 4500 has NaN in column 2"):
            k_center(x, [1000, 4400], 5, **options)
    with pytest.raises(ValueError, match="labelled is missing, and without it the first pick"):
        ranked_batch(x[:100], np.zeros(100), [50], 5, None)


def files(tmp_path, x):
    pa, pq = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    lists = pa.FixedSizeListArray.from_arrays(pa.array(x.reshape(-1)), x.shape[1])
    names = [f"r{i}" for i in range(len(x))]
    for number, start in enumerate(range(0, len(x), 700)):
        part = slice(start, start + 700)
        pq.write_table(
            pa.table({"x": lists[part], "name": names[part]}), tmp_path / f"{number}.parquet", row_group_size=300
        )
    return sl.Source(tmp_path, column="x", id_column="name")


def test_files_are_read_again_for_each_round(tmp_path):
    x = rows(2000, 5, 1)
    source = files(tmp_path, x)
    picks = sl.k_center(source, 60)
    same(picks, sl.k_center(x, 60))
    assert picks.ids.tolist() == [f"r{row}" for row in picks.indices]
    assert picks.report.passes >= 3
    assert "passes over the rows" in repr(picks)
    u = np.random.default_rng(0).random(2000)
    assert sl.ranked_batch(source, u, 60, labelled=x[:3]) == sl.ranked_batch(x, u, 60, labelled=x[:3])
    assert sl.k_center(source, 0).indices.tolist() == []
    assert len(sl.k_center(source, 3000, strict=False)) == 2000
    told = []
    sl.k_center(source, 60, progress=lambda done, k: told.append((done, k)))
    assert told[-1] == (60, 60)


def test_what_rounds_refuse(tmp_path):
    source = files(tmp_path, rows(800, 5, 1))
    for call, message in (
        (lambda: sl.k_center(source, 3000), "k is 3,000, and there are 800 rows"),
        (lambda: sl.k_center(source, 3, metric=lambda a, b: a @ b.T), "metric is a callable, and X is read in blocks"),
        (lambda: sl.k_center(source, 3, metric="jaccard"), "metric is 'jaccard'"),
        (lambda: sl.k_center(source, 3, labelled=np.zeros((2, 4))), "labelled has 4 features, and X has 5"),
        (lambda: sl.k_center(source, 3, init=800), "init is 800; accepted are the ids of the 800 rows"),
        (lambda: sl.k_center(sl.Source(iter([np.eye(3)])), 3), "X is an iterator, which gives its rows once"),
        (lambda: sl.k_center(source, 3, progress=3), "progress is a int"),
        (lambda: sl.ranked_batch(source, np.zeros(800), 3), "labelled is missing"),
        (lambda: sl.ranked_batch(source, np.zeros(7), 3, labelled=np.zeros((1, 5))), r"uncertainty has shape \(7,\)"),
    ):
        with pytest.raises((ValueError, TypeError), match=message):
            call()


def test_a_file_that_changes_between_rounds_is_an_error(tmp_path):
    source = files(tmp_path, rows(800, 5, 1))

    def remove(_done, _k):
        (tmp_path / "1.parquet").unlink(missing_ok=True)

    with pytest.raises((ValueError, OSError), match=r"read again|1\.parquet"):
        sl.k_center(source, 700, progress=remove)


def test_rows_that_share_an_id_are_an_error():
    from shortlist.diversity.rounds.greedy import Greedy
    from shortlist.diversity.rounds.messages import Rule
    from shortlist.diversity.rounds.part import NONE, advance
    from shortlist.diversity.rounds.rows import Rows

    greedy = Greedy(Rule("euclidean"), 3, np.zeros((1, 2)), 20, 8, 1)
    part = Rows(rows(10, 2, 1), np.arange(10))
    offers = [advance(part, None, greedy.question(), None, NONE)[1] for _ in range(2)]
    with pytest.raises(ValueError, match="accepted is each id once"):
        greedy.take(offers)


@pytest.mark.parametrize("as_path", [True, False])
def test_a_file_larger_than_memory_is_read_in_blocks(tmp_path, monkeypatch, as_path):
    from shortlist.diversity import k_center as module

    found = memory.room()
    assert found is None or found > 0
    x = rows(5000, 8, 1)
    np.save(tmp_path / "x.npy", x)
    pool = tmp_path / "x.npy" if as_path else np.load(tmp_path / "x.npy", mmap_mode="r")
    wanted = sl.k_center(x, 50)
    for room in (None, 1 << 40, 1000):
        monkeypatch.setattr(sys.modules[module.__module__], "room", lambda room=room: room)
        same(sl.k_center(pool, 50), wanted)
