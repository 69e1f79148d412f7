"""Tables of every kind give the picks that their array gives, with the ids of an id column, and say what is wrong where."""

import csv
import json

import numpy as np
import oracles
import pytest

import shortlist as sl
from shortlist.pools import flat, parquet

rng = np.random.default_rng(5)
P = oracles.probabilities(rng, 3000, 7, np.float32)
BEST = sl.select(P, "margin", 9)
IDS = [f"row-{number}" for number in rng.permutation(3000)]
WIDE = list("abcdefg")
pa = pytest.importorskip("pyarrow", reason="pip install 'shortlist[arrow]'")
pq = pytest.importorskip("pyarrow.parquet")
NULLS_OF_ONE_LENGTH = int(pa.__version__.partition(".")[0]) >= 26
"""Whether pyarrow reads null lists of a fixed length from Parquet."""


@pytest.fixture(autouse=True)
def small_reads(monkeypatch):
    """Read few rows at a time, so that every table takes many reads."""
    monkeypatch.setattr(flat, "READ", 1000)


def lists(x, kind=None):
    values = pa.array(np.ascontiguousarray(x).reshape(-1))
    if kind is not None:
        return pa.array(list(x), kind)
    return pa.FixedSizeListArray.from_arrays(values, x.shape[1])


TABLE = pa.table({"id": IDS, "proba": lists(P), "text": ["x"] * 3000})
NUMBERS = pa.table({**{name: P[:, i] for i, name in enumerate(WIDE)}, "id": np.arange(3000) * 10})


def streamed(table):
    return pa.RecordBatchReader.from_batches(table.schema, iter(table.to_batches(max_chunksize=700)))


class Capsule:
    """Offers Arrow's C interface and nothing else."""

    def __init__(self, table):
        self.table = table

    def __arrow_c_stream__(self, requested_schema=None):
        return self.table.__arrow_c_stream__(requested_schema)


@pytest.mark.parametrize(
    ("wrap", "apart"),
    [
        (lambda t: t, True),
        (streamed, False),
        (Capsule, False),
        (lambda t: t.to_batches()[0], True),
        (lambda t: [t[:900], t[900:]], False),
    ],
)
def test_arrow_tables_and_streams(wrap, apart):
    picks = sl.select(sl.Source(wrap(TABLE), id_column="id"), "margin", 9)
    assert picks == BEST
    assert picks.report.copies == ()
    assert picks.ids.tolist() == [IDS[row] for row in BEST.indices]
    picks = sl.select(sl.Source(wrap(NUMBERS), id_column="id"), "margin", 9)
    assert picks == BEST
    assert picks.ids.tolist() == (BEST.indices * 10).tolist()
    # Columns in one piece each are read where they lie.
    assert picks.report.copies == () if apart else "put together from 7 columns" in picks.report.copies[0]
    assert np.array_equal(sl.score(sl.Source(wrap(NUMBERS), column=WIDE), "margin"), sl.score(P, "margin"))


def test_arrow_arrays_without_a_table():
    for x in (lists(P), pa.chunked_array([lists(P[:1000]), lists(P[1000:])])):
        assert sl.select(x, "margin", 9) == BEST


def test_sliced_tables_are_read_where_they_lie():
    picks = sl.select(TABLE.slice(100, 2000), "margin", 9)
    assert picks == sl.select(P[100:2100], "margin", 9)
    assert picks.report.copies == ()


@pytest.mark.parametrize("kind", [pa.list_(pa.float32()), pa.large_list(pa.float32())])
def test_lists_of_any_length_are_read_where_all_are_of_one(kind, tmp_path):
    assert sl.select(pa.table({"p": lists(P, kind)}), "margin", 9) == BEST
    odd = pa.array([*map(list, P[:5]), [0.5, 0.5]], kind)
    with pytest.raises(ValueError, match="column 'p' of x has a list of 2 numbers at row 5, and the rows before it 7"):
        sl.select(pa.table({"p": odd}), "margin", 2)
    pq.write_table(pa.table({"p": odd}), tmp_path / "x.parquet")
    with pytest.raises(ValueError, match="x.parquet has a list of 2 numbers at row 5"):
        sl.select(tmp_path / "x.parquet", "margin", 2)


def test_missing_rows_and_numbers_count_as_nan():
    rows = [*map(list, P[:20].astype(float))]
    rows[3] = None
    rows[8] = [None] * 7
    for kind in (pa.list_(pa.float32(), 7), pa.list_(pa.float32())):
        table = pa.table({"p": pa.array(rows, kind)})
        with pytest.raises(ValueError, match="row 3 has NaN"):
            sl.select(table, "margin", 2)
        picks = sl.select(table, "margin", 18, invalid="skip")
        assert picks.report.skipped == 2
        assert any("missing rows" in copy for copy in picks.report.copies)


def test_columns_are_named_or_the_one_that_fits():
    two = pa.table({"a": lists(P), "b": lists(P[::-1]), "id": IDS})
    assert sl.select(sl.Source(two, column="a"), "margin", 9) == BEST
    assert sl.select(two, "bald", 9) == sl.select([P, P[::-1]], "bald", 9)
    assert sl.select(sl.Source(two, column=["b", "a"]), "bald", 9) == sl.select([P[::-1], P], "bald", 9)
    for source, message in (
        (two, "has several columns of lists, 'a' and 'b'; name one with column="),
        (sl.Source(two, column="c"), "column is 'c', and x has no such column; there are 'a', 'b', 'id'"),
        (sl.Source(two, id_column="key"), "id_column is 'key', and x has no such column"),
        (sl.Source(two, column="id"), "column 'id' of x has dtype string, which holds no numbers"),
        (sl.Source(two, column=["a", "b"]), "accepted is one, but for a committee"),
        (NUMBERS, "column 'id' of x has dtype int64; accepted are float16"),
        (sl.Source(TABLE, key="a"), "key is 'a', which means nothing for a table"),
        (pa.table({"t": ["a", "b"]}), "column 't' of x has dtype string"),
    ):
        with pytest.raises((ValueError, TypeError), match=message):
            sl.select(source, "margin", 2)


def test_numeric_columns_of_two_dtypes_become_the_wider():
    mixed = NUMBERS.drop(["id"]).set_column(0, "a", pa.array(P[:, 0].astype(np.float64)))
    picks = sl.select(mixed, "margin", 9, normalize="as_is")
    assert np.array_equal(picks.indices, BEST.indices)
    assert picks.scores.dtype == np.float64


def test_ids_that_repeat_are_refused():
    table = TABLE.set_column(0, "id", pa.array(["same"] * 3000))
    with pytest.raises(
        ValueError, match="the id column of x has 'same' both at row .* and at row .*; accepted is each id once"
    ):
        sl.select(sl.Source(table, id_column="id"), "margin", 9)


def test_bfloat16_columns():
    bits = oracles.bfloat16(P)
    wanted = sl.select(bits, "margin", 9, dtype="bfloat16", normalize="as_is")
    assert (
        sl.select(sl.Source(pa.table({"p": lists(bits)}), dtype="bfloat16"), "margin", 9, normalize="as_is") == wanted
    )


@pytest.mark.parametrize("kind", ["arrow", "arrow columns", "polars", "polars columns", "pandas"])
def test_bfloat16_bits_that_are_missing_count_as_nan(kind):
    rows = oracles.bfloat16(P[:20]).tolist()
    rows[3][2] = None
    columns = dict(zip(WIDE, zip(*rows, strict=True), strict=True))
    if kind.startswith("arrow"):
        lists, numbers = pa.array(rows, pa.list_(pa.uint16())), pa.schema([(name, pa.uint16()) for name in WIDE])
        tables = [pa.table(columns, numbers)] if "columns" in kind else [lists, lists.cast(pa.list_(pa.uint16(), 7))]
    elif kind.startswith("polars"):
        pl = pytest.importorskip("polars", reason="pip install 'shortlist[polars]'")
        kinds = pl.List(pl.UInt16), pl.Array(pl.UInt16, 7)
        tables = [pl.Series(rows, dtype=each) for each in kinds]
        if "columns" in kind:
            tables = [pl.DataFrame(columns, dict.fromkeys(WIDE, pl.UInt16))]
    else:
        pandas = pytest.importorskip("pandas")
        tables = [pandas.DataFrame({name: pandas.array(bits, "UInt16") for name, bits in columns.items()})]
    for table in tables:
        scores = sl.score(sl.Source(table, dtype="bfloat16"), "margin", normalize="as_is", invalid="skip")
        assert np.flatnonzero(np.isnan(scores)).tolist() == [3]


@pytest.mark.parametrize("whole", [0, parquet.WHOLE])
@pytest.mark.parametrize("group", [250, 5000])
def test_parquet(tmp_path, monkeypatch, whole, group):
    monkeypatch.setattr(parquet, "WHOLE", whole)
    for number, (name, table) in enumerate({"lists": TABLE, "wide": NUMBERS}.items()):
        path = tmp_path / f"{name}.parquet"
        pq.write_table(table, path, row_group_size=group, compression="zstd")
        source = sl.Source(path, id_column="id")
        picks = sl.select(source, "margin", 9)
        assert picks == BEST
        assert picks.ids.tolist() == [IDS[row] if number == 0 else row * 10 for row in BEST.indices.tolist()]
        assert np.array_equal(sl.score(source, "entropy"), sl.score(P, "entropy"))
        groups = np.arange(3000) % 5
        assert sl.select(source, "margin", per_group=2, groups=groups) == sl.select(
            P, "margin", per_group=2, groups=groups
        )


def test_parquet_folders(tmp_path):
    (tmp_path / "x" / "day=2").mkdir(parents=True)
    pq.write_table(TABLE[:1000], tmp_path / "x" / "a.parquet")
    pq.write_table(TABLE[1000:1000], tmp_path / "x" / "b.parquet")
    pq.write_table(TABLE[1000:], tmp_path / "x" / "day=2" / "c.parquet")
    (tmp_path / "x" / "_SUCCESS").touch()
    (tmp_path / "x" / "_common_metadata.parquet").touch()
    picks = sl.select(sl.Source(tmp_path / "x", column="proba", id_column="id"), "margin", 9)
    assert picks == BEST
    assert picks.ids.tolist() == [IDS[row] for row in BEST.indices]
    with pytest.raises(ValueError, match="k is 4,000, and the pool has 3,000 rows"):
        sl.select(sl.Source(tmp_path / "x", column="proba"), "margin", 4000)
    narrow = pa.table({"id": IDS, "proba": lists(P[:, :5]), "text": IDS})
    pq.write_table(narrow, tmp_path / "x" / "d.parquet")
    with pytest.raises(ValueError, match="c.parquet has classes 7, and the rows before it 5|d.parquet has classes 5"):
        sl.select(sl.Source(tmp_path / "x", column="proba"), "margin", 9)
    pq.write_table(narrow.rename_columns(["id", "scores", "text"]), tmp_path / "x" / "d.parquet")
    with pytest.raises(ValueError, match="column is 'proba', and .*d.parquet has no such column"):
        sl.select(sl.Source(tmp_path / "x", column="proba"), "margin", 9)


def test_tables_whose_columns_differ_are_refused(tmp_path):
    numbers = NUMBERS.drop(["id"])
    turned = numbers.select(["b", "a", *WIDE[2:]])
    for other, message in (
        (
            turned,
            "has 'b' where .* has 'a'; accepted are the same columns in the same order, or their names with column=",
        ),
        (numbers.rename_columns([*WIDE[:6], "z"]), "has 'z' where .* has 'g'"),
        (numbers.set_column(3, "d", pa.array(["x"] * 3000)), "y.parquet has dtype string"),
        (numbers.append_column("h", numbers["a"]), "y.parquet has classes 8, and the rows before it 7"),
        (numbers.cast(pa.schema([(name, pa.float64()) for name in WIDE])), "y.parquet has dtype float64"),
    ):
        pq.write_table(numbers, tmp_path / "x.parquet")
        pq.write_table(other, tmp_path / "y.parquet")
        with pytest.raises((ValueError, TypeError), match=message):
            sl.select(tmp_path, "margin", 9)
        if other.num_columns == 7 and other.schema.types == numbers.schema.types:
            for parts in ([numbers, other], [numbers.to_pandas(), other.to_pandas()]):
                with pytest.raises(ValueError, match=message.replace(".* ", r"x\[0\] ")):
                    sl.select(parts, "margin", 9)
    pq.write_table(turned, tmp_path / "y.parquet")
    both = sl.select(sl.Source(tmp_path, column=WIDE), "margin", 9)
    assert both == sl.select(np.concatenate([P, P]), "margin", 9)


@pytest.mark.parametrize("whole", [0, parquet.WHOLE])
def test_parquet_that_is_broken(tmp_path, monkeypatch, whole):
    monkeypatch.setattr(parquet, "WHOLE", whole)
    path = tmp_path / "x.parquet"
    pq.write_table(TABLE, path, row_group_size=1000, compression="zstd", use_dictionary=False)
    good = path.read_bytes()
    about = pq.ParquetFile(path).metadata.row_group(1).column(1)
    for content, message in (
        (b"", "x.parquet is not a readable Parquet file"),
        (good[:-5000], "x.parquet is not a readable Parquet file"),
        (good[: len(good) // 2], "x.parquet is not a readable Parquet file"),
    ):
        path.write_bytes(content)
        with pytest.raises(ValueError, match=message):
            sl.select(path, "margin", 9)
    bad = bytearray(good)
    start = about.data_page_offset
    bad[start : start + about.total_compressed_size] = bytes(about.total_compressed_size)
    path.write_bytes(bad)
    with pytest.raises(ValueError, match="x.parquet cannot be read in row group 1, rows 1,000 to 1,999"):
        sl.select(path, "margin", 9)
    pq.write_table(TABLE[:0], path)
    with pytest.raises(ValueError, match="x.parquet is empty: it has no rows"):
        sl.select(path, "margin", 9)


def test_arrow_files(tmp_path):
    for name, make in (("x.arrow", pa.ipc.new_file), ("x.arrows", pa.ipc.new_stream)):
        with make(str(tmp_path / name), TABLE.schema) as writer:
            writer.write_table(TABLE, max_chunksize=800)
        picks = sl.select(sl.Source(tmp_path / name, id_column="id"), "margin", 9)
        assert picks == BEST
        assert picks.report.copies == ()
        assert picks.ids.tolist() == [IDS[row] for row in BEST.indices]
    (tmp_path / "y.arrow").write_bytes(b"nothing")
    with pytest.raises(ValueError, match="y.arrow is not a readable Arrow file"):
        sl.select(tmp_path / "y.arrow", "margin", 9)


def test_polars_frames_with_arrays():
    pl = pytest.importorskip("polars", reason="pip install 'shortlist[polars]'")
    frame = pl.DataFrame({"id": IDS, "proba": P})
    pieces = pl.concat([frame[:1000], frame[1000:]], rechunk=False)
    for x in (frame, pieces, frame.lazy()):
        picks = sl.select(sl.Source(x, id_column="id"), "margin", 9)
        assert picks == BEST
        assert picks.report.copies == ()
        assert picks.ids.tolist() == [IDS[row] for row in BEST.indices]
    assert sl.select(frame["proba"], "margin", 9) == BEST
    wide = pl.DataFrame(P, schema=WIDE)
    for x in (wide.lazy(), pl.concat([wide[:1000], wide[1000:]], rechunk=False)):
        picks = sl.select(x, "margin", 9)
        assert picks == BEST
        assert "put together from 7 columns" in picks.report.copies[0]
    picks = sl.select(wide, "margin", 9)
    assert picks == BEST
    assert picks.report.copies == ()
    assert picks.report.bytes == P.nbytes
    with pytest.raises(TypeError, match="column 'id' of x has dtype String"):
        sl.select(wide.with_columns(id=pl.lit("a")), "margin", 9)
    holes = frame.with_columns(pl.when(pl.int_range(pl.len()) != 4).then("proba").alias("proba"))
    with pytest.raises(ValueError, match="row 4 has NaN"):
        sl.select(holes, "margin", 9)


def test_pandas_frames_with_ids_and_arrow_columns():
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(P, columns=WIDE)
    assert sl.select(frame, "margin", 9).report.copies == ()
    picks = sl.select(sl.Source(frame.assign(id=IDS), id_column="id"), "margin", 9)
    assert picks == BEST
    assert picks.ids.tolist() == [IDS[row] for row in BEST.indices]
    assert picks.report.copies == ()
    indexed = frame.set_axis(pandas.Index(IDS, name="id"))
    assert sl.select(sl.Source(indexed, id_column="id"), "margin", 9).ids.tolist() == picks.ids.tolist()
    arrow = pandas.DataFrame({"p": pandas.Series(pandas.arrays.ArrowExtensionArray(lists(P))), "id": IDS})
    picks = sl.select(sl.Source(arrow, id_column="id"), "margin", 9)
    assert picks == BEST
    assert picks.ids.tolist() == [IDS[row] for row in BEST.indices]
    nullable = frame.convert_dtypes(dtype_backend="numpy_nullable")
    picks = sl.select(nullable, "margin", 9)
    assert picks == BEST
    assert "copied from 7 pandas columns" in picks.report.copies[0]
    nullable.loc[4, "b"] = pandas.NA
    with pytest.raises(ValueError, match="row 4 has NaN in column 1"):
        sl.select(nullable, "margin", 9)


def test_ids_are_written_with_the_picks(tmp_path):
    table = TABLE.set_column(0, "id", pa.array([f'a "{name}", b' for name in IDS]))
    picks = sl.select(sl.Source(table, id_column="id"), "margin", 3)
    picks.to_csv(tmp_path / "x.csv")
    rows = list(csv.DictReader((tmp_path / "x.csv").read_text().splitlines()))
    assert [row["id"] for row in rows] == picks.ids.tolist()
    assert [int(row["index"]) for row in rows] == picks.indices.tolist()
    picks.to_jsonl(tmp_path / "x.jsonl")
    assert [json.loads(line)["id"] for line in (tmp_path / "x.jsonl").read_text().splitlines()] == picks.ids.tolist()
    assert picks.to_dict()["ids"] == picks.ids.tolist()


def parts_of(kind, values):
    """Parts of a pool, in which there are rows of `values` and one part that says little or nothing."""
    whole = pa.array(values, kind)
    return {
        "empty first": ([whole[:0], whole], 0),
        "empty amid": ([whole[:20], whole[:0], whole[20:]], 0),
        "empty last": ([whole, whole[:0]], 0),
        "of no type": ([pa.nulls(0), whole], 0),
        "lists of no type": ([pa.array([], pa.list_(pa.null())), whole], 0),
        "null first rows": ([pa.array([None, None], kind), whole], 2),
        "null first row": ([pa.concat_arrays([pa.array([None], kind), whole])], 1),
        "null rows of no type": ([pa.nulls(3), whole], 3),
    }


@pytest.mark.parametrize("kind", [pa.list_(pa.float32()), pa.large_list(pa.float32()), pa.list_(pa.float32(), 7)])
@pytest.mark.parametrize("case", parts_of(pa.float32(), [None]))
def test_parts_that_do_not_say_how_long_their_lists_are(tmp_path, kind, case):
    parts, before = parts_of(kind, P[:500].tolist())[case]
    wanted = sl.select(P[:500], "margin", 9).indices + before
    tables = [pa.table({"proba": part}) for part in parts]
    for suffix in ("parquet", "arrow", "arrows"):
        folder = tmp_path / f"{suffix}[1]"
        folder.mkdir()
        for number, table in enumerate(tables):
            path = folder / f"{number}.{suffix}"
            if suffix == "parquet":
                pq.write_table(table, path)
            else:
                with (pa.ipc.new_file if suffix == "arrow" else pa.ipc.new_stream)(path, table.schema) as writer:
                    writer.write_table(table)
        for x in (folder, folder / f"*.{suffix}", sorted(folder.iterdir())):
            if (
                suffix == "parquet"
                and not NULLS_OF_ONE_LENGTH
                and hasattr(kind, "list_size")
                and case.startswith("null first")
            ):
                with pytest.raises(ValueError, match="pyarrow below 26 cannot read a column of lists of a fixed"):
                    sl.select(x, "margin", 9, invalid="skip")
                continue
            assert sl.select(x, "margin", 9, invalid="skip").indices.tolist() == wanted.tolist()
    for x in (tables, iter(tables), [pa.RecordBatchReader.from_batches(t.schema, t.to_batches()) for t in tables]):
        assert sl.select(x, "margin", 9, invalid="skip").indices.tolist() == wanted.tolist()


def test_columns_of_no_type_in_an_empty_part(tmp_path):
    pq.write_table(pa.table({name: pa.nulls(0) for name in WIDE}), tmp_path / "0.parquet")
    pq.write_table(NUMBERS.drop_columns("id"), tmp_path / "1.parquet")
    assert sl.select(tmp_path, "margin", 9) == BEST


def test_a_pool_that_says_nowhere_how_long_its_lists_are():
    pl = pytest.importorskip("polars", reason="pip install 'shortlist[polars]'")
    kind = pa.list_(pa.float32())
    for x in (pa.array([], kind), pl.DataFrame({"p": P.tolist()[:2]})[:0], [pa.array([], kind)] * 2):
        with pytest.raises(ValueError, match=r"is empty: it has no rows, and its columns do not say"):
            sl.select(x, "margin", 9)
    for x in (
        pa.array([None], kind),
        pl.DataFrame({"p": [None]}),
        pl.DataFrame({"p": [None, None]}, {"p": pl.List(pl.Float32)}),
    ):
        with pytest.raises(ValueError, match=r"has rows that are all null: its columns do not say"):
            sl.select(x, "margin", 9, invalid="skip")


def test_polars_lists():
    pl = pytest.importorskip("polars", reason="pip install 'shortlist[polars]'")
    for inner in (pl.Float32, pl.Float64):
        series = pl.Series("p", P.tolist(), pl.List(inner))
        frame = pl.DataFrame({"p": series, "id": IDS})
        wanted = sl.select(P.astype(np.float32 if inner is pl.Float32 else np.float64), "margin", 9)
        pieces = pl.concat([frame[:1000], frame[1000:]], rechunk=False)
        for x in (frame, pieces, frame.lazy()):
            picks = sl.select(sl.Source(x, column="p", id_column="id"), "margin", 9)
            assert picks == wanted
            assert picks.ids.tolist() == [IDS[row] for row in wanted.indices]
            assert picks.report.copies == ("x was copied from lists block by block",)
        for x in (series, [frame[["p"]][:0], frame[["p"]]]):
            assert sl.select(x, "margin", 9) == wanted
        for kind in (pl.List(inner), pl.Array(inner, 7)):
            holes = pl.DataFrame({"p": pl.Series([None, *P.tolist()], dtype=kind)})
            for x in (holes, holes.lazy()):
                assert sl.select(x, "margin", 9, invalid="skip").indices.tolist() == (wanted.indices + 1).tolist()
    odd = pl.DataFrame({"p": [*P[:3].tolist(), [0.5, 0.5], *P[3:].tolist()]})
    for x in (odd, odd.lazy()):
        with pytest.raises(ValueError, match="'p' of x has a list of 2 numbers at row 3, and the rows before it 7"):
            sl.select(x, "margin", 9)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_pandas_objects_that_are_arrays_or_lists(dtype):
    pandas = pytest.importorskip("pandas")
    rows = list(P.astype(dtype))
    wanted = sl.select(P.astype(dtype), "margin", 9, normalize="as_is")
    frame = pandas.DataFrame({"proba": rows, "id": IDS}, index=[0] * 3000)
    picks = sl.select(sl.Source(frame, id_column="id", column="proba"), "margin", 9, normalize="as_is")
    assert picks == wanted
    assert picks.ids.tolist() == [IDS[row] for row in wanted.indices]
    assert picks.report.copies == ("x was copied from objects block by block",)
    one = frame[["proba"]]
    for x in (one, one["proba"], pandas.Series(rows), [one[:0], one], [one["proba"][:10], one["proba"][10:]]):
        assert sl.select(x, "margin", 9, normalize="as_is") == wanted
    for missing in (None, np.nan, pandas.NA):
        holes = pandas.Series([missing, *rows], dtype=object)
        found = sl.select(holes, "margin", 9, normalize="as_is", invalid="skip")
        assert found.indices.tolist() == (wanted.indices + 1).tolist()


def test_pandas_objects_that_are_something_else():
    pandas = pytest.importorskip("pandas")
    rows = P.tolist()
    assert sl.select(pandas.Series(rows), "margin", 9) == sl.select(np.array(rows), "margin", 9)
    for odd, message in (
        ([0.5, 0.5], r"a list of shape \(2,\) at row 3, and the rows before it \(7,\)"),
        ("a", "'a' at row 3"),
    ):
        with pytest.raises(ValueError, match=message):
            sl.select(pandas.Series([*rows[:3], odd, *rows[3:]]), "margin", 9)
    with pytest.raises(TypeError, match="column 'p' of x has dtype object .of str., which holds no numbers"):
        sl.select(pandas.DataFrame({"p": pandas.Series(["a", "b"], dtype=object)}), "margin", 1)
