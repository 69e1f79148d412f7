"""Kills and faults at any point: what was acknowledged is kept, once, and the loop goes on to the same end."""

import contextlib
import os
import random
import signal
import sqlite3

import pytest
from a_loop import (
    SPEC,
    round_of,
    spec_of,
    specs,  # noqa: F401
    store_with,
)

from shortlist.loop.errors import LoopError
from shortlist.loop.store import Event, Model, Store
from shortlist.loop.store.answers import fold
from shortlist.loop.store.database import Database
from shortlist.loop.store.ingest import ingest

pytestmark = [
    pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here"),
    pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning"),
]
ROWS = [f"row {n}" for n in range(60)]
PEOPLE = ("amy", "raj", "eve", "")


def forked(work):
    """Do some work in a process of its own; return its number."""
    child = os.fork()
    if child:
        return child
    # Whatever happens, what pytest would do at its end is not done twice.
    try:
        work()
        os._exit(0)
    finally:
        os._exit(1)


def ended(child):
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def export_of(person, seed):
    """Return answers with corrections: half of the batches bring one answer, the others many."""
    mixed = random.Random(f"{person} {seed}")
    records = [
        {"id": row, "label": SPEC.classes[(n + day) % 3], "annotator": person, "time": f"2026-01-0{day}", "key": None}
        for n, row in enumerate(ROWS)
        for day in (1, 2)
    ]
    mixed.shuffle(records)
    while records:
        size = mixed.choice([1, 1, 7, 13])
        yield records[:size]
        del records[:size]


def check(folder):
    """Return the log of a loop that is sound."""
    with contextlib.closing(sqlite3.connect(folder / "loop.db")) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
    with Store.open(folder) as store:
        events = list(store.events())
    assert [event.seq for event in events] == list(range(1, len(events) + 1))
    said = [event[:5] for event in events]
    assert len(set(said)) == len(said)
    return events


def test_killed_ingests_of_four_people_at_once_lose_and_repeat_nothing(tmp_path):
    store_with(tmp_path, ROWS).close()
    acknowledged = set()

    def work(person, seed, out):
        with Store.open(tmp_path) as store:
            for batch in export_of(person, seed):
                done = ingest(store, batch)
                assert done.new + done.known == len(batch)
                for record in batch:
                    os.write(out, f"{record['id']}\t{person}\t{record['time']}\n".encode())

    def work_until_killed(*given):
        work(*given)
        signal.pause()

    for seed in range(12):
        read, write = os.pipe()
        children = [forked(lambda person=person: work_until_killed(person, seed, write)) for person in PEOPLE]
        os.close(write)
        # Killed once so many answers were acknowledged, whatever is being written then.
        awaited, heard = random.Random(seed).randrange(1, 120), b""
        while heard.count(b"\n") < awaited and (more := os.read(read, 65536)):
            heard += more
        for child in children:
            os.kill(child, signal.SIGKILL)
        while more := os.read(read, 65536):
            heard += more
        os.close(read)
        assert [ended(child) for child in children] == [-signal.SIGKILL] * 4
        acknowledged.update(tuple(line.split("\t")) for line in heard.decode().splitlines())
        kept = {(event.row, event.annotator, event.time[:10]) for event in check(tmp_path)}
        assert acknowledged <= kept
    children = [forked(lambda person=person: work(person, 99, os.open(os.devnull, os.O_WRONLY))) for person in PEOPLE]
    assert [ended(child) for child in children] == [0] * 4
    events = check(tmp_path)
    assert len(events) == len(ROWS) * 2 * len(PEOPLE)
    assert fold(events, SPEC).labels == {row: SPEC.classes[(n + 2) % 3] for n, row in enumerate(ROWS)}


def go_on(folder):
    """Do what a loop does, from wherever it is to its end."""
    try:
        store = Store.open(folder)
    except LoopError:
        store = Store.create(folder, SPEC)
    with store:
        for number, rows in ((1, "abc"), (2, "bde")):
            if len(store.rounds()) < number:
                store.add_pool({"rows": number})
                store.add_round(*round_of(number, *rows))
            if store.round(number).state == "closed":
                continue
            store.set_state(number, "handed")
            ingest(
                store, [{"id": row, "label": "bug", "annotator": "amy", "time": f"2026-01-0{number}"} for row in rows]
            )
            store.append([Event("flag", rows[0], "raj", f"2026-01-0{number}")])
            if len(store.models()) < number:
                job = store.begin_job("train", 600, supersede=True)
                blob = store.put_blob(f"model {number}".encode())
                with store.transaction():
                    assert store.finish_job(job.token, True, {})
                    store.add_model(Model(number, number, store.position, 3, blob=blob))
            store.set_state(number, "closed")
        store.add_spec(spec_of("billing", "bug", version="v2"))


def outcome(folder):
    """Return what a loop has come to, without times and what depends on how often it was begun."""
    check(folder)
    with Store.open(folder) as store:
        # A round is there with all of its picks and its state, or not at all.
        rounds = [(r.number, r.state, [pick.row for pick in store.picks(r.number)]) for r in store.rounds()]
        models = [(m.number, m.position, store.blob(m.blob).read_bytes()) for m in store.models()]
        assert not store.damaged_blobs()
        return {
            "rounds": rounds,
            "models": models,
            "events": [event[:5] for event in store.events()],
            "specs": [spec.version for spec in store.specs()],
            "pools": [version.fingerprint for version in store.pool_versions],
            "states": [list(store.states(number)) for number in (1, 2)],
        }


@contextlib.contextmanager
def at_every_step(monkeypatch, step):
    """Call a function at every few instructions of SQLite and at every call that changes files otherwise.

    SQLite stops with an error where the function returns True.
    """
    connect = Database._connect

    def connected(self):
        connection = connect(self)
        connection.set_progress_handler(step, 10)
        return connection

    def stepping(call):
        def stepped(*given, **named):
            if step():
                raise OSError("a fault")
            return call(*given, **named)

        return stepped

    with monkeypatch.context() as patched:
        patched.setattr(Database, "_connect", connected)
        for name in ("fsync", "replace", "rename", "link", "mkdir"):
            patched.setattr(os, name, stepping(getattr(os, name)))
        yield


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    folder = tmp_path_factory.mktemp("undisturbed") / "loop"
    go_on(folder)
    return outcome(folder)


def steps_of(monkeypatch, folder):
    counted = []
    with at_every_step(monkeypatch, lambda: counted.append(1)):
        go_on(folder)
    return len(counted)


def test_a_kill_at_any_step_loses_nothing(tmp_path, monkeypatch, undisturbed):
    steps = steps_of(monkeypatch, tmp_path / "counted")
    assert steps > 200
    for at in sorted(random.Random(1).sample(range(steps), 40)):
        folder = tmp_path / str(at)
        left = iter(range(at, -1, -1))

        def killed(left=left, folder=folder):
            with at_every_step(monkeypatch, lambda: next(left) == 0 and os.kill(os.getpid(), signal.SIGKILL)):
                go_on(folder)

        assert ended(forked(killed)) == -signal.SIGKILL, at
        go_on(folder)
        assert outcome(folder) == undisturbed, at


def test_a_fault_at_any_step_loses_nothing(tmp_path, monkeypatch, undisturbed):
    steps = steps_of(monkeypatch, tmp_path / "counted")
    for at in range(0, steps, max(1, steps // 40)):
        folder = tmp_path / str(at)
        left = iter(range(at, -steps - 99, -1))
        with (
            at_every_step(monkeypatch, lambda left=left: next(left) == 0),
            pytest.raises((sqlite3.OperationalError, OSError, LoopError)),
        ):
            go_on(folder)
        go_on(folder)
        assert outcome(folder) == undisturbed, at


def test_a_fault_within_an_open_store_leaves_it_usable(tmp_path):
    records = [{"id": row, "label": "bug", "time": "2026-01-01"} for row in ROWS]
    with store_with(tmp_path, ROWS) as store:
        connection = store._database.connection()
        for at in range(0, 400, 4):
            left = iter(range(at, -(10**9), -1))
            connection.set_progress_handler(lambda left=left: next(left) == 0, 5)
            with pytest.raises(sqlite3.OperationalError, match="interrupted"):
                ingest(store, records)
            connection.set_progress_handler(None, 0)
            assert store.position == 0
            assert not connection.in_transaction
        assert ingest(store, records).new == len(ROWS)
