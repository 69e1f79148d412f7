"""What every writer of the package promises of its target, and what exports hold."""

import csv
import datetime
import errno
import io
import json
import os
import signal
import stat
import subprocess
import sys
import textwrap
import threading
from pathlib import Path

import numpy as np
import oracles
import pytest

import shortlist as sl
from shortlist import writing
from shortlist.benchmarking.result import Benchmark
from shortlist.selection_report import Report
from shortlist.writing import write_text

P = oracles.probabilities(np.random.default_rng(3), 400, 4, np.float32)
PICKS = sl.select(P, "margin", 40)
BENCH = Benchmark([], {"cpu": "x", "cores": 1}, (4, 2), "float64", 2, 3, {}, {(1, 4): [0.5]})


class Drawn:
    """Stands for a figure."""

    def savefig(self, target, **_):
        target.write(b"drawn")


WRITERS = {
    "to_csv": PICKS.to_csv,
    "to_jsonl": PICKS.to_jsonl,
    "to_json": BENCH.to_json,
    "png": lambda target: writing.write_png(target, Drawn()),
}
every_writer = pytest.mark.parametrize("write", WRITERS.values(), ids=WRITERS)
posix = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no FIFOs here")


@pytest.fixture
def content(write, tmp_path):
    """What a writer writes to a new file."""
    write(tmp_path / "new")
    written = (tmp_path / "new").read_bytes()
    (tmp_path / "new").unlink()
    assert written
    return written


def selection(scores, ids=None, **report):
    scores = np.array(scores, dtype=np.float64)
    given = None if ids is None else np.array([*ids, None], dtype=object)[:-1]
    return sl.Selection(np.arange(len(scores)), scores, "own", "highest", Report(rows=9, **report), given)


@posix
@every_writer
def test_a_fifo_stays_one_and_its_reader_gets_everything(write, content, tmp_path):
    os.mkfifo(tmp_path / "pipe")
    got = []
    reader = threading.Thread(target=lambda: got.append((tmp_path / "pipe").read_bytes()))
    reader.start()
    write(tmp_path / "pipe")
    reader.join()
    assert got == [content]
    assert [path.name for path in tmp_path.iterdir()] == ["pipe"]


@posix
def test_a_fifo_that_nobody_reads_is_an_error(tmp_path, monkeypatch):
    monkeypatch.setattr(writing, "PATIENCE", 0.05)
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(TimeoutError, match=r"pipe is a FIFO, and nobody began to read it within 0.05 seconds"):
        PICKS.to_csv(tmp_path / "pipe")


@every_writer
def test_devices_are_written_in_place(write):
    before = os.stat(os.devnull)
    write(os.devnull)
    after = os.stat(os.devnull)
    assert (before.st_ino, before.st_mode) == (after.st_ino, after.st_mode)


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no device that is always full")
@every_writer
def test_a_full_device_is_one_sentence(write):
    with pytest.raises(OSError, match=r"^/dev/full cannot be written \(No space left on device\)$") as raised:
        write("/dev/full")
    assert raised.value.errno == errno.ENOSPC


@pytest.mark.skipif(not os.path.exists("/dev/stdout"), reason="no such file here")
@pytest.mark.parametrize("name", ["/dev/stdout", "/dev/fd/1", "link.csv"])
def test_standard_output_is_written_where_it_is(tmp_path, name):
    os.symlink("/dev/stdout", tmp_path / "link.csv")
    script = f"""
import numpy as np, shortlist as sl
print("before")
sl.select(np.eye(2), "margin", 1).to_csv({name!r})
print("after", flush=True)
"""
    with (tmp_path / "out.txt").open("w") as out:
        out.write("first\n")
        out.flush()
        subprocess.run([sys.executable, "-c", script], stdout=out, check=True, cwd=tmp_path)
        out.seek(0, io.SEEK_END)
        out.write("last\n")
    lines = (tmp_path / "out.txt").read_text().splitlines()
    assert lines == ["first", "before", "rank,index,score", "1,0,1.0", "after", "last"]


@every_writer
@pytest.mark.parametrize("there", [True, False], ids=["link", "dangling link"])
def test_links_are_followed(write, content, there, tmp_path):
    (tmp_path / "data").mkdir()
    if there:
        (tmp_path / "data" / "real").write_text("old")
    (tmp_path / "data" / "middle").symlink_to("real")
    (tmp_path / "link").symlink_to(os.path.join("data", "middle"))
    write(tmp_path / "link")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "data" / "middle").is_symlink()
    assert (tmp_path / "data" / "real").read_bytes() == content
    assert len(list((tmp_path / "data").iterdir())) == 2


@pytest.mark.skipif(os.name != "posix", reason="modes are POSIX's")
@every_writer
@pytest.mark.parametrize("mode", [0o600, 0o640, 0o666, 0o755])
def test_the_mode_of_an_old_file_is_kept(write, mode, tmp_path):
    (tmp_path / "x").write_text("old")
    (tmp_path / "x").chmod(mode)
    write(tmp_path / "x")
    assert stat.S_IMODE((tmp_path / "x").stat().st_mode) == mode


@pytest.mark.skipif(os.name != "posix", reason="modes are POSIX's")
@every_writer
@pytest.mark.parametrize("mask", [0o022, 0o077])
def test_a_new_file_gets_the_mode_of_any_new_file(write, mask, tmp_path):
    before = os.umask(mask)
    try:
        write(tmp_path / "x")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "x").stat().st_mode) == 0o666 & ~mask


@every_writer
def test_any_name_that_the_file_system_has_will_do(write, content, tmp_path):
    for name in ("n" * 251 + ".csv", "é" * 120, "a b\n'\"", "-", "~", "%s{0}", ".hidden"):
        write(tmp_path / name)
        assert (tmp_path / name).read_bytes() == content
    with pytest.raises(OSError, match=r"cannot be written \(File name too long\)"):
        write(tmp_path / ("n" * 256))


@every_writer
@pytest.mark.parametrize("without_tmpfile", [False, True])
def test_threads_that_write_one_path_leave_a_whole_file(write, content, without_tmpfile, tmp_path, monkeypatch):
    if without_tmpfile:
        monkeypatch.delattr(os, "O_TMPFILE", raising=False)
    failed = []

    def work():
        try:
            for _ in range(10):
                write(tmp_path / "one")
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        if (tmp_path / "one").exists():
            assert (tmp_path / "one").read_bytes() == content
    assert failed == []
    assert [path.name for path in tmp_path.iterdir()] == ["one"]


def breaking(error):
    yield "begun\n" * 100_000
    raise error


@pytest.mark.parametrize("without_tmpfile", [False, True])
@pytest.mark.parametrize(
    "error", [ValueError("x"), KeyboardInterrupt(), MemoryError(), OSError(errno.EIO, "Input/output error")]
)
def test_what_fails_leaves_the_old_file_and_nothing_else(error, without_tmpfile, tmp_path, monkeypatch):
    if without_tmpfile:
        monkeypatch.delattr(os, "O_TMPFILE", raising=False)
    (tmp_path / "x").write_text("old")
    with pytest.raises(type(error)):
        writing.write_text(tmp_path / "x", breaking(error))
    assert (tmp_path / "x").read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["x"]


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no device that is always full")
@every_writer
def test_a_full_disk_leaves_the_old_file(write, tmp_path, monkeypatch):
    monkeypatch.setattr(writing, "_create", lambda *_: (os.open("/dev/full", os.O_WRONLY), True))
    (tmp_path / "x").write_text("old")
    with pytest.raises(OSError, match=r"x cannot be written \(No space left on device\); nothing was changed"):
        write(tmp_path / "x")
    assert (tmp_path / "x").read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["x"]


@pytest.mark.parametrize("how", ["SIGTERM", "SIGKILL"])
def test_a_killed_process_leaves_nothing_behind(how, tmp_path):
    try:
        os.close(os.open(tmp_path, os.O_TMPFILE | os.O_WRONLY))
    except (AttributeError, OSError):
        pytest.skip("this file system has no files without a name")
    script = """
import sys, time
from shortlist.writing import write_text
def lines():
    yield "begun\\n" * 100_000
    print("begun", flush=True)
    time.sleep(600)
write_text("x.csv", lines())
"""
    (tmp_path / "x.csv").write_text("old")
    child = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, cwd=tmp_path)
    assert child.stdout.readline() == b"begun\n"
    child.send_signal(getattr(signal, how))
    child.communicate()
    assert (tmp_path / "x.csv").read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["x.csv"]


@every_writer
def test_targets_that_cannot_be_written(write, tmp_path):
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_text("old")
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "lost").symlink_to("nowhere/x")
    for target, error, message in (
        (tmp_path / "folder", IsADirectoryError, "folder is a folder; accepted is the path of a file"),
        (f"{tmp_path}/new/", IsADirectoryError, "new/ is a folder"),
        (tmp_path / "none" / "x", FileNotFoundError, "there is no folder .*none to write x to"),
        (tmp_path / "file" / "x", FileNotFoundError, "there is no folder .*file to write x to"),
        (
            tmp_path / "lost",
            FileNotFoundError,
            "there is no folder .*nowhere to write x to .*lost is a link that leads",
        ),
        (tmp_path / "loop", OSError, r"loop cannot be written \(Too many levels of symbolic links\)"),
        ("", ValueError, "target is ''; accepted is the path of a file"),
        ("a\0b", ValueError, r"target is 'a\\x00b'; accepted is the path of a file"),
        (b"x", TypeError, "target is a bytes; accepted"),
        (3, TypeError, "target is a int; accepted"),
        (None, TypeError, "target is a NoneType; accepted"),
        (tmp_path / "\x1b[31m" / "x", FileNotFoundError, r"no folder .*\\x1b\[31m to write"),
    ):
        with pytest.raises(error, match=message):
            write(target)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "folder", "loop", "lost"]


@every_writer
def test_read_only_files_and_folders_are_refused(write, tmp_path, monkeypatch):
    # Who may do everything may write these too, so the answer of the system is stood in for.
    (tmp_path / "x").write_text("old")
    (tmp_path / "x").chmod(0o444)
    real = os.access
    monkeypatch.setattr(os, "access", lambda path, mode: os.path.isdir(path) and real(path, mode))
    with pytest.raises(PermissionError, match=r"x cannot be written \(its mode is 0444\)"):
        write(tmp_path / "x")
    monkeypatch.setattr(os, "access", lambda path, _: not os.path.isdir(path))
    for name in ("x", "new"):
        with pytest.raises(PermissionError, match=rf"{name} cannot be written \(no permission to change its folder\)"):
            write(tmp_path / name)
    assert (tmp_path / "x").read_text() == "old"


def test_open_files(tmp_path):
    for target, message in (
        (io.BytesIO(), "target takes no text .*accepted are a path and an open text file"),
        (io.BufferedWriter(io.BytesIO()), "target takes no text"),
    ):
        with pytest.raises(TypeError, match=message):
            PICKS.to_csv(target)
    (tmp_path / "x").write_text("old")
    with (tmp_path / "x").open() as file, pytest.raises(io.UnsupportedOperation, match="target takes no text"):
        PICKS.to_csv(file)
    with (
        (tmp_path / "x").open("w", encoding="ascii") as file,
        pytest.raises(ValueError, match="cannot be written in ascii"),
    ):
        selection([1.0], ["é"]).to_csv(file)
    with pytest.raises(ValueError, match=r"'\\udc80' cannot be written in utf-8"):
        selection([1.0], ["a\udc80"]).to_csv(tmp_path / "y")
    assert not (tmp_path / "y").exists()


IDS = [
    "=cmd|' /C calc'!A0",
    "+1",
    "-2+3",
    "@SUM(1)",
    "\tx",
    "\r\n",
    "'quoted'",
    'a "b", c',
    "\x1b[31m",
    "",
    "é",
    " = 1",
]


def test_ids_are_written_as_they_are(tmp_path):
    picks = selection(np.arange(12.0), IDS)
    picks.to_csv(tmp_path / "x.csv")
    with (tmp_path / "x.csv").open(newline="", encoding="utf-8") as file:
        assert [row["id"] for row in csv.DictReader(file)] == IDS
    picks.to_jsonl(tmp_path / "x.jsonl")
    with (tmp_path / "x.jsonl").open(encoding="utf-8") as file:
        assert [json.loads(line)["id"] for line in file] == IDS


def test_for_a_spreadsheet_no_id_is_a_formula(tmp_path):
    picks = selection([-1.0, *np.arange(11.0)], IDS)
    picks.to_csv(tmp_path / "x.csv", spreadsheet=True)
    with (tmp_path / "x.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [row["id"] for row in rows] == [f"'{own}" for own in IDS[:6]] + IDS[6:]
    assert rows[0]["score"] == "-1.0"
    numbers = selection([1.0, 2.0], [-5, -0.5])
    numbers.to_csv(tmp_path / "y.csv", spreadsheet=True)
    assert (tmp_path / "y.csv").read_text() == "rank,index,score,id\n1,0,1.0,-5\n2,1,2.0,-0.5\n"


def strict(text):
    def refuse(name):
        raise AssertionError(f"{name} is no JSON")

    return json.loads(text, parse_constant=refuse)


def test_json_has_null_for_what_it_has_no_word_for():
    day = datetime.date(2026, 1, 2)
    ids = [np.nan, np.inf, 1.5, np.float32(0.5), np.int64(7), day, b"ab", None, True]
    picks = selection([np.inf, -np.inf, np.nan, -0.0, 1e300, 5e-324, 1.0, 2.0, 3.0], ids)
    text = io.StringIO()
    picks.to_jsonl(text)
    lines = [strict(line) for line in text.getvalue().splitlines()]
    assert [line["score"] for line in lines] == [None, None, None, -0.0, 1e300, 5e-324, 1.0, 2.0, 3.0]
    assert [line["id"] for line in lines] == [None, None, 1.5, 0.5, 7, "2026-01-02", "ab", None, True]
    record = strict(json.dumps(picks.to_dict(), allow_nan=False))
    assert record["scores"] == [line["score"] for line in lines]
    assert record["ids"] == [line["id"] for line in lines]


def test_infinite_scores_of_a_measure_are_valid_json_lines(tmp_path):
    x = np.array([[1.0, 2.0], [3.0, 4.0]])
    picks = sl.select(x, lambda block: np.array([np.inf, -np.inf]), 2, order="highest")
    picks.to_jsonl(tmp_path / "x.jsonl")
    lines = (tmp_path / "x.jsonl").read_text().splitlines()
    assert [strict(line) for line in lines] == [{"rank": n, "index": n - 1, "score": None} for n in (1, 2)]
    picks.to_csv(tmp_path / "x.csv")
    assert (tmp_path / "x.csv").read_text() == "rank,index,score\n1,0,inf\n2,1,-inf\n"


def test_what_is_shown_has_no_control_characters_and_no_markup():
    told = ("x\x1b[2J.npy was copied", "<script>alert(1)</script>\r\n", "\u202egnp.exe")
    picks = sl.Selection(np.arange(1), np.ones(1), "m\x1b]0;x\x07<b>", "highest", Report(rows=1, copies=told))
    for shown in (repr(picks), picks._repr_html_()):
        assert shown.replace("\n", "").isprintable()
        assert "x\\x1b[2J.npy" in shown
    assert "<script" not in picks._repr_html_()
    assert "<b>" not in picks._repr_html_()
    BENCH.skipped["bad\x1b[31m"] = "why\x07"
    try:
        assert "bad\\x1b[31m (why\\x07)" in repr(BENCH)
    finally:
        BENCH.skipped.clear()


@pytest.fixture
def without_names(tmp_path):
    """A folder in which a file may have no name while it is written."""
    descriptor, named = writing._create(tmp_path / "x", 0o600)
    os.close(descriptor)
    if named:
        pytest.skip("a file has its name from the start here")
    return tmp_path


def test_what_a_killed_process_left_goes_with_the_next_write(without_names):
    write_text(without_names / "x", ["old"])
    code = """
        import os, sys
        from pathlib import Path
        from shortlist.writing import write_text
        Path.replace = lambda *_: os._exit(9)
        write_text(sys.argv[1], ["new"])
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(code), str(without_names / "x")], check=False)
    left = [path.name for path in without_names.iterdir() if path.name != "x"]
    assert (done.returncode, len(left), (without_names / "x").read_text()) == (9, 1, "old")
    write_text(without_names / "x", ["newer"])
    assert [path.name for path in without_names.iterdir()] == ["x"]
    assert (without_names / "x").read_text() == "newer"


def test_a_name_that_another_process_has_for_a_moment_is_left_to_it(without_names, monkeypatch):
    write_text(without_names / "x", ["old"])
    replace, beside = Path.replace, []

    def another_first(name, path):
        monkeypatch.setattr(Path, "replace", replace)
        write_text(path, ["of another"])
        beside.extend(each.name for each in without_names.iterdir())
        return replace(name, path)

    monkeypatch.setattr(Path, "replace", another_first)
    write_text(without_names / "x", ["mine"])
    assert len(beside) == 2
    assert [path.name for path in without_names.iterdir()] == ["x"]
    assert (without_names / "x").read_text() == "mine"
