"""Keeping a loop: what killed processes left, what is damaged, copies, the end, and answers taken back."""

import csv
import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import a_project
import numpy as np
import pytest
from a_project import answer, truth, write_pool

import shortlist as sl
from shortlist.loop.errors import LoopError
from shortlist.loop.model_file import read_model
from shortlist.loop.temporary import remove_left, temporary_folder

pytest.importorskip("sklearn")

AT_WORK = """
import sys, time
from pathlib import Path
from shortlist.loop.temporary import temporary_folder
with temporary_folder(Path(sys.argv[1])) as folder:
    (folder / "part").write_text("x")
    print(folder, flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def at_work(tmp_path):
    process = subprocess.Popen(
        [sys.executable, "-c", AT_WORK, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    folder = tmp_path / process.stdout.readline().strip()
    yield process, folder
    process.kill()
    process.communicate()


def test_what_a_killed_process_left_is_removed_and_what_is_in_use_stays(tmp_path, at_work):
    pytest.importorskip("fcntl")
    process, folder = at_work
    with temporary_folder(tmp_path) as mine:
        remove_left(tmp_path)
        assert (folder / "part").exists()
        assert mine.is_dir()
    assert not mine.exists()
    process.kill()
    process.communicate()
    assert (folder / "part").exists()
    with temporary_folder(tmp_path):
        assert not folder.exists()
    assert list(tmp_path.iterdir()) == []


def test_a_process_that_ends_leaves_nothing(tmp_path, at_work):
    process, _ = at_work
    process.communicate("")
    assert list(tmp_path.iterdir()) == []


SPEC = """
loop = 1
name = "x"
classes = ["a", "b"]
[pool]
path = "pool.csv"
id = "id"
text = "body"
[seed]
rows = 20
[round]
rows = 20
mix = { explore = 0.1, validation = 0.2 }
[check]
issues = "builtin"
[retrain]
when = "growth:0.25"
[stop]
when = "budget:60"
"""


@pytest.fixture
def loop(tmp_path):
    """A loop of three answered rounds, at whose end the budget is spent."""
    write_pool(tmp_path / "pool.csv", 300)
    (tmp_path / "x.toml").write_text(SPEC)
    with sl.Loop.init(tmp_path / "x.toml", tmp_path / "loop") as begun:
        yield begun


def play(loop, rounds=3):
    a_project.play(loop, rounds)


@pytest.fixture
def run(loop):
    """Call a command of the loop; return its exit code and what it printed."""
    testing = pytest.importorskip("click.testing")
    from shortlist.cli.loop import loop_command

    def call(command, *words, folder=None):
        done = testing.CliRunner().invoke(
            loop_command, [command, *map(str, words), "--dir", str(folder or loop.folder)]
        )
        return done.exit_code, done.output

    return call


def damage(loop, **options):
    with sl.Loop(loop.folder) as fresh:
        return fresh.check(**options).damage


def test_a_loop_that_is_whole(loop, run):
    assert loop.check()  # nothing has happened yet
    play(loop)
    found = loop.check(replay=True)
    assert found
    assert found.damage == []
    assert "3 of 3 rounds have the same picks when they are planned again, bit for bit" in found.notes
    assert found.disputed == []
    code, printed = run("check")
    assert code == 0
    assert printed.startswith("nothing is damaged\n")
    assert not list((loop.folder / "cache").glob("making-*"))


def test_labels_that_may_be_wrong_are_no_damage(loop, run):
    batch = loop.next()
    wrong = {"a": "b", "b": "a"}
    answer(loop, batch.ids, label=lambda row: wrong[truth(row)] if row in batch.ids[:1] else truth(row))
    loop.run_once()
    answer(loop, batch.ids[1:3], "bob", label=lambda row: wrong[truth(row)])
    code, printed = run("check", "--json")
    found = json.loads(printed)
    assert code == 0
    assert found["ok"]
    assert found["disputed"] == {"rows": 2, "first": sorted(batch.ids[1:3])}
    assert found["suspects"]["rows"] == len(loop._store.models()[-1].estimate["suspects"])


def test_blobs_that_are_gone_or_changed(loop, run):
    play(loop)
    model = loop._store.models()[-1]
    (loop.folder / "blobs" / model.blob).unlink()
    path = loop.folder / "blobs" / model.probabilities
    path.chmod(0o644)
    path.write_bytes(path.read_bytes()[:-1] + b"\0")
    found = damage(loop)
    assert len(found) == 2
    assert f"{model.blob} is missing, the file of model {model.number}; bring it back from a backup" in found[0]
    assert f"{model.probabilities} has other bytes than were kept, the answers of model {model.number}" in found[1]
    code, printed = run("check")
    assert code == 1
    assert printed.count("damaged: ") == 2
    code, printed = run("backup", loop.folder.parent / "kept")
    assert code == 1
    assert "kept was made, and lacks what the loop lacks: " in printed
    assert "(2 in all: shortlist loop check)" in printed
    with sl.Loop(loop.folder.parent / "kept", copied=True) as copy:
        assert copy.labels() == loop.labels()


def alter(loop, *statements):
    loop.close()
    with sqlite3.connect(loop.folder / "loop.db") as database:
        for statement in statements:
            database.execute(statement)
    database.close()


@pytest.mark.parametrize(
    ("statements", "said"),
    [
        (["DROP TRIGGER events_delete"], r"lacks what keeps its entries from being changed \(events_DELETE\)"),
        (["DROP TRIGGER events_delete", "DELETE FROM events WHERE seq = 7"], r"lacks 1 of its 60 events"),
        (
            ["PRAGMA foreign_keys = OFF", "DROP TRIGGER picks_update", "UPDATE picks SET round = 77 WHERE round = 2"],
            r"has 20 entries of picks whose round is missing",
        ),
    ],
)
def test_a_database_that_somebody_has_changed(loop, statements, said):
    play(loop)
    alter(loop, *statements)
    assert any(re.search(said, each) for each in damage(loop))


def test_a_database_with_damaged_pages(loop, run):
    play(loop)
    loop.close()
    file = loop.folder / "loop.db"
    content = bytearray(file.read_bytes())
    with sqlite3.connect(file) as database:
        (size,) = database.execute("PRAGMA page_size").fetchone()
        (page,) = database.execute("SELECT rootpage FROM sqlite_master WHERE name = 'events'").fetchone()
    database.close()
    content[(page - 1) * size : page * size] = b"\xff" * size
    file.write_bytes(content)
    code, printed = run("check")
    assert code == 1
    assert "is damaged (" in printed
    assert "go on with a backup" in printed
    assert "disputed" not in printed
    code, printed = run("backup", loop.folder.parent / "kept")
    assert code == 1
    assert "loop.db is damaged, and no copy was made; go on with a backup" in printed
    assert not (loop.folder.parent / "kept").exists()


def test_a_specification_that_was_edited(loop):
    path = loop.folder / "loop.toml"
    loop.next()
    path.write_text(SPEC.replace("rows = 20\nmix", "rows = 30\nmix"))
    found = loop.check()
    assert found
    assert f"{path} was edited, and holds from the next round on" in found.notes
    path.write_text(SPEC.replace("explore = 0.1", "explore = 7").replace("budget", "bugdet"))
    found = loop.check().damage
    assert len(found) == 2
    assert all("was edited, and the next round can't be opened by it: " in line for line in found)
    assert "did you mean 'budget'" in found[1]
    path.write_text(SPEC.replace('["a", "b"]', '["b", "a"]'))
    assert "classes has" in loop.check().damage[0]
    path.write_text("classes = [")
    assert f"{path} is no TOML" in loop.check().damage[0]
    path.write_text(SPEC.replace("pool.csv", "other.csv"))
    assert "other.csv" in loop.check().damage[0]
    path.unlink()
    assert "is missing; the loop goes on by the last version of it" in loop.check().damage[0]


def test_a_pool_that_was_changed_in_a_way_that_only_reading_shows(loop, tmp_path):
    play(loop, 1)
    pool = tmp_path / "pool.csv"
    before, text = pool.stat(), pool.read_bytes()
    pool.write_bytes(text.replace(b"n17,", b"m17,"))
    os.utime(pool, ns=(before.st_atime_ns, before.st_mtime_ns))
    found = damage(loop)
    assert len(found) == 1
    assert "are not those that the loop began with; restore them, or start a new loop" in found[0]
    pool.unlink()
    assert "there is no file" in damage(loop)[0]
    pool.write_bytes(text)
    os.utime(pool, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert damage(loop) == []
    kept = next((loop.folder / "cache").glob("pool-*"))
    hashes = bytearray((kept / "contents").read_bytes())
    hashes[0] ^= 1
    (kept / "contents").write_bytes(hashes)
    assert damage(loop) == [f"{kept} is not what the pool holds any more; remove that folder, and it is made again"]


def test_a_column_that_no_model_sees_was_changed(tmp_path):
    loop = a_project.begin(tmp_path)
    a_project.play(loop)
    pool = tmp_path / "pool.csv"
    text = pool.read_text()
    pool.write_text(text + "9999,a new one,fr\n")
    assert damage(loop) == []
    pool.write_text(text.replace(",en", ",de"))
    (found,) = damage(loop)
    assert found.startswith("the column of groups 'lang' has other values than when the loop met these rows (20")
    assert found.endswith("); restore them, or rounds that went by them can't be planned again")
    with sl.Loop(loop.folder) as later:
        assert later.next() is not None  # it is no reason to end a loop
        assert len(later._store.pool_versions) == 1
    pool.write_text(text)
    assert damage(loop) == []


def test_a_round_that_does_not_replay_is_damage(loop):
    play(loop, 2)
    alter(loop, "DROP TRIGGER picks_update", "UPDATE picks SET why = 'x' WHERE round = 2 AND rank = 1")
    assert not any("round 2" in each for each in damage(loop))
    assert any(each.startswith("round 2 differs: ") for each in damage(loop, replay=True))


def test_a_backup_goes_on_where_it_was(loop, run, tmp_path):
    play(loop, 2)
    code, printed = run("backup", tmp_path / "kept")
    assert code == 0
    assert f"to go on with the copy: shortlist loop adopt --dir {tmp_path / 'kept'}" in printed
    code, printed = run("status", folder=tmp_path / "kept")
    assert code == 1
    assert f"to go on with this one: shortlist loop adopt --dir {tmp_path / 'kept'}" in printed
    assert run("adopt", folder=tmp_path / "kept")[0] == 0
    assert run("adopt", folder=tmp_path / "kept")[0] == 3
    with sl.Loop(tmp_path / "kept") as copy:
        assert copy.status() == loop.status()
        assert copy.next().ids == loop.next().ids
        assert copy.check(replay=True).damage == []
        answer(copy, copy.next().ids)
        assert copy.next() is None  # the budget is spent there
    assert loop.status()["out"]["open"] == 20
    code, printed = run("backup", tmp_path / "kept")
    assert code == 1
    assert "is not empty; accepted is a new folder for the backup" in printed


def test_a_backup_that_is_put_back_in_its_place(loop, tmp_path):
    play(loop, 1)
    before = loop.status()
    job = loop._store.begin_job("train", 1e6, here=False)
    loop.backup(tmp_path / "kept")
    loop.close()
    with (loop.folder / "loop.db").open("rb"):  # held, as the system may give its inode to the copy
        shutil.rmtree(loop.folder)
        shutil.copytree(tmp_path / "kept", loop.folder)
    with pytest.raises(LoopError, match="was put back from a copy, .* copied=True"):
        sl.Loop(loop.folder)
    with sl.Loop(loop.folder, copied=True) as again:
        assert again.status() == before
        # Nobody waits for what was under way in the one that is gone.
        assert again.train(force=True).number == 2
        assert again._store.jobs()[job.number - 1].detail == {"error": "the loop was copied while this was under way"}


def test_an_end_that_is_not_reached_is_refused(loop, run):
    play(loop, 1)
    with pytest.raises(
        LoopError, match=r"the rule of stopping is not met: budget:60 is 20; .* anyway=True \(--anyway\)"
    ):
        loop.finish()
    code, printed = run("finish")
    assert code == 1
    assert "budget:60 is 20" in printed
    assert not (loop.folder / "final").exists()
    assert loop.finish(anyway=True).open == 20


def test_a_loop_without_labels_can_not_be_finished(loop):
    with pytest.raises(LoopError, match="there is no label"):
        loop.finish(anyway=True)
    with pytest.raises(LoopError, match="there is no label"):
        loop.finish(anyway=True, fold_in=True)
    assert loop.next() is not None


def test_the_end(loop, run, tmp_path):
    play(loop)
    models = len(loop._store.models())
    code, printed = run("finish", "--out", tmp_path / "end")
    assert code == 0
    assert f"finished with model {models}" in printed
    assert "no estimate, which takes 60 labelled validation rows" in printed
    assert sorted(path.name for path in (tmp_path / "end").iterdir()) == [
        "README.md", "labels.csv", "model.json", "model.pkl"
    ]  # fmt: skip
    assert len(loop._store.models()) == models  # no label has changed since
    about = json.loads((tmp_path / "end" / "model.json").read_text())
    assert (about["model"], about["fold_in"], about["classes"]) == (models, False, ["a", "b"])
    for command in ("next", "run --once"):
        code, printed = run(*command.split())
        assert code == 4
        assert "the loop is finished on 20" in printed
        assert f"with model {models}; budget:60 is 60" in printed
    assert "shortlist loop next --anyway goes on" in run("status")[1]
    jobs = len(loop._store.jobs())
    loop.finish(tmp_path / "end")
    assert len(loop._store.jobs()) == jobs
    code, printed = run("next", "--anyway")
    assert code == 0
    assert loop.status()["round"] == 4
    assert "finished" not in loop.status()["stop"]["why"]
    assert loop.replay(4)


def test_the_file_of_the_model_answers_as_the_loop_does(loop, tmp_path):
    joblib = pytest.importorskip("joblib")
    play(loop)
    loop.finish(tmp_path / "end")
    code = re.search(r"```python\n(.*?)```", (tmp_path / "end" / "README.md").read_text(), re.DOTALL)[1]
    here = Path.cwd()
    os.chdir(tmp_path / "end")
    try:
        names = {}
        exec(code.replace('["a text", "another one"]', '["pay the bill", "crash and error"]'), names)
    finally:
        os.chdir(here)
    model = names["model"]
    assert model.predict(["pay the bill", "crash and error"]) == ["a", "b"]
    texts = [row["body"] for row in loop._ground.pool.show(range(300))]
    kept = np.load(loop._store.blob(loop._store.models()[-1].probabilities))
    np.testing.assert_array_equal(model.predict_proba(texts), kept)
    assert joblib.load(tmp_path / "end" / "model.pkl")["classes"] == ["a", "b"]
    with pytest.raises(LoopError, match="X is one text; accepted is a list of texts"):
        model.predict("pay")
    (tmp_path / "other.pkl").write_bytes(b"nothing")
    with pytest.raises(LoopError, match="can't be read as a model .* accepted is the model.pkl of a finished loop"):
        read_model(tmp_path / "other.pkl")


def test_a_last_model_on_the_validation_rows_too(loop, run):
    play(loop)
    before = loop.status()
    models = len(loop._store.models())
    code, printed = run("finish", "--fold-in", "--json")
    assert code == 0
    assert json.loads(printed) == {
        "folder": str(loop.folder / "final"), "model": None, "labels": 60, "fold_in": True, "estimate": None, "open": 0
    }  # fmt: skip
    code, printed = run("finish", "--fold-in")
    assert "trained on 60 labels" in printed
    assert "no estimate, as this model was trained on the validation rows too" in printed
    assert len(loop._store.models()) == models
    after = loop.status()
    assert after["model"] == before["model"]
    assert after["estimate"] == before["estimate"]
    assert "finished on" in after["stop"]["why"]
    assert "with a model that has no estimate" in after["stop"]["why"]
    assert read_model(loop.folder / "final").predict(["pay the bill"]) == ["a"]
    assert "no estimate" in (loop.folder / "final" / "README.md").read_text()
    assert loop.check(replay=True).damage == []
    assert loop.next(anyway=True).round == 4
    assert loop.run_once() == []


def test_labels_that_came_since_the_last_model_are_trained_on(loop):
    play(loop)
    models = loop._store.models()
    row = next(p.row for p in loop._store.picks(1) if p.share == "seed")
    answer(loop, [row], label=lambda row: {"a": "b", "b": "a"}[truth(row)])
    loop.ingest({row: {"a": "b", "b": "a"}[truth(row)]}, annotator="amy")
    done = loop.finish()
    assert done.model == len(models) + 1
    assert loop._store.models()[-1].why == "the loop is finished"


def test_a_folder_with_other_files_is_left_alone(loop, tmp_path):
    play(loop)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "labels.csv").write_text("mine")
    with pytest.raises(LoopError, match="has other files in it; accepted is a new folder"):
        loop.finish(tmp_path / "mine")
    assert (tmp_path / "mine" / "labels.csv").read_text() == "mine"
    assert "finished" not in loop.stop().why


def test_a_model_that_is_a_function_has_no_file(loop, tmp_path):
    play(loop)

    def fit(texts, labels):
        return lambda texts: np.full((len(texts), 2), 0.5)

    loop.finish(tmp_path / "end", fold_in=True, fit=fit)
    assert not (tmp_path / "end" / "model.pkl").exists()
    assert "There is no file of the model" in (tmp_path / "end" / "README.md").read_text()


def test_answers_are_taken_back(loop, run):
    batch = loop.next()
    answer(loop, batch.ids[:10])
    answer(loop, batch.ids[10:15], "bob")
    assert run("retract", "--annotator", "bob", batch.ids[10], "nobody") == (
        0,
        "shortlist: 1 of these rows have no such answer of bob\ntook back 1 answer of bob\n",
    )
    assert loop.status()["answers"] == 14
    assert run("retract", "--annotator", "bob", "--since", "2100-01-01")[0] == 3
    code, printed = run("retract", "--annotator", "bbo")
    assert code == 1
    assert (
        "annotator is 'bbo', who has answered nothing here; those who have are amy, bob; did you mean 'bob'?" in printed
    )
    code, printed = run("retract", "--annotator", "amy", "--since", "soon")
    assert code == 1
    assert "since can't be read: its time is 'soon'" in printed
    assert loop.retract("amy", rows=batch.ids[:3]) == 3
    assert loop.retract("amy") == 7
    assert loop.retract("amy") == 0
    assert loop.retract("bob", since="2020-01-01") == 4
    assert loop.labels() == {}
    with pytest.raises(LoopError, match="rows is the text"):
        loop.retract("amy", rows="12")
    answer(loop, batch.ids[:2], "cem")
    assert len(loop.labels()) == 2


def test_a_review_is_taken_back_too(loop):
    from shortlist.loop.store import Event

    row = loop.next().ids[0]
    answer(loop, [row])
    wrong = {"a": "b", "b": "a"}[truth(row)]
    loop._store.append([Event("review", row, "eve", "", wrong)])
    assert loop.labels()[row] == wrong
    assert loop.retract("eve") == 1
    assert loop.retract("eve") == 0
    assert loop.labels()[row] == truth(row)


HOLDS = """
import sys, shortlist as sl
loop = sl.Loop(sys.argv[1])
loop.status()
print("ready", flush=True)
sys.stdin.readline()
print(loop._ground.pool.id_of([7])[0], flush=True)
sys.stdin.readline()
"""


def test_what_is_kept_of_an_earlier_pool_is_removed_once_nobody_reads_there(loop, tmp_path):
    pytest.importorskip("fcntl")
    play(loop, 1)
    loop.close()
    del loop.__dict__["_ground"]
    (before,) = (loop.folder / "cache").glob("pool-*")
    other = subprocess.Popen(
        [sys.executable, "-c", HOLDS, str(loop.folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    try:
        assert other.stdout.readline() == "ready\n"
        with (tmp_path / "pool.csv").open("a") as file:
            file.write("300,pay,en\r\n")
        with sl.Loop(loop.folder) as again:
            again.next()
            assert again.replay(1)
        assert before.exists()
        other.stdin.write("\n")
        other.stdin.flush()
        assert other.stdout.readline() == "7\n"
    finally:
        other.kill()
        other.communicate()
    with sl.Loop(loop.folder) as again:
        again.next()
        assert not before.exists()
        assert again._ground.pool.folder.exists()
        assert again.replay(1)


KILLED = """
import os, signal, sys
from pathlib import Path
import shortlist as sl
def die(done, total):
    os.kill(os.getpid(), signal.SIGKILL)
sl.Loop.init(sys.argv[1], sys.argv[2], progress=die)
"""


def test_what_a_killed_first_read_left_is_removed_by_the_next(loop, tmp_path):
    pytest.importorskip("fcntl")
    ended = subprocess.run(
        [sys.executable, "-c", KILLED, str(tmp_path / "x.toml"), str(tmp_path / "other")],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        check=False,
    )
    assert ended.returncode < 0
    cache = tmp_path / "other" / "cache"
    assert list(cache.glob("making-*"))
    sl.Loop.init(tmp_path / "x.toml", tmp_path / "other").close()
    assert [path.name.partition("-")[0] for path in cache.iterdir()] == ["pool"]


OTHER = """
loop = 1
name = "x"
classes = ["a", "b"]
[pool]
{pool}
[model]
{model}
[seed]
rows = 40
[round]
rows = 20
[retrain]
when = "growth:0.25"
[stop]
when = "budget:1000"
"""
COLUMNS = 'path = "table.csv"\nid = "id"\nfeatures = ["left", "word"]'
TABLE = 'path = "x.npy"\nids = "ids.txt"'


@pytest.mark.parametrize(
    ("pool", "model"),
    [
        (COLUMNS, 'estimator = "forest"'),
        (COLUMNS, 'estimator = "own:pipeline"'),
        (TABLE, "members = 3"),
        (TABLE, 'committee = ["logistic", "boosting"]'),
        (TABLE, 'estimator = "own:plain"'),
        ('path = "table.csv"\nid = "id"\ntext = "word"', 'estimator = "boosting"'),
    ],
)
def test_the_file_of_any_model(tmp_path, pool, model):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(200, 6)).astype(np.float32)
    np.save(tmp_path / "x.npy", X)
    (tmp_path / "ids.txt").write_text("\n".join(map(str, range(200))))
    words = [f"{word} n{row}" for row, word in enumerate(rng.choice(["pay", "crash"], 200))]
    left = [f"{x:.3f}" if row % 9 else "" for row, x in enumerate(X[:, 0])]
    with (tmp_path / "table.csv").open("w", newline="") as file:
        out = csv.writer(file)
        out.writerow(["id", "left", "word"])
        out.writerows(zip(range(200), left, words, strict=True))
    (tmp_path / "own.py").write_text(
        "from sklearn.linear_model import LogisticRegression\n"
        "from sklearn.pipeline import make_pipeline\n"
        "from sklearn.compose import make_column_transformer\n"
        "from sklearn.impute import SimpleImputer\n"
        "def plain():\n    return LogisticRegression()\n"
        "def pipeline():\n    return make_pipeline(make_column_transformer((SimpleImputer(), ['left'])), LogisticRegression())\n"
    )
    (tmp_path / "x.toml").write_text(OTHER.format(pool=pool, model=model))
    with sl.Loop.init(tmp_path / "x.toml", tmp_path / "loop") as loop:
        answer(loop, loop.next().ids, label=lambda row: "a" if X[int(row), 0] > 0 else "b")
        loop.run_once()
        loop.finish(anyway=True)
        kept = np.load(loop._store.blob(loop._store.models()[-1].probabilities))
    read = read_model(tmp_path / "loop" / "final" / "model.pkl")
    given = X if pool == TABLE else words if "text" in pool else {"left": left, "word": words}
    np.testing.assert_array_equal(read.predict_proba(given), kept)
    assert read.predict(given) == [["a", "b"][code] for code in kept.argmax(axis=1).tolist()]
    if pool == TABLE:
        with pytest.raises(LoopError, match=r"X has shape \(200, 5\); accepted is \(rows, 6\)"):
            read.predict(X[:, :5])
    if pool == COLUMNS:
        with pytest.raises(LoopError, match="X has no column 'left'; needed are 'left', 'word'"):
            read.predict({"word": words})
