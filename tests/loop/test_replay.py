"""Rounds are planned again from what is kept, whatever has come since; a difference is said in words."""

import csv
import json
import os
import re
import sqlite3
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from a_project import WORDS, truth

import shortlist as sl
from shortlist.loop.errors import LoopError

pytest.importorskip("sklearn")

EVERYTHING = """
loop = 1
name = "x"
classes = ["a", "b"]
[pool]
path = "pool.csv"
id = "id"
text = "body"
groups = ["lang"]
[model]
members = 2
[seed]
rows = 20
how = "typiclust"
search = { b = ["crash"] }
[round]
rows = 20
strategy = "margin"
diverse = { rule = "k_center", among = 40 }
mix = { explore = 0.1, validation = 0.15, relabel = 0.1 }
rare = { classes = ["b"], share = 0.1 }
floor = 0.5
[validation]
share = 0.2
rows = 30
[labels]
overlap = 0.15
[check]
issues = "builtin"
[retrain]
when = "growth:0.1"
[stop]
when = "budget:1000"
"""
NUMBERS = """
loop = 1
name = "x"
classes = ["a", "b"]
[pool]
path = "pool.csv"
id = "id"
features = ["left", "right"]
[seed]
rows = 20
[round]
rows = 20
strategy = "diverse_uncertain"
mix = { explore = 0.1 }
[retrain]
when = "growth:0.1"
[stop]
when = "budget:1000"
"""


def write_pool(path, rows, start=0):
    rng = np.random.default_rng(start)
    with path.open("a" if start else "w", newline="", encoding="utf-8") as file:
        out = csv.writer(file)
        if not start:
            out.writerow(["id", "body", "lang", "left", "right"])
        for row in range(start, start + rows):
            words = [*rng.choice(WORDS["a"] + WORDS["b"], 2), *rng.choice(WORDS[truth(row)], 3), f"n{row % 190}"]
            left = rng.normal() + (2 if truth(row) == "a" else 0)
            lang = "pt" if row % 10 == 0 else "en" if row < 200 else "fr"
            # Later rows have a word where all so far had a number.
            out.writerow([row, " ".join(words), lang, f"{left:.3f}", "none" if row >= 200 else row % 7])


def begin(folder, spec=EVERYTHING):
    write_pool(folder / "pool.csv", 200)
    (folder / "x.toml").write_text(spec)
    return sl.Loop.init(folder / "x.toml", folder / "loop")


def answer(loop, rows, annotator="amy"):
    # Some are wrong, so that there are suspects.
    wrong = {"a": "b", "b": "a"}
    loop.ingest([
        {"id": row, "label": wrong[truth(row)] if int(row) % 11 == 0 else truth(row), "annotator": annotator}
        for row in rows
    ])  # fmt: skip


def play(loop, rounds):
    for _ in range(rounds):
        answer(loop, loop.next().ids)
        again = loop.next(annotator="bob")
        if again is not None:
            loop.ingest([{"id": row, "label": truth(row), "annotator": "bob"} for row in again.ids])
        loop.run_once()


def check(loop, **options):
    found = loop.replay_all(**options)
    assert found
    for each in found:
        assert each, str(each)
        assert each.compared == each.rows == len(loop._store.picks(each.round))


@pytest.fixture(scope="module")
def played(tmp_path_factory):
    """Play four rounds in which all that decides picks plays a part."""
    folder = tmp_path_factory.mktemp("played")
    with begin(folder) as loop:
        play(loop, 3)
    return folder


@pytest.fixture
def copied(played, tmp_path):
    """Return a copy of that loop, to do harm to."""
    with sl.Loop(played / "loop") as loop:
        loop._store.backup(tmp_path / "copy")
    return tmp_path / "copy"


def open_copy(folder):
    from shortlist.loop.store import Store

    Store.open(folder, copied=True).close()
    return sl.Loop(folder)


def test_what_decides_picks_plays_a_part(played):
    with sl.Loop(played / "loop") as loop:
        shares = {pick.share for number in range(1, 5) for pick in loop._store.picks(number)}
        assert shares >= {"seed", "strategy", "explore", "validation", "relabel", "rare", "overlap"}
        assert loop._store.models()[-1].estimate["members"]
        for threads in (1, 2, 3, None):
            check(loop, n_threads=threads)


def test_what_comes_later_makes_no_difference(copied, played):
    pool = played / "pool.csv"
    before = pool.read_text()
    try:
        with open_copy(copied) as loop:
            late = [pick.row for number in (1, 2, 3) for pick in loop._store.picks(number)]
            loop.ingest(
                [{"id": row, "label": "b", "annotator": "late"} for row in late]
            )  # all other labels, or disputed
            loop.ingest([{"id": "205", "label": "b", "annotator": "late"}], allow=["unknown"])  # a row that comes later
            check(loop)
            write_pool(pool, 60, start=200)
        path = copied / "loop.toml"
        text = path.read_text()
        for old, new in [
            ('classes = ["a", "b"]', 'classes = ["a", "b", "c"]'),
            ('"margin"', '"entropy"'),
            ("floor = 0.5", "floor = 0.9"),
            ('how = "typiclust"', 'how = "random"'),
            ('groups = ["lang"]', 'groups = ["lang", "right"]'),
            ("overlap = 0.15", "overlap = 0.3"),
        ]:
            assert old in text
            text = text.replace(old, new)
        path.write_text(text)
        with sl.Loop(copied) as loop:
            loop.train(force=True)
            play(loop, 3)
            assert len(loop._store.specs()) == 2
            assert len(loop._store.pool_versions) == 2
            assert any(int(pick.row) >= 200 for number in (5, 6, 7) for pick in loop._store.picks(number))
            check(loop, n_threads=3)
    finally:
        pool.write_text(before)


def test_a_column_of_numbers_that_gets_words(tmp_path):
    with begin(tmp_path, NUMBERS) as loop:
        play(loop, 2)
    write_pool(tmp_path / "pool.csv", 60, start=200)
    with sl.Loop(tmp_path / "loop") as loop:
        play(loop, 2)
        assert loop._ground.pool.numeric == {"left": True, "right": False}
        check(loop, n_threads=2)


VECTORS = """
loop = 1
name = "x"
classes = ["a", "b"]
[pool]
path = "x.npy"
ids = "ids.txt"
[seed]
rows = 20
how = "k_center"
[round]
rows = 15
strategy = "{strategy}"
mix = {{ explore = 0.1, validation = 0.1 }}
[model]
{model}
[retrain]
when = "growth:0.1"
[stop]
when = "budget:1000"
"""


def write_vectors(folder, rows):
    X = np.random.default_rng(0).normal(size=(300, 12)).astype(np.float32)
    np.save(folder / "x.npy", X[:rows])
    (folder / "ids.txt").write_text("\n".join(map(str, range(rows))))
    return {str(row): "a" if X[row, 0] > 0 else "b" for row in range(300)}


@pytest.mark.parametrize(
    ("strategy", "model"),
    [
        *((name, "") for name in ("badge", "cluster_margin", "herding", "kmeans_plus_plus", "ranked_batch", "random")),
        ("vote_entropy", "members = 3"),
        ("own_rule:first", ""),
    ],
)
def test_vectors_by_any_strategy(tmp_path, strategy, model):
    (tmp_path / "own_rule.py").write_text("def first(block):\n    return block[:, 0]\n")
    answers = write_vectors(tmp_path, 200)
    (tmp_path / "x.toml").write_text(VECTORS.format(strategy=strategy, model=model))
    sl.Loop.init(tmp_path / "x.toml", tmp_path / "loop").close()
    for rows in (200, 300):
        write_vectors(tmp_path, rows)
        with sl.Loop(tmp_path / "loop") as loop:
            for _ in range(2):
                loop.ingest([{"id": row, "label": answers[row], "annotator": "amy"} for row in loop.next().ids])
                loop.run_once()
            check(loop, n_threads=3)
    assert len(sl.Loop(tmp_path / "loop")._store.rounds()) == 5


def change(folder, statement, *values):
    """Change what is never changed."""
    with sqlite3.connect(folder / "loop.db") as database:
        for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            database.execute(f"DROP TRIGGER {name}")
        assert database.execute(statement, values).rowcount == 1
    database.close()


@pytest.mark.parametrize(
    ("column", "value", "said"),
    [
        ("row", "nobody", r"at rank 3 row 'nobody' was picked \(.*\), and now it is '\d+' \("),
        ("why", "because", r"row '\d+' at rank 3 had why 'because', and now it is "),
        ("propensity", 0.123, r"had propensity 0\.123, and now it is "),
        ("score", 0.5, r"had score 0\.5, and now it is "),
        ("share", "luck", r"had share 'luck', and now it is "),
        ("place", 7777, r"had index 7777, and now it is \d+"),
    ],
)
def test_a_pick_that_is_another_is_said(copied, column, value, said):
    open_copy(copied).close()
    change(copied, f"UPDATE picks SET {column} = ? WHERE round = 3 AND rank = 3", value)
    with sl.Loop(copied) as loop:
        found = loop.replay(3)
        assert not found
        assert re.search(said, str(found)), str(found)
        assert loop.replay(2)


def test_what_decided_is_compared_too(copied):
    open_copy(copied).close()
    with sqlite3.connect(copied / "loop.db") as database:
        decided = json.loads(database.execute("SELECT decided FROM rounds WHERE number = 4").fetchone()[0])
    database.close()
    last = decided["reach"][-1]
    last[1] = float(np.nextafter(last[1], 2))
    change(copied, "UPDATE rounds SET decided = ? WHERE number = 4", json.dumps(decided))
    with sl.Loop(copied) as loop:
        found = loop.replay(4)
        assert f"at place {len(decided['reach'])} in reach of the cut was row '{last[0]}' with the score" in str(found)
    decided["candidates"] += 1
    change(copied, "UPDATE rounds SET decided = ? WHERE number = 4", json.dumps(decided))
    with sl.Loop(copied) as loop:
        assert "candidates was" in str(loop.replay(4))


def test_a_model_whose_numbers_are_gone(copied):
    with open_copy(copied) as loop:
        third = loop._store.round(3)
        model = loop._store.models()[third.model - 1]
        (copied / "blobs" / model.probabilities).unlink()
        found = loop.replay(3)
        assert found
        assert 0 < found.compared < found.rows
        assert model.probabilities in found.missing
        assert "agree with the scores that were kept; the others can't be compared" in str(found)
        assert loop.replay(1).missing is None  # no model yet
        (copied / "blobs" / loop._store.pool_versions[0].fingerprint["features"]).unlink()
    with sl.Loop(copied) as loop:
        assert str(loop.replay(1)).startswith("round 1: no row can be compared, as ")
    picked = next(p for p in sl.Loop(copied)._store.picks(3) if p.share == "strategy")
    change(copied, "UPDATE picks SET score = 0.4321 WHERE round = 3 AND rank = ?", picked.rank)
    with sl.Loop(copied) as loop:
        assert "has the score 0.4321" in loop.replay(3).difference


@pytest.mark.parametrize(("number", "said"), [(0, "there is no round 0; the last is 4"), (9, "no round 9")])
def test_a_round_that_is_not_there(played, number, said):
    with sl.Loop(played / "loop") as loop, pytest.raises(LoopError, match=said):
        loop.replay(number)


def test_the_command(played, copied):
    testing = pytest.importorskip("click.testing")
    from shortlist.cli.loop import loop_command

    def run(*words):
        return testing.CliRunner().invoke(loop_command, ["replay", *map(str, words)])

    done = run(3, "--dir", played / "loop")
    rows = len(sl.Loop(played / "loop")._store.picks(3))
    assert (done.exit_code, done.output) == (0, f"round 3: the same {rows} rows, bit for bit\n")
    assert run("--dir", played / "loop").exit_code == 2
    assert run(3, "--all", "--dir", played / "loop").exit_code == 2
    assert run(3, "--threads", 0, "--dir", played / "loop").exit_code == 2
    assert run(77, "--dir", played / "loop").exit_code == 1
    open_copy(copied).close()
    change(copied, "UPDATE picks SET why = 'x' WHERE round = 2 AND rank = 1")
    done = run("--all", "--json", "--dir", copied)
    assert done.exit_code == 1
    found = json.loads(done.output)
    assert not found["same"]
    assert [each["same"] for each in found["rounds"]] == [True, False, True, True]
    assert "had why 'x'" in found["rounds"][1]["difference"]


def test_a_loop_without_rounds(tmp_path):
    testing = pytest.importorskip("click.testing")
    from shortlist.cli.loop import loop_command

    begin(tmp_path).close()
    done = testing.CliRunner().invoke(loop_command, ["replay", "--all", "--dir", str(tmp_path / "loop")])
    assert (done.exit_code, done.output) == (3, "there is no round yet\n")


@pytest.mark.parametrize("threads", ["1", "3"])
def test_threads_of_libraries_make_no_difference(played, threads):
    script = "import sys, shortlist as sl; print([bool(r) for r in sl.Loop(sys.argv[1]).replay_all()])"
    names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "RAYON_NUM_THREADS")
    ended = subprocess.run(
        [sys.executable, "-c", script, str(played / "loop")],
        env={**os.environ, **dict.fromkeys(names, threads), "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ended.returncode, ended.stdout) == (0, "[True, True, True, True]\n"), ended.stderr


def test_nothing_is_left_in_the_cache(played):
    with sl.Loop(played / "loop") as loop:
        loop.replay(4)
    kept = {path.name.partition("-")[0] for path in Path(played / "loop" / "cache").iterdir()}
    assert kept == {"pool", "look.json"}
