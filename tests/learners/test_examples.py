"""The short examples run, say something, and warn of nothing."""

import runpy
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"
NAMES = ["pool_loop", "batch_loop", "ranked_batch", "committee", "seventy_thirty", "regression", "text_pool"]


@pytest.mark.parametrize("name", NAMES)
def test_example(name, capsys):
    runpy.run_path(EXAMPLES / f"{name}.py", run_name="__main__")
    assert capsys.readouterr().out.count("\n") >= 2
