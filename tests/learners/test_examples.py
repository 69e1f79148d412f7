"""The short examples run, say something, and warn of nothing."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"
NAMES = ["pool_loop", "batch_loop", "ranked_batch", "committee", "seventy_thirty", "regression", "text_pool"]


@pytest.mark.parametrize("name", NAMES)
def test_example(name):
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    done = subprocess.run(
        [sys.executable, "-W", "error::UserWarning", str(EXAMPLES / f"{name}.py")],
        capture_output=True,
        text=True,
        check=False,
        env=environment,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("\n") >= 2
