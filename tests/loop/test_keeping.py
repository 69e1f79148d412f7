"""Keeping a loop: what killed processes left, what is damaged, copies, the end, and answers taken back."""

import subprocess
import sys

import pytest

from shortlist.loop.temporary import remove_left, temporary_folder

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
