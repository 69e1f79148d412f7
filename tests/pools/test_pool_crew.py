"""Files that several threads read give what one thread gives: picks, scores, reports, and the first thing that is wrong."""

import threading

import numpy as np
import oracles
import pytest

import shortlist as sl
from shortlist.pools import flat

rng = np.random.default_rng(5)
P = oracles.probabilities(rng, 3000, 7, np.float32)


@pytest.fixture(autouse=True)
def small_reads(monkeypatch):
    """Read few rows at a time, so that every file has many parts."""
    monkeypatch.setattr(flat, "READ", 1000)


def parquet(tmp_path):
    pa = pytest.importorskip("pyarrow", reason="pip install 'shortlist[arrow]'")
    pq = pytest.importorskip("pyarrow.parquet")
    lists = pa.FixedSizeListArray.from_arrays(pa.array(P.reshape(-1)), 7)
    table = pa.table({"id": np.arange(3000) * 10, "proba": lists})
    (tmp_path / "parts").mkdir()
    pq.write_table(table[:1300], tmp_path / "parts" / "a.parquet", row_group_size=100)
    pq.write_table(table[1300:], tmp_path / "parts" / "b.parquet", row_group_size=5000)
    return sl.Source(tmp_path / "parts", id_column="id")


def npy(tmp_path, order="C", dtype="f4"):
    np.save(tmp_path / "x.npy", np.array(P, dtype, order=order))
    return tmp_path / "x.npy"


def files(tmp_path):
    for number, start in enumerate(range(0, 3000, 450)):
        np.save(tmp_path / f"{number}.npy", P[start : start + 450].astype(">f4"))
    return str(tmp_path / "*.npy")


POOLS = [npy, lambda path: npy(path, "F"), lambda path: npy(path, dtype=">f8"), files, parquet]


@pytest.mark.parametrize("make", POOLS)
def test_any_number_of_threads_gives_the_same(tmp_path, make):
    x = make(tmp_path)
    groups = np.arange(3000) % 5
    mask = groups == 2
    for options in (
        {},
        {"exclude": mask},
        {"exclude": np.flatnonzero(mask)},
        {"groups": groups, "per_group": 2},
        {"ties": "random", "random_state": 1},
        {"perturb": "softmax", "random_state": 1},
    ):
        one, two, five = (sl.select(x, "margin", 9, normalize="as_is", n_threads=n, **options) for n in (1, 2, 5))
        for other in (two, five):
            assert other == one
            for what in ("rows", "bytes", "copies", "excluded", "ties_picked", "ties_left"):
                assert getattr(other.report, what) == getattr(one.report, what), what
            assert (other.ids is None) == (one.ids is None)
            assert one.ids is None or other.ids.tolist() == one.ids.tolist()
    scores = [sl.score(x, "entropy", normalize="as_is", n_threads=n) for n in (1, 2, 5)]
    assert np.array_equal(scores[0], scores[1])
    assert np.array_equal(scores[0], scores[2])


def test_a_committee_in_one_file(tmp_path):
    for order in "CF":
        p = np.array(np.stack([P, P[::-1]]), order=order)
        np.save(tmp_path / "c.npy", p)
        assert sl.select(tmp_path / "c.npy", "bald", 9, n_threads=4) == sl.select(p, "bald", 9)


@pytest.mark.parametrize("n_threads", [1, 2, 7])
def test_the_first_bad_row_is_named(tmp_path, n_threads):
    x = P.copy()
    x[[700, 701, 1500, 2999]] = np.nan
    np.save(tmp_path / "x.npy", x)
    for _ in range(20):
        with pytest.raises(ValueError, match="row 700 has NaN in column 0"):
            sl.select(tmp_path / "x.npy", "margin", 9, n_threads=n_threads)
        with pytest.raises(ValueError, match="row 700 has NaN in column 0"):
            sl.score(tmp_path / "x.npy", "margin", n_threads=n_threads)
    assert sl.select(tmp_path / "x.npy", "margin", 9, invalid="skip", n_threads=n_threads).report.skipped == 4


def test_a_file_that_raises_leaves_the_state_as_it_was(tmp_path):
    x = P.copy()
    x[2999] = np.nan
    np.save(tmp_path / "x.npy", x)
    state = sl.Selector("margin", 9, n_threads=2)
    state.update(P[:100])
    with pytest.raises(ValueError, match="row 3099 has NaN"):
        state.update(tmp_path / "x.npy")
    assert state.finish() == sl.select(P[:100], "margin", 9)
    np.save(tmp_path / "x.npy", P)
    assert state.update(tmp_path / "x.npy").finish() == sl.select(np.concatenate([P[:100], P]), "margin", 9)
    with pytest.raises(ValueError, match=r"ids .* were already seen"):
        state.update(tmp_path / "x.npy", first_id=50)


def test_progress_comes_from_the_calling_thread_and_ends_with_all(tmp_path):
    told = []
    sl.select(npy(tmp_path), "margin", 9, n_threads=3, progress=lambda *now: told.append((*now, threading.get_ident())))
    assert told[-1] == (3000, 3000, threading.get_ident())
    assert [done for done, *_ in told] == sorted(done for done, *_ in told)
    assert {ident for *_, ident in told} == {threading.get_ident()}


def test_an_interruption_leaves_no_thread(tmp_path, monkeypatch):
    def interrupted(self, done):
        raise KeyboardInterrupt

    monkeypatch.setattr("shortlist.arguments.Steps.reach", interrupted)
    with pytest.raises(KeyboardInterrupt):
        sl.select(npy(tmp_path), "margin", 9, n_threads=3)
    assert [thread for thread in threading.enumerate() if thread.name == "shortlist-reader"] == []
