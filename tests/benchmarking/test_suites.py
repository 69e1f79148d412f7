"""The suites of pytest-benchmark in benches/ still run; how fast is for `pytest benches/` to say."""

import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("pytest_benchmark")

ROOT = Path(__file__).parents[2]
SUITES = ("scores", "selection", "diversity", "learners", "files")


def run_pytest(*words, code=0):
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *words],
        cwd=ROOT, capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout


def test_every_suite_runs_once():
    run_pytest(*(f"benches/test_{suite}.py" for suite in SUITES), "--benchmark-disable")


def test_no_suite_is_left_out_here_and_ordinary_runs_collect_none():
    assert {path.stem for path in (ROOT / "benches").glob("test_*.py")} == {f"test_{suite}" for suite in SUITES}
    # Without the files in tests/, an ordinary run finds nothing.
    assert "no tests" in run_pytest("--co", "--ignore-glob=tests/*", code=5)
