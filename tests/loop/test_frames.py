"""Loops over frames of Python: the same rounds as over a file, and a sentence where the frame is missing or another."""

import csv

import pytest
from a_project import answer, play, spec_text, write_pool

import shortlist as sl
from shortlist.loop.errors import LoopError

pytest.importorskip("sklearn")
FRAME = 'path = "frame"'


def columns_of(folder, rows=200):
    write_pool(folder / "pool.csv", rows)
    with (folder / "pool.csv").open(newline="") as file:
        records = list(csv.DictReader(file))
    return {name: [record[name] for record in records] for name in records[0]}


def frame_of(kind, columns):
    if kind == "dict":
        return columns
    package = pytest.importorskip({"pandas": "pandas", "polars": "polars", "arrow": "pyarrow"}[kind])
    return package.table(columns) if kind == "arrow" else package.DataFrame(columns)


def begin(folder, frame, *, pool=FRAME, name="loop", **parts):
    (folder / "x.toml").write_text(spec_text(pool=pool, **parts))
    return sl.Loop.init(folder / "x.toml", folder / name, pool=frame)


@pytest.mark.parametrize("kind", ["pandas", "polars", "arrow", "dict"])
def test_the_rounds_are_those_of_a_file(tmp_path, kind):
    columns = columns_of(tmp_path)
    frame = frame_of(kind, columns)
    loop = begin(tmp_path, frame)
    file = begin(tmp_path, None, pool='path = "pool.csv"', name="file")
    for each in (loop, file):
        play(each, 2)
    again = sl.Loop(loop.folder, pool=frame)
    assert again.next().ids == loop.next().ids == file.next().ids
    assert again.next().rows == file.next().rows
    assert again._store.models()[-1].probabilities == file._store.models()[-1].probabilities
    assert len(again._store.pool_versions) == 1
    assert all(again.replay_all())
    assert again.check()


def test_a_loop_without_its_frame(tmp_path, command):
    loop = begin(tmp_path, columns_of(tmp_path))
    with pytest.raises(LoopError, match=r"its rows come from Python; open this loop as sl.Loop\(folder, pool=frame\)"):
        sl.Loop(loop.folder).next()
    for words in (["next", "--dir", "loop"], ["init", "x.toml", "--dir", "other"]):
        done = command("loop", *words, code=1)
        assert done.stderr.startswith('shortlist: error: [pool] path is "frame", so its rows come from Python')
    assert not (tmp_path / "other").exists()


def test_another_frame_and_one_with_more_rows(tmp_path):
    columns = columns_of(tmp_path)
    loop = begin(tmp_path, columns)
    answer(loop, loop.next().ids)
    more = columns_of(tmp_path, 220)
    more = {name: [*columns[name], *more[name][200:]] for name in columns}
    grown = sl.Loop(loop.folder, pool=more)
    grown.run_once()
    assert len(grown._store.pool_versions) == 2
    assert all(grown.replay_all())
    more["body"] = ["something else", *more["body"][1:]]
    with pytest.raises(LoopError, match=r"rows 0 to .* from row 0 of the frame on, are not those that the loop began"):
        sl.Loop(loop.folder, pool=more).train(force=True)


@pytest.mark.parametrize("pool", ["pool.csv", 3, [1, 2], "lazy"])
def test_what_is_no_frame(tmp_path, pool):
    columns_of(tmp_path)
    if pool == "lazy":
        pool = pytest.importorskip("polars").LazyFrame({"id": ["a"]})
    with pytest.raises(LoopError, match=r"^(the )?pool is .*; accepted (is a frame|are frames of pandas)"):
        begin(tmp_path, pool)


def test_workers_cannot_read_it(tmp_path):
    (tmp_path / "x.toml").write_text(spec_text(pool=FRAME) + 'where = "dask"\n')
    columns = columns_of(tmp_path)
    with pytest.raises(LoopError, match=r"where is 'dask', and workers can't read a frame; accepted are local"):
        sl.Loop.init(tmp_path / "x.toml", tmp_path / "loop", pool=columns)
