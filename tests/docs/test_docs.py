"""Examples in docstrings and in the README are run."""

import doctest
import importlib
import pkgutil
import re
import shlex
import subprocess
import sys
from pathlib import Path

import numpy as np
import oracles
import pytest

import shortlist

README = Path(__file__).parents[2] / "README.md"
MODULES = sorted(
    module.name
    for module in pkgutil.walk_packages(shortlist.__path__, "shortlist.")
    if not module.name.endswith("__main__")
)


@pytest.mark.parametrize("name", ["shortlist", *MODULES])
def test_docstrings(name):
    try:
        module = importlib.import_module(name)
    except ImportError as error:
        pytest.skip(str(error))
    assert doctest.testmod(module, optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE).failed == 0


@pytest.mark.parametrize(
    "name", [name for name in shortlist.__all__ if name in ("score", "select", "sample", "Selector", "measures")]
)
def test_what_a_user_types_has_an_example(name):
    assert ">>> " in getattr(shortlist, name).__doc__


def blocks(language):
    return (
        re.findall(rf"^```{language}\n(.*?)^```", README.read_text(), re.DOTALL | re.MULTILINE)
        if README.exists()
        else []
    )


@pytest.fixture
def pool(tmp_path, monkeypatch):
    """What the README's reader has at hand: a file of probabilities, the same in memory, logits, and labelled ids."""
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(0)
    probs = oracles.probabilities(rng, 20_000, 10, np.float32)
    np.save("probs.npy", probs)
    np.save("logits.npy", np.log(probs + 1e-6))
    np.save("labelled.npy", np.arange(10))
    return {
        "probs": probs,
        "logits": np.log(probs + 1e-6),
        "labelled": np.arange(10),
        "X": rng.normal(size=(20_000, 16)).astype(np.float32),
        "predicted": probs.argmax(axis=1),
        "np": np,
    }


@pytest.mark.skipif(not blocks("python"), reason="the README has no Python yet")
def test_readme_python(pool):
    for code in blocks("python"):
        exec(compile(code, "README.md", "exec"), pool)


@pytest.mark.skipif(not blocks("sh"), reason="the README has no shell yet")
def test_readme_shell(pool):
    for code in blocks("sh"):
        for line in code.replace("\\\n", " ").splitlines():
            if line.startswith("shortlist "):
                words = shlex.split(line, comments=True)[1:]
                done = subprocess.run(
                    [sys.executable, "-m", "shortlist", *words], capture_output=True, text=True, timeout=120
                )
                assert done.returncode == 0, f"{line}\n{done.stderr}"
