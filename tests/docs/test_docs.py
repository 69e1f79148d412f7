"""Examples in docstrings, in the README and in the pages on picking are run."""

import doctest
import importlib.util
import pkgutil
import re
import shlex
from pathlib import Path

import numpy as np
import oracles
import pytest

import shortlist

CHECKOUT = Path(__file__).parents[2]
PAGES = [
    "README.md",
    *(f"docs/{page}.md" for page in ("index", "selection", "diversity", "learners", "command", "bounds")),
    *sorted(str(page.relative_to(CHECKOUT)) for page in CHECKOUT.glob("docs/questions/*.md")),
    *(f"docs/guides/{page}.md" for page in ("million-rows", "your-data")),
]
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
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE)
    without_polars = importlib.util.find_spec("polars") is None
    for test in doctest.DocTestFinder().find(module):
        # One that needs Polars is left out where that isn't installed, and not the others of its module.
        if not (without_polars and "polars" in test.docstring):
            assert runner.run(test).failed == 0


@pytest.mark.parametrize(
    "name", [name for name in shortlist.__all__ if name in ("score", "select", "sample", "Selector", "measures")]
)
def test_what_a_user_types_has_an_example(name):
    assert ">>> " in getattr(shortlist, name).__doc__


def blocks(page, language):
    return re.findall(rf"^```{language}\n(.*?)^```", (CHECKOUT / page).read_text(), re.DOTALL | re.MULTILINE)


def pages(language):
    return [page for page in PAGES if blocks(page, language)]


@pytest.fixture
def pool(tmp_path, monkeypatch):
    """What the reader has at hand: a file of probabilities, the same in memory, logits, and labelled ids."""
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


@pytest.mark.parametrize("page", pages("python"))
def test_python_of_a_page(pool, page):
    for code in blocks(page, "python"):
        if "import polars" in code:
            pytest.importorskip("polars", reason="pip install 'shortlist[polars]'")
        exec(compile(code, page, "exec"), pool)


def test_messages_are_those_that_the_page_on_errors_shows():
    page = CHECKOUT / "docs" / "errors.md"
    options = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
    assert doctest.testfile(str(page), module_relative=False, optionflags=options).failed == 0


@pytest.mark.parametrize("page", pages("sh"))
def test_shell_of_a_page(pool, command, page):
    for code in blocks(page, "sh"):
        for line in code.replace("\\\n", " ").splitlines():
            if line.startswith("shortlist "):
                command(*shlex.split(line, comments=True)[1:])
