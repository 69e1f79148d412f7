"""Scores as Polars expressions, in every engine."""

import numpy as np
import oracles
import pytest

import shortlist as sl

pl = pytest.importorskip("polars", reason="pip install 'shortlist[polars]'")
import shortlist.polars  # noqa: E402

rng = np.random.default_rng(5)
P = oracles.probabilities(rng, 3000, 7, np.float32)
FRAME = pl.DataFrame({"proba": P, "other": P[::-1], "id": np.arange(3000)})


@pytest.mark.parametrize("measure", [measure.name for measure in sl.measures()])
def test_every_measure_in_every_engine(measure):
    committee = next(m for m in sl.measures() if m.name == measure).kind == "committee"
    options = {"from_logits": True} if measure == "energy" else {}
    column = pl.struct("proba", "other") if committee else pl.col("proba")
    expression = getattr(column.shortlist, measure)(**options).alias("score")
    wanted = sl.score([P, P[::-1]] if committee else P, measure, **options).astype(np.float64)
    assert np.array_equal(FRAME.select(expression)["score"].to_numpy(), wanted)
    lazy = FRAME.lazy().with_columns(expression)
    assert lazy.collect_schema()["score"] == pl.Float64
    for engine in ("in-memory", "streaming"):
        assert np.array_equal(lazy.collect(engine=engine)["score"].to_numpy(), wanted)


def test_the_best_rows_of_a_query_are_those_of_select(tmp_path):
    FRAME.write_parquet(tmp_path / "x.parquet", row_group_size=500)
    query = pl.scan_parquet(tmp_path / "x.parquet").select("id", margin=pl.col("proba").shortlist.margin())
    best = query.bottom_k(20, by=["margin", "id"]).sort("margin", "id").collect(engine="streaming")
    assert best["id"].to_list() == sl.select(P, "margin", 20).indices.tolist()
    assert sl.select(pl.scan_parquet(tmp_path / "x.parquet").select("proba"), "margin", 20) == sl.select(
        P, "margin", 20
    )


def test_nulls_stay_null_and_bad_rows_are_errors_or_null():
    holes = FRAME.with_columns(pl.when(pl.col("id") != 4).then("proba").alias("proba"))
    found = holes.select(pl.col("proba").shortlist.margin())["proba"]
    assert found.null_count() == 1
    assert found[4] is None
    assert np.array_equal(found.drop_nulls().to_numpy(), np.delete(sl.score(P, "margin"), 4))
    bad = P.copy()
    bad[9] = 2
    frame = pl.DataFrame({"proba": bad})
    with pytest.raises(Exception, match="row 9 sums to 14"):
        frame.select(pl.col("proba").shortlist.margin())
    assert frame.select(pl.col("proba").shortlist.margin(invalid="skip"))["proba"].is_null().to_list().index(True) == 9
    assert frame.clear().select(pl.col("proba").shortlist.margin()).height == 0


def test_mistakes():
    with pytest.raises(AttributeError, match="no measure is called 'mragin'"):
        pl.col("proba").shortlist.mragin()
    with pytest.raises(ValueError, match="did you mean"):
        pl.col("proba").shortlist.score("mragin")
    with pytest.raises(Exception, match="bald is for a committee, and column 'proba' is a Array"):
        FRAME.select(pl.col("proba").shortlist.bald())
    ragged = pl.DataFrame({"proba": [[0.5, 0.5, 0.0], [0.5, 0.5]]})
    with pytest.raises(Exception, match="lists? of 3 numbers|list of 2 numbers"):
        ragged.select(pl.col("proba").shortlist.margin())


def test_lists_of_one_length_are_read():
    lists = FRAME.select(pl.col("proba").arr.to_list().shortlist.margin())["proba"].to_numpy()
    assert np.array_equal(lists, sl.score(P, "margin"))
