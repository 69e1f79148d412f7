"""Pools of a loop: rows by id, whatever they come as, and what makes two pools the same."""

import json

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from loop_specs import spec_of, tickets

from shortlist.loop.errors import LoopError
from shortlist.loop.pool import appended, changed, open_pool, stratum
from shortlist.loop.pool.features import Features

TEXTS = ["first", "two\nlines", 'a "quoted", one', "first", "naïve =cmd()", ""]
IDS = ["T-1", "T-2", "ü,3", "T-4", "T-5", "06"]


def write_csv(folder, ids=IDS, texts=TEXTS):
    cells = [['"' + cell.replace('"', '""') + '"' for cell in row] for row in zip(ids, texts, strict=True)]
    lines = [f"{own},{text},{'x' if row % 2 else 'y'}" for row, (own, text) in enumerate(cells)]
    (folder / "p.csv").write_text("id,body,g\n" + "\n".join(lines) + "\n", encoding="utf-8")
    return "p.csv"


def write_jsonl(folder):
    records = [
        {"id": i, "body": t, "g": "x" if n % 2 else "y"} for n, (i, t) in enumerate(zip(IDS, TEXTS, strict=True))
    ]
    (folder / "p.jsonl").write_text("\n".join(map(json.dumps, records)), encoding="utf-8")
    return "p.jsonl"


def table_of(texts=TEXTS):
    return pa.table({"id": IDS, "body": texts, "g": ["x" if row % 2 else "y" for row in range(len(IDS))]})


def write_parquet(folder):
    (folder / "parts").mkdir()
    pq.write_table(table_of().slice(0, 4), folder / "parts" / "a.parquet", row_group_size=3)
    pq.write_table(table_of().slice(4), folder / "parts" / "b.parquet")
    return "parts/*.parquet"


def write_arrow(folder):
    with pa.ipc.new_file(folder / "p.arrow", table_of().schema) as out:
        out.write_table(table_of(), max_chunksize=4)
    return "p.arrow"


def write_stream(folder):
    with pa.ipc.new_stream(folder / "p.arrows", table_of().schema) as out:
        out.write_table(table_of(), max_chunksize=4)
    return "p.arrows"


def frames():
    return {
        "pandas": table_of().to_pandas(),
        "arrow": table_of(),
        "polars": pytest.importorskip("polars").from_arrow(table_of()),
        "dict": table_of().to_pydict(),
    }


def text_spec(folder, path="p.csv"):
    return spec_of(folder, pool={"path": path, "id": "id", "text": "body", "groups": ("g",)})


KINDS = {"csv": write_csv, "jsonl": write_jsonl, "parquet": write_parquet, "arrow": write_arrow, "stream": write_stream}


@pytest.mark.parametrize("kind", [*KINDS, "frame pandas", "frame arrow", "frame polars", "frame dict"])
def test_all_kinds_are_the_same_pool(tmp_path, kind):
    frame = frames()[kind.split()[1]] if kind.startswith("frame") else None
    path = "" if frame is not None else KINDS[kind](tmp_path)
    pool = open_pool(text_spec(tmp_path, path), cache=tmp_path / "cache", frame=frame)
    assert (pool.rows, pool.ids(0, 99)) == (6, IDS)
    assert pool.id_of([5, 0, 2]) == ["06", "T-1", "ü,3"]
    assert pool.index_of(["ü,3", "none", "06", "6", "T-1"]).tolist() == [2, -1, 5, -1, 0]
    assert pool.show([1, 4]) == [{"body": TEXTS[1]}, {"body": TEXTS[4]}]
    assert pool.raw([4, 0, 1]) == [TEXTS[4], TEXTS[0], TEXTS[1]]
    assert [text for _, block in pool.blocks(4) for text in block] == TEXTS
    assert pool.twins.tolist() == [0, 1, 2, 0, 4, 5]
    codes, labels = pool.groups["g"]
    assert [labels[code] for code in codes] == ["y", "x"] * 3
    write_csv(tmp_path)
    assert pool.fingerprint == open_pool(text_spec(tmp_path)).fingerprint


def test_a_pool_is_read_through_once(tmp_path):
    spec = text_spec(tmp_path, write_csv(tmp_path))
    open_pool(spec, cache=tmp_path / "cache")
    (made,) = (tmp_path / "cache").iterdir()
    before = (made / "hashes").stat().st_mtime_ns
    open_pool(spec, cache=tmp_path / "cache")
    assert [folder.name for folder in (tmp_path / "cache").iterdir()] == [made.name]
    assert (made / "hashes").stat().st_mtime_ns == before


def test_without_a_folder_nothing_is_left_behind(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()
    spec = text_spec(tmp_path, write_csv(tmp_path))
    pool = open_pool(spec)
    assert pool.rows == 6
    del pool
    write_csv(tmp_path, IDS[:2] * 3)
    with pytest.raises(LoopError, match="each id once"):
        open_pool(spec)
    assert list((tmp_path / "temporary").iterdir()) == []


def test_vectors_have_their_ids_in_another_file(tmp_path):
    X = np.random.default_rng(0).normal(size=(50, 3)).astype(np.float32)
    X[7] = X[3]
    np.save(tmp_path / "x.npy", X)
    (tmp_path / "ids.txt").write_text("\n".join(f"img {row}" for row in range(50)))
    show = {"image": "https://example.com/{id}.jpg"}
    spec = spec_of(tmp_path, pool={"path": "x.npy", "ids": "ids.txt", "show": show})
    pool = open_pool(spec)
    assert pool.show([3]) == [{"image": "https://example.com/img%203.jpg"}]
    assert np.array_equal(pool.raw([9, 2]), X[[9, 2]])
    assert pool.twins[7] == 3
    (tmp_path / "ids.txt").write_text("a\nb\n")
    with pytest.raises(LoopError, match=r"x.npy has 50 rows, and .*ids.txt 2 ids"):
        open_pool(spec)
    with pytest.raises(LoopError, match="one id a line in .pool. ids"):
        open_pool(spec_of(tmp_path, pool={"path": "x.npy"}))


def test_a_column_of_lists_is_vectors(tmp_path):
    X = np.random.default_rng(0).normal(size=(30, 4)).astype(np.float32)
    table = pa.table({"id": np.arange(30), "vector": pa.array(list(X))})
    pq.write_table(table, tmp_path / "p.parquet", row_group_size=7)
    pool = open_pool(spec_of(tmp_path, pool={"path": "p.parquet", "id": "id", "features": ("vector",)}))
    assert (pool.kind, pool.ids(2, 4)) == ("vector", ["2", "3"])
    assert np.array_equal(pool.raw([29, 0, 8]), X[[29, 0, 8]])
    assert np.array_equal(np.concatenate([block for _, block in pool.blocks(5)]), X)


def test_embeddings_beside_a_table(tmp_path):
    X = np.arange(12, dtype=np.float32).reshape(6, 2)
    np.save(tmp_path / "e.npy", X)
    pool = {"path": write_csv(tmp_path), "id": "id", "text": "body", "embeddings": "e.npy"}
    opened = open_pool(spec_of(tmp_path, pool=pool))
    assert np.array_equal(opened.raw([3, 1]), X[[3, 1]])
    assert opened.show([1]) == [{"body": TEXTS[1]}]
    np.save(tmp_path / "e.npy", X[:5])
    with pytest.raises(LoopError, match=r"e.npy has 5 rows, and p.csv 6"):
        open_pool(spec_of(tmp_path, pool=pool))


def test_progress_is_told(tmp_path):
    told = []
    open_pool(text_spec(tmp_path, write_csv(tmp_path)), progress=lambda done, rows: told.append((done, rows)))
    assert told == [(6, 6)]


@pytest.mark.parametrize("kind", ["npz", "fortran"])
def test_vectors_of_other_kinds_are_copied_once(tmp_path, kind):
    X = np.arange(12, dtype=np.float64).reshape(4, 3)
    np.savez(tmp_path / "x.npz", X)
    np.save(tmp_path / "x.npy", np.asfortranarray(X))
    np.save(tmp_path / "ids.npy", np.arange(4) + 10)
    path = "x.npz" if kind == "npz" else "x.npy"
    pool = open_pool(spec_of(tmp_path, pool={"path": path, "ids": "ids.npy"}), cache=tmp_path / "cache")
    assert pool.ids(0, 4) == ["10", "11", "12", "13"]
    assert np.array_equal(pool.raw([2, 1]), X[[2, 1]])


def test_columns_are_numbers_or_words(tmp_path):
    (tmp_path / "p.csv").write_text("id,age,city,other\n1,3,Rome,a\n2,,Oslo,b\n3,4.5,,c\n")
    pool = open_pool(spec_of(tmp_path, pool={"path": "p.csv", "id": "id", "features_except": ("other",)}))
    raw = pool.raw([0, 1, 2])
    assert list(raw) == ["age", "city"]
    assert np.array_equal(raw["age"], [3, np.nan, 4.5], equal_nan=True)
    assert raw["city"].tolist() == ["Rome", "Oslo", None]
    matrix = Features.fit(pool, None, 0).transform(raw)
    assert matrix.shape == (3, 4)
    assert matrix[1].tolist() == [0, 1, 1, 0]


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ("id,body\nT-1,a\nT-2,b\nT-1,c\n", "'T-1' is that of line 2 of .*p.csv and of line 4 of"),
        ("id,body\nT-1,a\n  ,b\n", "line 3 of .*p.csv has no id"),
        ("id,text\nT-1,a\n", "text names 'body', and p.csv has no such column; there are 'id', 'text'"),
        ("id,body\n", "p.csv has no rows"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(tmp_path, lines, message):
    (tmp_path / "p.csv").write_text(lines)
    with pytest.raises(LoopError, match=message):
        open_pool(spec_of(tmp_path, pool={"path": "p.csv", "id": "id", "text": "body"}), cache=tmp_path / "cache")
    assert list((tmp_path / "cache").iterdir()) == []


@pytest.mark.parametrize(("path", "message"), [("no.csv", "there is no file"), ("*.csv", "stands for no file")])
def test_no_file(tmp_path, path, message):
    with pytest.raises(LoopError, match=message):
        open_pool(text_spec(tmp_path, path))


def test_a_pool_may_grow_and_nothing_else(tmp_path):
    ids, texts = [f"T-{row}" for row in range(200)], [f"text {row}" for row in range(200)]
    spec = text_spec(tmp_path, write_csv(tmp_path, ids, texts))
    old = open_pool(spec).fingerprint
    write_csv(tmp_path, [*ids, "new"], [*texts, "more"])
    grown = open_pool(spec)
    assert (changed(old, grown), appended(old, grown)) == ([], 1)
    write_csv(tmp_path, ids, [*texts[:50], "another", *texts[51:]])
    assert "rows 50 to 52, from line 52 of" in changed(old, open_pool(spec))[0]
    write_csv(tmp_path, ids[:150], texts[:150])
    assert changed(old, open_pool(spec))[0].startswith("the pool has 150 rows, and had 200")
    write_csv(tmp_path, ids[1:], texts[1:])
    assert any("rows 0 to 2," in said for said in changed(old, open_pool(spec)))


def test_the_stratum_holds_with_growth_and_takes_doubles_along(tmp_path):
    spec, _ = tickets(tmp_path)
    pool = open_pool(spec)
    held = stratum(pool, 0, 0.2, 2000)
    assert 50 < len(held.order) < 110
    assert np.array_equal(np.flatnonzero(held.mask), np.sort(held.order))
    assert np.array_equal(stratum(pool, 0, 0.2, 20).order, held.order[:20])
    assert not np.array_equal(stratum(pool, 1, 0.2, 2000).order, held.order)
    first = int(held.order[0])
    outside = int(np.flatnonzero(~held.mask)[0])
    texts = pool.raw([first, outside])
    with (tmp_path / "tickets.csv").open("a", encoding="utf-8") as file:
        file.write(f'double,"{texts[0]}",en,1\nother,"{texts[1]}",en,1\n')
    grown = stratum(open_pool(spec), 0, 0.2, 2000)
    assert np.array_equal(grown.order, held.order)
    assert grown.mask[-2:].tolist() == [True, False]
    assert (grown.weights[0], grown.weights.sum()) == (2, len(held.order) + 1)


def test_features_are_plain_values_and_the_same_again(tmp_path):
    spec, _ = tickets(tmp_path)
    pool = open_pool(spec)
    held = stratum(pool, 0, 0.5, 2000).mask
    made = Features.fit(pool, held, 0)
    row = int(np.flatnonzero(held)[0])
    assert f"number{row}" not in made.state["terms"]
    again = Features(json.loads(json.dumps(made.state)), pool, 0)
    rows = np.array([5, 300, 2])
    assert np.array_equal(made.dense(rows), again.dense(rows))
    assert made.dense(rows).shape == (3, 256)
    assert (made.transform(pool.raw(rows)) != again.transform(pool.raw(rows))).nnz == 0
