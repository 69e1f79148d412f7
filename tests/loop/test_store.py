"""What a store promises: all that was acknowledged is kept, what is kept never changes, and mistakes are one sentence."""

import contextlib
import errno
import json
import multiprocessing
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import a_loop
import pytest
from a_loop import (
    SPEC,
    round_of,
    spec_of,
    specs,  # noqa: F401
    store_with,
)

from shortlist.loop.errors import LoopError
from shortlist.loop.store import CopiedLoopError, Event, Job, Model, Pick, Store, blobs, database, home, jobs, schema
from shortlist.loop.store import events as log
from shortlist.loop.store.mirror import mirror_round


@pytest.fixture
def store(tmp_path):
    with store_with(tmp_path / "loop", ["a", "b", "c"]) as made:
        yield made


def label(row, label, annotator="amy", time="2026-01-01T00:00:00Z", **more):
    return Event("label", row, annotator, time, label, **more)


def tables(folder):
    """Return all that a database holds."""
    with contextlib.closing(sqlite3.connect(folder / "loop.db")) as connection:
        names = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {name: connection.execute(f"SELECT * FROM {name}").fetchall() for name in names}


def test_all_is_there_again_when_the_loop_is_opened(tmp_path):
    spec, model = (
        spec_of("x", "y", version="v2"),
        Model(1, 1, 2, 2, "2026-01-01T00:00:00.000000Z", "growth", 7, estimate={"n": 1}),
    )
    with store_with(tmp_path / "loop", ["a", "b\n;\u00e9"], ["a"]) as store:
        store.append([label("a", "bug", payload={"round": 1}), Event("skip", "b\n;\u00e9", "raj", "2026-01-02")])
        store.add_spec(spec)
        store.add_model(model)
        pool = store.add_pool({"rows": 3})
        store.set_state(1, "handed")
        store.add_handoff(1, "done", {"file": "x.csv"})
        blob = store.put_blob(b"content")
        known = list(store.events())
    with Store.open(tmp_path / "loop") as store:
        assert list(store.events()) == known
        assert [event[:6] for event in known] == [
            ("label", "a", "amy", "2026-01-01T00:00:00.000000Z", "bug", ""),
            ("skip", "b\n;\u00e9", "raj", "2026-01-02T00:00:00.000000Z", None, ""),
        ]
        assert known[0].payload == {"round": 1}
        assert store.position == 2
        assert store.spec == spec
        assert store.specs() == [SPEC, spec]
        assert store.models() == [model]
        assert [(v.hash, v.fingerprint) for v in store.pool_versions] == [(pool, {"rows": 3})]
        assert [(r.number, r.state) for r in store.rounds()] == [(1, "handed"), (2, "planned")]
        assert store.picks(2) == [Pick(2, 0, "a", 0, "strategy")]
        assert {row: [pick.round for pick in picks] for row, picks in store.picked().items()} == {
            "a": [1, 2],
            "b\n;\u00e9": [1],
        }
        assert store.picked(["a", "z"]) == {"a": [*store.picks(1)[:1], *store.picks(2)]}
        assert list(store.states(1)) == ["planned", "handed"]
        assert [(step["phase"], step["file"]) for step in store.handoffs(1)] == [("done", "x.csv")]
        assert store.blob(blob).read_bytes() == b"content"


def test_a_known_key_is_not_appended_again(store):
    first = [label("a", "bug", key="1"), label("b", "bug", key="2")]
    assert store.append(first) == (2, 0)
    assert store.append([*first, label("c", "bug", key="3"), label("c", "billing", key="3")]) == (1, 3)
    assert [(event.row, event.label, event.seq) for event in store.events()] == [
        ("a", "bug", 1),
        ("b", "bug", 2),
        ("c", "bug", 3),
    ]


def test_what_happens_now_is_never_known(store):
    now = [label("a", name, time="") for name in ("bug", "billing", "bug")]
    assert store.append(now) == (3, 0)
    assert {event.time == event.kept for event in store.events()} == {True}


def test_events_are_read_from_a_position_to_another(store, monkeypatch):
    monkeypatch.setattr(log, "PART", 2)
    store.append(label("a", "bug", time=f"2026-01-0{day}") for day in range(1, 8))
    assert [event.seq for event in store.events()] == [1, 2, 3, 4, 5, 6, 7]
    assert [event.seq for event in store.events(after=2, until=5)] == [3, 4, 5]


@pytest.mark.parametrize(
    ("event", "sentence"),
    [
        (Event("lable", "a", "amy", ""), "an event's kind is 'lable'; accepted are label, reject"),
        (Event("label", "a", "amy", ""), "an event of row 'a' is a label with the label None"),
        (Event("skip", "a", "amy", "", "bug"), "an event of row 'a' is a skip with the label 'bug'"),
        (label("a", "bug", time="yesterday"), "its time is 'yesterday'; accepted is ISO 8601"),
    ],
)
def test_a_wrong_event_takes_its_transaction_along(store, event, sentence):
    with pytest.raises(ValueError, match=sentence):
        store.append([label("b", "bug"), event])
    assert store.position == 0


@pytest.mark.parametrize("table", schema.APPENDED)
@pytest.mark.parametrize("change", ["UPDATE {} SET rowid = 99", "DELETE FROM {}", "REPLACE INTO {} SELECT * FROM {}"])
def test_what_was_appended_cannot_be_changed_by_anybody(tmp_path, table, change):
    with store_with(tmp_path / "loop", ["a"]) as store:
        store.append([label("a", "bug")])
        store.add_pool({})
        store.add_model(Model(1, 1, 1, 1))
        store.add_handoff(1, "intent", {})
    before = tables(tmp_path / "loop")
    with contextlib.closing(sqlite3.connect(tmp_path / "loop" / "loop.db")) as other:
        with pytest.raises(sqlite3.IntegrityError, match=f"{table} are only ever appended to"):
            other.execute(change.format(table, table))
        other.commit()
    assert tables(tmp_path / "loop") == before
    assert before[table]


def test_an_event_with_a_known_key_replaces_none(store):
    store.append([label("a", "bug", key="1")])
    before = tables(store.folder)
    with contextlib.closing(sqlite3.connect(store.folder / "loop.db")) as other:
        other.execute(
            "REPLACE INTO events (kind, row, annotator, time, label, source, key, payload, kept) "
            "VALUES ('label', 'a', 'amy', '', 'billing', '', '1', '{}', '')"
        )
        other.commit()
    assert tables(store.folder) == before


def test_states_go_one_way(store):
    store.set_state(1, "picked")
    store.set_state(1, "picked")
    store.set_state(1, "labelling")
    with pytest.raises(LoopError, match="round 1 is labelling and can't become handed; the order is planned, picked"):
        store.set_state(1, "handed")
    with pytest.raises(LoopError, match="can't become done"):
        store.set_state(1, "done")
    assert list(store.states(1)) == ["planned", "picked", "labelling"]


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda store: store.add_round(*round_of(1, "x")), "round 1 is there already, planned by another process"),
        (lambda store: store.add_round(*round_of(3, "x")), "round 3 can't follow round 1; accepted is 2"),
        (lambda store: store.add_round(round_of(2)[0], round_of(1, "x")[1]), "a pick of round 1 was given for round 2"),
        (lambda store: store.round(9), "there is no round 9; the last is 1"),
        (lambda store: store.add_model(Model(2, 1, 0, 0)), "model 2 can't follow model 0; accepted is 1"),
        (lambda store: store.finish_job("x", True, {}), "no job of this loop has the token 'x'"),
        (lambda store: store.blob("ab"), "ab is missing, which the loop refers to; bring it back from a backup"),
    ],
)
def test_what_cannot_follow_is_refused(store, call, sentence):
    before = tables(store.folder)
    with pytest.raises(LoopError, match=sentence):
        call(store)
    assert tables(store.folder) == before


def test_several_steps_are_one_transaction(store):

    def steps(number):
        with store.transaction():
            store.append([label("a", "bug")])
            store.set_state(number, "picked")

    with pytest.raises(LoopError, match="no round 9"):
        steps(9)
    assert store.position == 0
    steps(1)
    assert (store.position, store.round(1).state) == (1, "picked")


def test_a_spec_is_kept_when_it_changes(store):
    assert not store.add_spec(SPEC)
    assert store.add_spec(spec_of("a", version="v2"))
    assert store.add_spec(SPEC)
    assert [spec.version for spec in store.specs()] == ["v1", "v2", "v1"]
    assert store.spec_of_version("v2").classes == ("a",)


# Jobs


def test_there_is_one_job_of_a_kind_at_a_time(store):
    job = store.begin_job("train", 60)
    with pytest.raises(
        LoopError, match="a job to train is under way since .*, and its lease lasts until .*; wait for it"
    ):
        store.begin_job("train", 60)
    assert store.begin_job("score", 60).number == job.number + 1
    assert store.finish_job(job.token, True, {"seconds": 1})
    assert store.begin_job("train", 60).number == job.number + 2
    assert next((job.kind, job.ok, job.used) for job in store.jobs()) == ("train", True, True)


@pytest.mark.parametrize("how", ["lease is over", "superseded"])
def test_a_late_result_is_kept_and_not_used(store, how):
    late = store.begin_job("train", -1 if how == "lease is over" else 60)
    second = store.begin_job("train", 60, supersede=how == "superseded")
    assert not store.renew_job(late.token, 60)
    assert not store.finish_job(late.token, True, {"log": "late"})
    assert store.renew_job(second.token, 600)
    assert store.finish_job(second.token, False, {"log": "no memory"})
    assert not store.finish_job(second.token, True, {})
    assert [(job.ok, job.used, job.detail) for job in store.jobs()] == [
        (True, False, {"log": "late"}),
        (False, True, {"log": "no memory"}),
    ]
    assert store.job("train").until > second.until


def test_a_lease_that_is_over_still_counts_where_nobody_else_began(store):
    job = store.begin_job("train", -1)
    assert store.finish_job(job.token, True, {})


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_job_ends_with_the_process_that_it_lives_in(store):
    for here in (True, False):
        child = os.fork()
        if not child:
            store.begin_job("train" if here else "elsewhere", 600, here=here)
            os._exit(0)
        os.waitpid(child, 0)
    assert store.begin_job("train", 60).number == 3
    with pytest.raises(LoopError, match="is under way"):
        store.begin_job("elsewhere", 60)


def test_another_machines_process_is_not_known_to_be_gone():
    gone = json.dumps(["another", 2**22 + 1, None])
    assert not jobs._died(gone)
    assert not jobs._died(Job(1, "t").process)


# Blobs, backups, mirror


def test_a_blob_that_another_process_wrote_meanwhile_stays(store, monkeypatch):
    same = blobs._same

    def meanwhile(content, name):
        yield from same(content, name)
        monkeypatch.setattr(blobs, "_same", same)
        with Store.open(store.folder) as other:
            assert other.put_blob(content) == name

    monkeypatch.setattr(blobs, "_same", meanwhile)
    # Whoever is killed before a file takes the place of another leaves it behind.
    monkeypatch.setattr(Path, "replace", None)
    name = store.put_blob(b"content")
    assert [path.name for path in store.blob(name).parent.iterdir()] == [name]
    assert store.blob(name).read_bytes() == b"content"


def test_a_blob_is_named_by_its_content(store, tmp_path):
    (tmp_path / "x").write_bytes(b"abc" * 1_000_000)
    name = store.put_blob(tmp_path / "x")
    assert store.put_blob(b"abc" * 1_000_000) == name
    assert store.put_blob(b"") != name
    assert not store.damaged_blobs()
    store.blob(name).write_bytes(b"abd")
    assert store.damaged_blobs() == [name]


def test_a_blob_that_cannot_be_written_leaves_nothing(store, monkeypatch):
    def full(_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    store.put_blob(b"model")
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match=r"cannot be written \(No space left on device\); nothing was changed"):
        store.put_blob(b"x")
    assert len(store.blob_files()) == len(list((store.folder / "blobs").iterdir())) == 1


def test_a_backup_is_a_loop_of_its_own(store, tmp_path):
    store.append([label("a", "bug")])
    blob = store.put_blob(b"model")
    (store.folder / "loop.toml").write_text("x")
    kept = store.backup(tmp_path / "kept")
    store.append([label("b", "bug")])
    with Store.open(kept, copied=True) as other:
        assert [event.row for event in other.events()] == ["a"]
        assert other.blob(blob).read_bytes() == b"model"
        assert (other.folder / "loop.toml").read_text() == "x"
        assert [r.number for r in other.rounds()] == [1]
    with pytest.raises(LoopError, match="kept is not empty; accepted is a new folder for the backup"):
        store.backup(tmp_path / "kept")


def test_a_backup_that_fails_leaves_nothing(store, tmp_path, monkeypatch):
    def full(_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    store.put_blob(b"model")
    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        with pytest.raises(OSError, match=r"no folder can be there \(No space left on device\)"):
            store.backup(tmp_path / "kept")
    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", lambda fd: None if os.path.isdir(f"/proc/self/fd/{fd}") else full(fd))
        with pytest.raises(OSError, match=r"cannot be written \(No space left on device\)"):
            store.backup(tmp_path / "kept")
    assert not (tmp_path / "kept").exists()
    assert store.backup(tmp_path / "kept") == tmp_path / "kept"


def test_the_mirror_is_made_again_from_the_database(tmp_path):
    with store_with(tmp_path / "loop", ['=1+"1"', "a,b"]) as store:
        store.add_handoff(1, "done", {"file": "x.csv"})
        job = store.begin_job("train", 60)
        store.finish_job(job.token, False, {"log": "Traceback\n"})
        folder = mirror_round(store, 1)
        first = {path.name: path.read_bytes() for path in folder.iterdir()}
        shutil.rmtree(folder)
        mirror_round(store, 1)
        assert {path.name: path.read_bytes() for path in folder.iterdir()} == first
        assert folder.name == "0001"
        assert first["picks.csv"].decode() == (
            'rank,id,index,share,why,propensity,score\n0,"=1+""1""",0,strategy,,,\n1,"a,b",1,strategy,,,\n'
        )
        assert first["train.log"] == b"Traceback\n"


# Folders


def test_two_loops_do_not_live_in_one_folder(store):
    before = tables(store.folder)
    with pytest.raises(LoopError, match="a loop lives in .*loop already; go on with it there, or give another folder"):
        Store.create(store.folder, spec_of("x"))
    assert tables(store.folder) == before


def test_of_many_that_begin_a_loop_in_one_folder_one_does(tmp_path):
    made, told = [], []
    start = threading.Barrier(6)

    def begin():
        start.wait()
        try:
            made.append(Store.create(tmp_path / "loop", SPEC))
        except LoopError as error:
            told.append(str(error))

    threads = [threading.Thread(target=begin) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for store in made:
        store.close()
    assert len(made) == 1
    assert len(told) == 5
    assert all("a loop lives in" in sentence for sentence in told)


@pytest.mark.parametrize("there", ["nothing", "no folder", "an empty file"])
def test_a_folder_without_a_loop_is_said(tmp_path, there):
    folder = tmp_path / "x"
    if there != "no folder":
        folder.mkdir()
    if there == "an empty file":
        (folder / "loop.db").touch()
    with pytest.raises(
        LoopError, match="there is no folder .*x" if there == "no folder" else "there is no loop in .*x; begin one"
    ):
        Store.open(folder)
    if there != "no folder":
        Store.create(folder, SPEC).close()


@pytest.mark.parametrize("call", [Store.open, lambda folder: Store.create(folder, SPEC)], ids=["open", "create"])
@pytest.mark.parametrize("what", ["another program's", "text"])
def test_other_files_are_no_loops_and_stay_as_they_are(tmp_path, call, what):
    path = tmp_path / "loop.db"
    if what == "text":
        path.write_bytes(b"not a database at all" * 99)
    else:
        with contextlib.closing(sqlite3.connect(path)) as other:
            other.execute("CREATE TABLE mine (x)")
    before = path.read_bytes()
    with pytest.raises(LoopError, match="loop.db is no loop's database; give a"):
        call(tmp_path)
    assert path.read_bytes() == before
    assert [found.name for found in tmp_path.iterdir()] == ["loop.db"]


def test_a_newer_version_is_refused_in_one_sentence(store):
    store._database.connection().execute(f"PRAGMA user_version = {schema.FORMAT + 1}")
    with pytest.raises(
        LoopError, match=r"loop.db was written by a newer version of Shortlist \(its format is 2, .*\); update"
    ):
        Store.open(store.folder)


def test_a_copy_is_said_once(tmp_path):
    store_with(tmp_path / "loop", ["a"]).close()
    shutil.copytree(tmp_path / "loop", tmp_path / "copy")
    for _ in range(2):
        with pytest.raises(
            CopiedLoopError,
            match="copy is a copy of the loop in .*loop, and the two would drift apart .* shortlist loop adopt",
        ):
            Store.open(tmp_path / "copy")
    with Store.open(tmp_path / "copy", copied=True) as copy, Store.open(tmp_path / "loop") as first:
        assert copy.append([label("a", "bug")]).new == 1
        assert first.position == 0
    Store.open(tmp_path / "copy").close()


def test_a_moved_loop_goes_on(tmp_path):
    store_with(tmp_path / "loop", ["a"]).close()
    (tmp_path / "loop").rename(tmp_path / "moved")
    Store.open(tmp_path / "moved").close()
    # Where it was before, another loop may live now.
    store_with(tmp_path / "loop").close()
    Store.open(tmp_path / "moved").close()


def test_a_snapshot_with_the_same_inode_is_a_copy(tmp_path, monkeypatch):
    store_with(tmp_path / "loop", ["a"]).close()
    shutil.copytree(tmp_path / "loop", tmp_path / "snapshot")
    was = json.loads(home.home_of(tmp_path / "loop" / "loop.db"))
    same = json.dumps({**was, "inode": (tmp_path / "snapshot" / "loop.db").stat().st_ino})
    assert home.copied_from(same, tmp_path / "snapshot" / "loop.db") == was["path"]
    (tmp_path / "loop" / "loop.db").unlink()
    assert home.copied_from(same, tmp_path / "snapshot" / "loop.db") is None


MOUNTS = "/dev/sda / ext4 rw 0 0\nhost:/x {} {} rw 0 0\n"


@pytest.fixture
def mounted(tmp_path, monkeypatch):
    """Have a folder be on some file system."""

    def mount(kind, folder):
        (tmp_path / "mounts").write_text(MOUNTS.format(str(folder).replace(" ", "\\040"), kind))
        monkeypatch.setattr(home, "MOUNTS", tmp_path / "mounts")

    return mount


@pytest.mark.parametrize("kind", ["nfs4", "cifs", "9p", "fuse.sshfs"])
def test_a_network_file_system_needs_another_journal(tmp_path, mounted, kind):
    folder = tmp_path / "on a server"
    mounted(kind, folder)
    sentence = rf"on a server/loop is on a network file system \({kind}\), .* or write journal = \"delete\" in the spec"
    with pytest.raises(LoopError, match=sentence):
        Store.create(folder / "loop", SPEC)
    assert list(folder.glob("loop/*")) == []
    with Store.create(folder / "loop", spec_of("a", journal="delete")) as store:
        store.append([label("a", "bug")])
        assert store._database.value("PRAGMA journal_mode") == "delete"
        assert store._database.value("PRAGMA synchronous") == 3
    with Store.open(folder / "loop") as store:
        assert store.position == 1
    assert [path.name for path in (folder / "loop").iterdir()] == ["loop.db"]
    # Its inodes may be others at the next mount.
    shutil.copy(folder / "loop" / "loop.db", folder / "loop" / "other")
    (folder / "loop" / "other").replace(folder / "loop" / "loop.db")
    Store.open(folder / "loop").close()


def test_a_loop_that_was_moved_to_a_network_file_system_can_change_its_journal(tmp_path, mounted):
    with store_with(tmp_path / "loop", ["a"]) as store:
        assert store._database.value("PRAGMA journal_mode") == "wal"
        assert store._database.value("PRAGMA synchronous") == 2
        store.append([label("a", "bug")])
    mounted("nfs", tmp_path / "loop")
    with pytest.raises(LoopError, match="network file system"):
        Store.open(tmp_path / "loop")
    Store.open(tmp_path / "loop", journal="delete").close()
    with Store.open(tmp_path / "loop") as store:
        assert store.position == 1
        assert store._database.value("PRAGMA journal_mode") == "delete"


def test_a_disk_beside_network_file_systems_is_a_disk(tmp_path, mounted):
    mounted("nfs", tmp_path / "loop")
    assert home.network_kind(tmp_path / "loopy") is None
    assert home.network_kind(tmp_path / "loop" / "x") == "nfs"
    mounted("fuse.overlayfs", tmp_path)
    assert home.network_kind(tmp_path / "x") is None


def test_a_full_disk_is_one_sentence_and_costs_nothing(store):
    store.append([label("a", "bug")])
    connection = store._database.connection()
    pages = connection.execute("PRAGMA page_count").fetchone()[0]
    connection.execute(f"PRAGMA max_page_count = {pages + 2}")
    with pytest.raises(
        LoopError, match="^the disk that holds .*loop is full, and nothing of this call was kept; make room, and"
    ):
        store.append(label("b", "bug", time=f"2026-01-01T00:00:00.{n:06}Z") for n in range(9_999))
    assert [event.row for event in store.events()] == ["a"]
    connection.execute("PRAGMA max_page_count = 1000000")
    assert store.append([label("b", "bug")]).new == 1


@pytest.mark.skipif(os.name != "posix", reason="other permissions")
def test_a_read_only_folder_is_one_sentence():
    # Root may write everywhere, so that another user has to try.
    script = """
import os, sys, a_loop
from shortlist.loop.errors import LoopError
from shortlist.loop.store import Store
if os.getuid() == 0:
    os.setuid(65534)
for call in (lambda folder: Store.open(folder), lambda folder: Store.create(folder + "/blobs", a_loop.SPEC)):
    try:
        call(sys.argv[1])
    except (LoopError, OSError) as error:
        print(error)
"""
    folder = tempfile.mkdtemp()
    try:
        os.chmod(folder, 0o755)
        store_with(f"{folder}/loop", ["a"]).close()
        os.mkdir(f"{folder}/loop/blobs")
        for path in ("/loop", "/loop/blobs"):
            os.chmod(folder + path, 0o555)
        done = subprocess.run(
            [sys.executable, "-c", script, f"{folder}/loop"], capture_output=True, text=True,
            env={**os.environ, "PYTHONPATH": os.pathsep.join([os.path.dirname(a_loop.__file__), *sys.path])},
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        sentence = "can't be written, which a loop needs; give it back its permissions, or copy it"
        assert done.stdout.splitlines() == [f"{folder}/loop {sentence}", f"{folder}/loop/blobs {sentence}"]
    finally:
        os.chmod(f"{folder}/loop", 0o755)
        shutil.rmtree(folder)


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("SQLITE_READONLY_DIRECTORY", r"loop can't be written, which a loop needs \(why\)"),
        ("SQLITE_CANTOPEN", r"loop can't be written, which a loop needs \(why\)"),
        ("SQLITE_PROTOCOL", r"loop.db can't be locked on its file system \(why\), and nothing of this call was kept"),
        ("SQLITE_CORRUPT", r"loop.db is damaged \(why\); go on with a backup"),
        ("SQLITE_IOERR_WRITE", r"loop.db can't be read or written \(why\), and nothing of this call was kept"),
    ],
)
def test_what_sqlite_reports_is_one_sentence(store, name, sentence):
    error = sqlite3.OperationalError("why")
    error.sqlite_errorname = name
    with pytest.raises(LoopError, match=sentence), database.told(store.folder / "loop.db"):
        raise error


# Threads, processes, readers


def test_a_writer_that_never_ends_is_said(store, monkeypatch):
    monkeypatch.setattr(database, "PATIENCE", 0.01)
    with contextlib.closing(sqlite3.connect(store.folder / "loop.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with Store.open(store.folder) as second:
            assert second.position == 0
            with pytest.raises(LoopError, match="another process keeps .*loop.db locked; wait until it is done"):
                second.append([label("a", "bug")])
        other.execute("ROLLBACK")


def test_readers_see_whole_transactions_beside_a_writer(store):
    with Store.open(store.folder) as reader, store.transaction():
        store.append([label("a", "bug"), label("b", "bug")])
        assert reader.position == 0
    with Store.open(store.folder) as reader:
        assert reader.position == 2


def test_threads_share_a_store(store):
    def work(name):
        for n in range(20):
            store.append([label("a", "bug", name, f"2026-01-01T00:00:{n:02}Z")])

    threads = [threading.Thread(target=work, args=[str(n)]) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert store.position == 80
    store.close()
    with pytest.raises(LoopError, match="was closed; open the loop again"):
        store.append([])


def test_a_thread_that_connects_while_another_closes_leaves_nothing_open(store, monkeypatch):
    made, connect = [], sqlite3.connect

    def closed_meanwhile(*given, **options):
        made.append(connect(*given, **options))
        store.close()
        return made[0]

    told = []

    def work():
        with pytest.raises(LoopError, match="was closed; open the loop again") as caught:
            store.append([])
        told.append(caught.value)

    monkeypatch.setattr(sqlite3, "connect", closed_meanwhile)
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert told
    with pytest.raises(sqlite3.ProgrammingError, match="closed database"):
        made[0].execute("SELECT 1")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_forked_process_goes_on_with_the_store(store):
    store.append([label("a", "bug")])
    child = multiprocessing.get_context("fork").Process(target=store.append, args=[[label("b", "bug")]])
    child.start()
    child.join()
    store.append([label("c", "bug")])
    assert [event.row for event in store.events()] == ["a", "b", "c"]
