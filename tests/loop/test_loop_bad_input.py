"""What people and machines do to a loop by mistake: each is one clear sentence, or does no harm."""

import contextlib
import csv
import json
import os
import random
import re
import shutil
import subprocess
import sys

import numpy as np
import pytest

import shortlist as sl
from shortlist.loop.errors import LoopError
from shortlist.loop.store.summary import labels_at

pytest.importorskip("sklearn")

WORDS = {"a": ["pay", "bill", "money", "invoice"], "b": ["crash", "error", "screen", "freeze"]}
SPEC = """
loop = 1
name = "x"
classes = ["a", "b"]
[pool]
path = "pool.csv"
id = "id"
text = "body"
groups = ["lang"]
[seed]
rows = 20
[round]
rows = 20
{rounds}
[validation]
share = {share}
[retrain]
when = "growth:0.25"
[handoff]
tool = "{tool}"
[stop]
when = "{stop}"
{more}
"""


def truth(row):
    return "a" if sum(map(ord, row)) % 3 else "b"


def write_pool(path, ids, more="", odd=()):
    chance = random.Random(0)
    with path.open("w", newline="", encoding="utf-8") as file:
        out = csv.writer(file)
        out.writerow(["id", "body", "lang"])
        for number, row in enumerate(map(str, ids)):
            text = " ".join([*chance.choices(WORDS[truth(row)], k=4), f"n{number}"]) + more
            out.writerow([row, text, "pt" if number in odd else "en"])


@pytest.fixture
def start(tmp_path):
    """Begin a loop of a pool of these ids."""

    def begin(ids=range(200), *, rounds="", share=0.15, stop="budget:1000", tool="csv", tools="", **pool):
        write_pool(tmp_path / "pool.csv", ids, **pool)
        (tmp_path / "x.toml").write_text(SPEC.format(rounds=rounds, share=share, stop=stop, tool=tool, more=tools))
        return sl.Loop.init(tmp_path / "x.toml", tmp_path / "loop")

    return begin


def answer(loop, rows):
    return loop.ingest([{"id": row, "label": truth(row), "annotator": "amy"} for row in rows])


@pytest.fixture
def command(tmp_path, monkeypatch):
    """Run a command of a loop, and return what it said and its exit code."""
    testing = pytest.importorskip("click.testing")
    from shortlist.cli.loop import loop_command

    monkeypatch.chdir(tmp_path)

    def run(*words):
        done = testing.CliRunner().invoke(loop_command, [str(word) for word in words])
        assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
        return done.output, done.exit_code

    return run


# Ids


@pytest.mark.parametrize("ids", [["7", "007"], ["7", "7.0"], ["01", "+1"], ["a", " a"]])
def test_ids_that_a_spreadsheet_takes_for_one(start, tmp_path, ids):
    with pytest.raises(
        LoopError, match="of line 2 of .* of line 3 of .* are one to a spreadsheet; accepted are ids that"
    ):
        start([*ids, *range(100, 200)])
    assert not (tmp_path / "loop" / "loop.db").exists()


def test_numbers_with_zeros_in_front_come_home_without_them(start):
    loop = start([f"{number:05}" for number in range(100)])
    asked = loop.next().ids
    assert loop.ingest([{"id": f" {int(row)} ", "label": "a"} for row in asked]).new == 20
    assert sorted(loop.labels()) == sorted(asked)


ODD = [
    "=cmd()",
    "@x",
    "two\nlines",
    "old\rmac",
    "caf\u00e9",
    "\u65e5\u672c",
    "a,b",
    'q"q',
    "2026-01-02",
    "1e5",
    "x'y",
    "a\tb",
]


@pytest.mark.parametrize("tool", ["csv", "jsonl"])
def test_odd_ids_and_texts_come_home_through_a_program_that_writes_lines_of_its_own(start, tool):
    rows = [*ODD, "x" * 5_000, *(f"r{number}" for number in range(8))]
    loop = start(rows, share=0, rounds="mix = { validation = 0.0 }", tool=tool, more="\r\n=cmd() \u00e9; ,\"'")
    batch = loop.next()
    path = loop.folder / "handoff" / f"round-0001.{tool}"
    if tool == "csv":
        with path.open(newline="", encoding="utf-8") as file:
            found = list(csv.DictReader(file))
        with path.open("w", newline="", encoding="utf-8-sig") as file:
            out = csv.DictWriter(file, [*found[0], "remarks", ""], delimiter=";", lineterminator="\r\n")
            out.writeheader()
            out.writerows({**row, "label": f" {truth(row['id'])} ".upper()} for row in reversed(found))
            file.write(";;;;;\r\n;;;;;\r\n\r\n")
    else:
        found = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        lines = [json.dumps({**row, "label": truth(row["id"])}) for row in reversed(found)]
        path.write_bytes("\ufeff".encode() + "\r\n\r\n".join(lines).encode())
    done = loop.ingest(path)
    assert (done.new, done.refused[:1]) == (20, [])
    assert loop.labels() == {row: truth(row) for row in batch.ids}
    assert loop.next(anyway=True).round == 2


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"id,label\n,a\n", "its id is empty; accepted is that of a row"),
        (b"id,label\n" + b"y" * 100_000 + b",a\n", f"row {'y' * 80!r}... is not in the pool"),
        (
            b"id,label\nz,a\n",
            "row 'z' is not in the pool; the first is line 2 of in.csv; to take them all the same, allow",
        ),
        (b"id,label\n2026-01-02,a\n", "row '2026-01-02' is not in the pool"),
        (b"id,label\nr,=cmd()\n", "label '=cmd()' is no class of this loop (its classes are a, b)"),
        (b"id,label\nr," + b"c" * 100_000 + b"\n", f"label {'c' * 80!r}... is no class"),
        (b"id,label\nr,a\0\n", "in.csv has a NUL byte in line 2"),
        (b"id,label,time\nr,a," + b"t" * 100_000 + b"\n", "1 of 1 answers refused: its time is 'ttt"),
        (b"PK\x03\x04\x00\x00", "in.csv has a NUL byte in line 1"),
        (
            b"id,label\n" + b"".join(b"z%d,a\n" % n for n in range(100_000)),
            "100,000 of 100,000 answers refused: row 'z0' is",
        ),
    ],
    ids=lambda value: value[:20].decode() if isinstance(value, bytes) else "",
)
def test_files_of_answers(start, tmp_path, command, content, sentence):
    start([f"r{number}" for number in range(60)])
    (tmp_path / "in.csv").write_bytes(content)
    said, code = command("ingest", "in.csv", "--dir", "loop")
    assert code == 1
    assert sentence in said
    assert len(said) < 1_000
    assert len(said.splitlines()) <= 2


def test_what_trains_is_known_without_looking_each_row_up(start, monkeypatch):
    monkeypatch.setattr("shortlist.loop.store.summary.BEHIND", 1)
    loop = start(rounds="mix = { validation = 0.3 }", share=0.3)
    loop.ingest([{"id": f"z{number}", "label": "a"} for number in range(5)], allow=["unknown"])
    for _ in range(2):
        answer(loop, loop.next().ids)
        said, ground = loop._said(), loop._ground
        trains = ground.trains(said.labels)
        assert sorted(trains) == sorted(ground.pool.id_of(ground.training(said.labels).rows))
        assert 0 < len(trains) < len(said.labels) - 5
        loop.train(force=True)
    model = loop._store.models()[-1]
    asked = loop.next().ids
    loop.ingest(dict.fromkeys(asked[:6], "a") | {trains[0]: "b", trains[1]: "a"}, annotator="raj")
    assert labels_at(loop._store, loop.spec, model.position) == said.labels
    (loop.folder / "summary-then.json").write_text("[]")
    assert labels_at(loop._store, loop.spec, model.position) == said.labels


# The round's own file


def test_a_rounds_file_may_be_sorted_and_is_left_alone(start):
    loop = start()
    batch = loop.next()
    path = loop.folder / "handoff" / "round-0001.csv"
    head, *lines = path.read_text().splitlines()
    lines.sort(reverse=True)
    lines[0] = lines[0].removesuffix(",") + "a,"
    path.write_text("\n".join([head, *lines]))
    before = path.read_bytes()
    assert loop.next() == batch
    assert path.read_bytes() == before
    path.write_text("\n".join([head, *lines[:3]]))
    with pytest.raises(
        LoopError, match="has answers for only some of the rows .* which would be lost; take them in, and"
    ):
        loop.next()
    path.unlink()
    assert loop.next() == batch
    assert len(path.read_text().splitlines()) == 21


# The spec and the pool between rounds


BROKEN = {
    "no TOML": (lambda text: (text + "\n[[").encode(), "loop.toml is no TOML in line"),
    "no UTF-8": (
        lambda text: text.replace('"x"', '"\xe9"').encode("latin-1"),
        "loop.toml is not UTF-8: byte 0xe9 in line 3",
    ),
    "UTF-16": (lambda text: text.encode("utf-16"), "loop.toml is not UTF-8: byte 0xff in line 1; accepted is UTF-8"),
    "unknown": (
        lambda text: text.replace("[round]", "[ruond]").encode(),
        "loop.toml: ruond is no key; .*did you mean 'round'",
    ),
    "empty": (lambda _: b"", "loop.toml: "),
}


@pytest.mark.parametrize("kind", BROKEN)
def test_a_spec_that_was_edited_badly_stops_no_answers_and_is_said_with_its_file(start, kind):
    loop = start()
    path = loop.folder / "loop.toml"
    asked, text = loop.next().ids, path.read_text()
    edit, sentence = BROKEN[kind]
    path.write_bytes(edit(text))
    assert answer(loop, asked).new == 20
    assert loop.status()["answers"] == 20
    with pytest.raises(LoopError, match=sentence):
        loop.next()
    path.write_bytes(b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode())
    assert loop.next().round == 2


def test_a_loop_goes_on_by_the_spec_that_it_knows_where_the_file_is_gone(start):
    loop = start()
    (loop.folder / "loop.toml").unlink()
    answer(loop, loop.next().ids)
    assert sl.Loop(loop.folder).next().round == 2


def test_a_pool_that_vanished_is_said_and_labels_still_go_out(start, tmp_path):
    loop = start()
    answer(loop, loop.next().ids)
    (tmp_path / "pool.csv").rename(tmp_path / "elsewhere.csv")
    loop = sl.Loop(loop.folder)
    for call in (loop.next, loop.status, loop.train):
        with pytest.raises(LoopError, match="there is no file .*pool.csv; bring it back, or mend the path"):
            call()
    assert len(loop.labels()) == 20
    (tmp_path / "elsewhere.csv").rename(tmp_path / "pool.csv")
    assert loop.next().round == 2


def test_a_target_that_this_pool_cannot_bring_about_is_said(start, command):
    loop = start(stop="target_lower:0.9 | budget:100", share=0.1)
    said = "the target takes 60 validation rows or more even with a model that is always right, and this pool has "
    assert said in loop.stop().why
    assert said in command("status", "--dir", "loop")[0]
    assert said in command("init", "x.toml", "--dir", "again")[0]
    assert "the target takes" not in sl.Loop.init("x.toml", "third").status()["retrain"]["why"]


def test_a_group_with_one_row(start):
    loop = start(rounds="floor = 0.5", odd=(7,))
    for _ in range(3):
        answer(loop, loop.next().ids)
        loop.run_once()
    assert loop.status()["round"] == 4


# Models


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        (lambda X: np.full((len(X), 2), np.nan), "the model returned NaN for row"),
        (lambda X: np.full((len(X), 3), 1 / 3), r"accepted is \(\d+, 2\), a column for each of a, b"),
        (lambda X: np.full((len(X) + 1, 2), 0.5), "the model returned shape"),
        (lambda X: 1 / 0, r"the model cannot answer for the rows of the pool \(division by zero\)"),
    ],
)
def test_a_model_of_the_users_that_answers_nonsense_leaves_the_loop_as_it_was(start, said, sentence):
    loop = start()
    answer(loop, loop.next().ids)
    with pytest.raises(LoopError, match=sentence):
        loop.train(fit=lambda X, y: said)
    assert loop.status()["model"] is None
    assert loop.due()
    assert loop.train().number == 1


def test_training_that_fails_for_ever_holds_nobody_up_and_is_tried_ever_later(start, monkeypatch):
    loop = start(tools='[model]\ncommand = ["false"]\nretries = 0')
    said = []
    for _ in range(8):
        answer(loop, loop.next().ids)
        with monkeypatch.context() as patched:
            patched.setattr("shortlist.loop.backing_off.LONGEST", 0.0)
            with pytest.raises(LoopError, match="training failed: the command false failed"):
                loop.run_once()
        said.append(loop.postponed())
        assert loop.run_once() == []  # it is not tried again at once
    assert re.fullmatch(r"training failed; it is tried again in \d\d s, and at once by: shortlist loop train", said[0])
    for times, minutes in ((2, 2), (3, 4), (8, 60)):
        assert said[times - 1].startswith(f"training failed {times} times in a row; it is tried again in {minutes} min")
    assert said[-1] in " ".join(loop.status_lines())
    assert loop.status()["round"] == 9
    # One log is kept, and not one for each failure.
    assert [path.name for path in (loop.folder / "cache").glob("training-*")] == ["training-8"]


def test_a_strategy_of_the_users_that_fails_is_named(start, tmp_path):
    name = f"strategies_{os.getpid()}"
    (tmp_path / f"{name}.py").write_text("def boom(block):\n    raise RuntimeError('no')\n")
    with pytest.raises(LoopError, match=f"strategy is '{name}:bang', and {name} has no 'bang'"):
        start(rounds=f'strategy = "{name}:bang"')
    loop = start(rounds=f'strategy = "{name}:boom"')
    answer(loop, loop.next().ids)
    with pytest.raises(LoopError, match=rf"strategy is '{name}:boom', which fails on what the model says \(no\)"):
        loop.run_once()
    assert loop.status()["model"]["number"] == 1


# Disks and machines


def test_what_a_crash_of_the_machine_cut_off_is_made_again(start, tmp_path):
    loop = start()
    answer(loop, loop.next().ids)
    wanted = loop.status()
    (cache,) = (loop.folder / "cache").glob("pool-*")
    names = sorted(json.loads((cache / "sizes.json").read_text()))
    assert {"ids", "hashes", "contents", "about.json", "lines"} < set(names)
    for number, name in enumerate([*names, "sizes.json"]):
        path = cache / name
        if number % 2 or not path.stat().st_size:
            path.unlink()
        else:
            os.truncate(path, path.stat().st_size // 2)
        assert sl.Loop(loop.folder).status() == wanted, name
        assert path.exists()
    assert sl.Loop(loop.folder).next().ids == loop.next().ids


@pytest.fixture
def small_disk(tmp_path):
    place = tmp_path / "disk"
    place.mkdir()
    if (
        sys.platform != "linux"
        or subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", place], check=False).returncode
    ):
        pytest.skip("no disk can be mounted here")
    yield place
    subprocess.run(["umount", "-l", place], check=True)


def test_a_full_disk_is_one_sentence_and_nothing_is_lost(start, tmp_path, small_disk, command):
    start()
    full = f"the disk that holds {small_disk}"

    def fill():
        with (small_disk / "fill").open("wb", buffering=0) as file, contextlib.suppress(OSError):
            while file.write(b"x" * 4096):
                pass

    fill()
    assert full in command("init", "x.toml", "--dir", small_disk / "loop")[0]
    (small_disk / "fill").unlink()
    assert command("init", "x.toml", "--dir", small_disk / "loop")[1] == 0
    loop = sl.Loop(small_disk / "loop")
    answer(loop, loop.next().ids)
    loop.close()
    fill()
    shutil.copy(small_disk / "loop" / "handoff" / "round-0001.csv", tmp_path / "again.csv")
    for words in (["train"], ["next"], ["status"], ["ingest", "again.csv"]):
        said, code = command(*words, "--dir", small_disk / "loop")
        assert (code, full in said) == (1, True), (words, said)
    (small_disk / "fill").unlink()
    assert command("run", "--once", "--dir", small_disk / "loop")[1] == 0
    found = sl.Loop(small_disk / "loop").status()
    assert (found["round"], found["labelled"], found["model"]["number"]) == (2, 20, 1)
