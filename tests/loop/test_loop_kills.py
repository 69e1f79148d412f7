"""Loops whose processes are killed come to the same end: `benches.loop_kills` in short, killed by events and not by time."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from shortlist.loop.pool.making import making

ROOT = Path(__file__).parents[2]


@pytest.mark.skipif(sys.platform != "linux" or shutil.which("cc") is None, reason="needs a C compiler and LD_PRELOAD")
@pytest.mark.parametrize(
    "given",
    [["writes", "--every", "89", "--journal", "delete"], ["random", "--kills", "12", "--at-writes"]],
    ids=lambda g: g[0],
)
def test_killed_loops_lose_nothing(given):
    pytest.importorskip("click")
    pytest.importorskip("sklearn")
    done = subprocess.run(
        [sys.executable, "-m", "benches.loop_kills", "--part", *given],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert (done.returncode, "0 differences in all" in done.stdout) == (0, True), done.stdout + done.stderr


def test_what_a_killed_process_was_making_is_removed_and_what_another_makes_is_not(tmp_path):
    with making(tmp_path) as ours:
        left = tmp_path / "making-left"
        (left / "deep").mkdir(parents=True)
        (left / "deep" / "file").touch()
        with making(tmp_path) as other:
            assert sorted(tmp_path.iterdir()) == sorted([ours, other])
            os.rename(other, tmp_path / "made")
        assert sorted(tmp_path.iterdir()) == sorted([ours, tmp_path / "made"])
    assert list(tmp_path.iterdir()) == [tmp_path / "made"]
