"""A loop that runs by itself: people save their files, and everything else follows."""

import csv
import json
import os
import signal
import subprocess
import sys
import time

import pytest
from a_project import begin, truth

import shortlist as sl
from shortlist.loop.errors import LoopError
from shortlist.loop.running import watch

pytest.importorskip("sklearn")


class EnoughError(Exception):
    """The test has seen what it wanted to."""


def save(path, name="amy", age=10):
    """Fill in a round's file and save it, some seconds ago."""
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    with path.open("w", newline="", encoding="utf-8") as file:
        out = csv.DictWriter(file, list(rows[0]))
        out.writeheader()
        out.writerows({**row, "label": truth(row["id"]), "annotator": name} for row in rows)
    older(path, age)


def older(path, age):
    moment = time.time() - age
    os.utime(path, (moment, moment))


def run(loop, *turns, seconds=60):
    """Watch a loop; behind each turn one of some functions is called, and behind the last the watcher is stopped."""
    told, left = [], list(turns)

    def wait(given):
        assert given == seconds
        if not left:
            raise EnoughError
        left.pop(0)()

    try:
        watch(loop, lambda: sl.Loop(loop.folder), seconds, told.append, wait=wait)
    except EnoughError:
        told.append(None)
    return told


def words(steps):
    return [step.did if step else "..." for step in steps]


def round_file(loop, number):
    return loop.folder / "handoff" / f"round-{number:04}.csv"


def test_people_save_files_and_the_rest_follows(tmp_path):
    loop = begin(tmp_path, stop="budget:60")
    told = run(loop, *(lambda number=number: save(round_file(loop, number)) for number in (1, 2, 3)))
    assert words(told) == ["opened", *["ingested", "trained", "opened"] * 2, "ingested", "trained", "stopped"]
    assert told[1].facts == {"file": "round-0001.csv", "new": 20, "known": 0, "refused": 0}
    assert told[2].said.startswith("model 1 was trained on 16 labels")
    assert told[-1].said.startswith("the rule of stopping is met: budget:60 is 60")
    assert run(loop)[-1].did == "stopped"


def test_nothing_is_told_twice(tmp_path):
    loop = begin(tmp_path)
    same = lambda: None  # noqa: E731
    assert words(run(loop, same, same, same)) == ["opened", "nothing", "..."]


@pytest.mark.parametrize("whole", [True, False])
def test_a_file_that_is_being_written_waits(tmp_path, whole):
    loop = begin(tmp_path)
    path = loop.folder / "handoff" / "round-0001.csv"

    def half():
        save(path)
        text = path.read_bytes()
        # The last label is cut, or the file was saved just now.
        path.write_bytes(text if whole else text[:-8])
        older(path, 0 if whole else 30)

    def ready():
        save(path)

    told = run(loop, lambda: None, half, half, half, ready)
    assert words(told)[:4] == ["opened", "nothing", "waits", "ingested"]
    assert told[2].said == "round-0001.csv is being written, and is taken in once it is whole"
    assert told[3].facts["new"] == 20


def test_a_file_without_a_last_line_end_is_taken_in_once_it_was_left_alone(tmp_path):
    loop = begin(tmp_path)
    path = loop.folder / "handoff" / "round-0001.csv"

    def cut():
        save(path)
        path.write_bytes(path.read_bytes().rstrip(b"\r\n"))
        older(path, 61)

    assert words(run(loop, cut))[:2] == ["opened", "ingested"]


def test_a_clock_that_is_ahead_delays_by_one_turn(tmp_path):
    loop = begin(tmp_path)

    def ahead():
        save(round_file(loop, 1), age=-3600)

    assert words(run(loop, lambda: None, ahead, lambda: None))[2:4] == ["waits", "ingested"]


def test_files_that_are_none_of_ours_are_said_once(tmp_path):
    loop = begin(tmp_path)

    def others():
        for name, text in {"notes.csv": "what,ever\n1,2\n", ".~lock.csv": "x\n", "plan.docx": "x\n"}.items():
            path = loop.folder / "handoff" / name
            path.write_text(text)
            older(path, 10)

    told = run(loop, others, lambda: None)
    assert words(told) == ["opened", "failed", "nothing", "..."]
    assert told[1].said.startswith("notes.csv can't be taken in: notes.csv has no column 'id'")


def test_training_that_fails_is_said_once_and_tried_again_later(tmp_path):
    (tmp_path / "train.py").write_text("open('tries', 'a').write('x'); raise SystemExit(1)")
    more = f'[model]\ncommand = ["{sys.executable}", "train.py"]\nretries = 0\n'
    loop = begin(tmp_path, more=more)
    told = run(loop, lambda: save(round_file(loop, 1)), *[lambda: None] * 7)
    assert words(told) == ["opened", "ingested", "opened", "failed", "nothing", "..."]
    assert "failed 1 time: it ended with exit code 1" in told[3].said
    # At once, and after 1, 2 and 4 minutes: turns 2, 3, 5 and 9.
    assert (tmp_path / "tries").read_text() == "xxxx"


def test_a_pool_that_has_changed_is_said_once_and_gone_on_with_once_it_is_restored(tmp_path):
    loop = begin(tmp_path)
    pool = tmp_path / "pool.csv"
    text = pool.read_text()

    def other():
        save(round_file(loop, 1))
        pool.write_text(text.replace("n3,", "m3,"))

    def restored():
        pool.write_text(text)

    told = run(loop, other, lambda: None, restored, *[lambda: None] * 3)
    assert words(told) == ["opened", "ingested", "failed", "opened", "trained", "nothing", "..."]
    assert "are not those that the loop began with" in told[2].said


def test_one_watches_at_a_time(tmp_path):
    loop = begin(tmp_path)

    def another():
        with pytest.raises(LoopError, match="this loop is watched already, since .*; end that one first"):
            run(sl.Loop(loop.folder))
        # Anything else goes on as it does without a watcher.
        assert loop.status()["round"] == 1

    run(loop, another)
    assert words(run(loop))[0] == "nothing"


def test_the_command(tmp_path, command):
    loop = begin(tmp_path, stop="budget:20")

    def call(*given, code):
        return command("loop", "run", *given, "--dir", loop.folder, code=code)

    watcher = subprocess.Popen(
        [sys.executable, "-m", "shortlist", "loop", "run", "--watch", "0.05", "--json", "--dir", str(loop.folder)],
        stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    first = json.loads(watcher.stdout.readline())
    assert (first["did"], first["round"], first["rows"]) == ("opened", 1, 20)
    assert "watched already" in call("--watch", code=1).stderr
    watcher.send_signal(signal.SIGINT)
    rest = [json.loads(line) for line in watcher.communicate(timeout=60)[0].splitlines()]
    assert watcher.returncode == 0
    assert rest[-1]["did"] == "ended"
    save(round_file(loop, 1))
    done = call("--watch", "5", code=4)
    assert "round-0001.csv: 20 new, 0 known" in done.stdout
    assert "the rule of stopping is met" in done.stdout.splitlines()[-1]
    lines = [json.loads(line) for line in call("--once", "--json", code=4).stdout.splitlines()]
    assert [line["did"] for line in lines] == ["stopped"]
    assert "give one of --once and --watch" in call(code=2).stderr
