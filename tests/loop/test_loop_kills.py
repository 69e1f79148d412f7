"""Loops whose processes are killed come to the same end: `attacks.kills` in short, killed by events and not by time."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.skipif(sys.platform != "linux" or shutil.which("cc") is None, reason="needs a C compiler and LD_PRELOAD")
@pytest.mark.parametrize(
    "given",
    [["writes", "--every", "211", "--journal", "delete"], ["random", "--kills", "4", "--at-writes"]],
    ids=lambda g: g[0],
)
def test_killed_loops_lose_nothing(given):
    pytest.importorskip("click")
    pytest.importorskip("sklearn")
    done = subprocess.run(
        [sys.executable, "-m", "attacks.kills", "--part", *given],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert (done.returncode, "0 findings in all" in done.stdout) == (0, True), done.stdout + done.stderr
