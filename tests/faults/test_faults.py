"""Faults and power cuts lose nothing: a sample of what `make attack` does in whole."""

import errno
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from shortlist import writing
from shortlist.disk import one_line
from shortlist.loop.temporary import remove_left, temporary_folder

ROOT = Path(__file__).parents[2]
watched = pytest.mark.skipif(
    sys.platform != "linux" or shutil.which("cc") is None, reason="needs a C compiler and LD_PRELOAD"
)


@watched
@pytest.mark.parametrize(
    "words",
    [
        ["faults", "--every", "307", "--begin", "11"],
        ["power_cuts", "--every", "211"],
        ["writers", "--every", "7"],
        ["trainings", "twice", "after_another_training"],
    ],
    ids=lambda words: words[0],
)
def test_a_sample_of_all(words):
    pytest.importorskip("click")
    pytest.importorskip("sklearn")
    done = subprocess.run(
        [sys.executable, "-m", f"attacks.{words[0]}", *words[1:]],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert (done.returncode, "0 findings in all" in done.stdout) == (0, True), done.stdout + done.stderr


def test_a_new_name_is_on_disk_before_a_writer_returns(tmp_path, monkeypatch):
    synced = []
    fsync = os.fsync
    monkeypatch.setattr(os, "fsync", lambda fd: synced.append(os.readlink(f"/proc/self/fd/{fd}")) or fsync(fd))
    if not os.path.exists("/proc/self/fd"):
        pytest.skip("no names of descriptors here")
    writing.make_folder(tmp_path / "a" / "b", "out")
    assert set(synced) == {str(tmp_path), str(tmp_path / "a")}
    for _ in range(2):
        synced.clear()
        writing.write_text(tmp_path / "a" / "b" / "x", ["x"])
        assert synced[-1] == str(tmp_path / "a" / "b")


def test_a_folder_that_fails_says_that_the_file_was_written(tmp_path, monkeypatch):
    fsync = os.fsync

    def failing(fd):
        if os.path.isdir(f"/proc/self/fd/{fd}"):
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        fsync(fd)

    monkeypatch.setattr(os, "fsync", failing)
    if not os.path.exists("/proc/self/fd"):
        pytest.skip("no names of descriptors here")
    with pytest.raises(OSError, match=r"x was written, and its folder can't be brought to disk \(Input/output error\)"):
        writing.write_text(tmp_path / "x", ["x"])
    assert (tmp_path / "x").read_text() == "x"


def test_a_folder_that_could_not_be_removed_is_found_another_time(tmp_path, monkeypatch):
    pytest.importorskip("fcntl")
    with monkeypatch.context() as patched:
        patched.setattr(shutil, "rmtree", lambda *_, **__: None)
        with temporary_folder(tmp_path) as folder:
            (folder / "x").write_text("x")
    assert folder.exists()
    remove_left(tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (OSError(errno.EIO, "Input/output error"), "a file can't be opened, read or written (Input/output error)"),
        (OSError(errno.EACCES, "No", "a\x1b"), r"a\x1b can't be opened, read or written (No)"),
        (OSError("ours is a sentence."), "ours is a sentence"),
    ],
)
def test_an_error_of_the_system_names_its_file(error, sentence):
    assert one_line(error) == sentence


def test_people_get_their_next_rows_where_a_training_can_t_write(tmp_path, monkeypatch):
    pytest.importorskip("sklearn")
    monkeypatch.syspath_prepend(str(ROOT / "tests/loop"))
    from a_project import answer, begin

    with begin(tmp_path) as loop:
        answer(loop, loop.next().ids)
        with monkeypatch.context() as patched:
            patched.setattr(
                type(loop), "train", lambda _: (_ for _ in ()).throw(OSError(errno.EIO, "Input/output error"))
            )
            with pytest.raises(
                ValueError, match=r"^training failed: a file can't be .*error\). round 2 was opened: 20 rows in"
            ):
                loop.run_once()
        assert loop.next().round == 2
