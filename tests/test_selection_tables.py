"""Picks as tables of other packages, and back."""

import numpy as np
import pytest

import shortlist as sl

PROBS = np.random.default_rng(0).dirichlet(np.ones(4), 200)
PICKS = sl.select(PROBS, "margin", k=7)


def named():
    pool = pytest.importorskip("polars").DataFrame(
        {"id": [f"r{n}" for n in range(200)], **dict(zip("abcd", PROBS.T, strict=True))}
    )
    return sl.select(sl.Source(pool, column=list("abcd"), id_column="id"), "margin", k=7)


@pytest.mark.parametrize("float32", [False, True])
def test_a_frame_has_the_bits_of_the_picks(float32):
    picks = sl.select(PROBS.astype(np.float32), "margin", k=7) if float32 else PICKS
    pytest.importorskip("pandas")
    pytest.importorskip("polars")
    for frame in (picks.to_pandas(), picks.to_polars()):
        assert list(frame.columns) == ["rank", "index", "score"]
        assert np.array_equal(np.asarray(frame["index"]), picks.indices)
        assert np.asarray(frame["score"]).dtype == picks.scores.dtype
        assert np.array_equal(np.asarray(frame["score"]), picks.scores)
        assert np.asarray(frame["rank"]).tolist() == [1, 2, 3, 4, 5, 6, 7]


def test_whatever_reads_arrow_reads_picks():
    polars, arrow = pytest.importorskip("polars"), pytest.importorskip("pyarrow")
    for picks in (PICKS, named()):
        assert polars.DataFrame(picks).equals(picks.to_polars())
        assert arrow.table(picks).column("index").to_pylist() == picks.indices.tolist()


def test_own_ids_come_along():
    picks = named()
    assert picks.to_polars()["id"].to_list() == [f"r{n}" for n in PICKS.indices]
    pytest.importorskip("pandas")
    assert picks.to_pandas()["id"].tolist() == [f"r{n}" for n in PICKS.indices]


def test_no_picks_are_an_empty_table_of_the_same_columns():
    none = sl.select(PROBS, "margin", k=5, exclude=np.arange(200), strict=False)
    pytest.importorskip("polars")
    assert none.to_polars().shape == (0, 3)


def test_what_is_missing_is_named(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "polars", None)
    with pytest.raises(ModuleNotFoundError, match=r"a Polars frame of picks needs polars .*shortlist\[polars\]"):
        PICKS.to_polars()
