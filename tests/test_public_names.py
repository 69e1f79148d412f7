"""The names people type: one list, lazily loaded, typed by a stub, and strategies that are functions like any other."""

import ast
import importlib
import inspect
import os
import pickle
import subprocess
import sys
from pathlib import Path

import pytest

import shortlist as sl
from shortlist.names import MODULE_OF
from shortlist.strategies import disagreement, uncertainty

HOME = Path(sl.__file__).parent
STUB = ast.parse((HOME / "__init__.pyi").read_text(encoding="utf-8"))
USER = """
import numpy as np
import shortlist as sl

reveal_type(sl.k_center)
reveal_type(sl.ActiveLearner)
reveal_type(sl.bald_sampling)
reveal_type(sl.select(np.zeros((2, 2)), "margin", 1).indices)
reveal_type(sl.labels.read("answers.csv")[0].id)
sl.margin_sampling(1)
sl.selct
"""
SAID = [
    'Revealed type is "def (X: Any, k: int, *, labelled: Any =,',
    'Revealed type is "def (estimator: Any, query_strategy:',
    'Revealed type is "def (committee: Any, X: Any, n_instances: int =, random_tie_break: bool =, *, random_state:',
    'Revealed type is "numpy.ndarray[',
    'Revealed type is "str"',
    "Too few arguments",
    'Module has no attribute "selct"; maybe "select"?',
]


def test_the_stub_has_the_names_of_the_list_and_takes_each_from_its_module():
    imports = {
        alias.name: node.module for node in STUB.body if isinstance(node, ast.ImportFrom) for alias in node.names
    }
    assert imports == MODULE_OF
    [names] = [ast.literal_eval(node.value) for node in STUB.body if isinstance(node, ast.Assign)]
    assert names == sl.__all__ == list(MODULE_OF)


@pytest.mark.parametrize("name", sl.__all__)
def test_each_name_is_what_its_module_has(name):
    module = MODULE_OF[name]
    there = importlib.import_module(f"shortlist.{name}" if module == "shortlist" else module)
    assert getattr(sl, name) is (there if module == "shortlist" else getattr(there, name))


def test_dir_shows_public_names_only():
    assert set(dir(sl)) == {*sl.__all__, "__version__"}


def test_unknown_names_are_refused():
    with pytest.raises(AttributeError, match="module 'shortlist' has no attribute 'selct'"):
        sl.selct  # noqa: B018


def test_a_user_who_checks_types_is_told_them(tmp_path):
    pytest.importorskip("mypy")
    (tmp_path / "user.py").write_text(USER)
    # As `make lint` checks the package, and so with what that has kept.
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--config-file", "pyproject.toml", tmp_path / "user.py"],
        cwd=Path(__file__).parents[1],
        env={**os.environ, "MYPYPATH": str(HOME.parent)},
        capture_output=True,
        text=True,
        timeout=300,
    )
    lines = [line for line in done.stdout.splitlines() if "user.py:" in line]
    assert len(lines) == len(SAID), done.stdout + done.stderr
    for line, said in zip(lines, SAID, strict=True):
        assert said in line


@pytest.mark.parametrize(
    ("made", "parameters"),
    [
        (uncertainty.classifier_margin, "classifier X chunk_size progress invalid approximate kwargs"),
        (
            sl.margin_sampling,
            "classifier X n_instances random_tie_break random_state chunk_size progress invalid screen kwargs",
        ),
        (disagreement.KL_max_disagreement, "committee X chunk_size progress invalid kwargs"),
        (sl.max_EI, "optimizer X tradeoff n_instances random_tie_break random_state chunk_size progress invalid"),
        (sl.avg_score, "classifier X_pool n_instances random_tie_break random_state chunk_size progress invalid"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_strategies_of_one_template_are_functions_of_their_own(made, parameters):
    assert list(inspect.signature(made).parameters) == parameters.split()
    assert getattr(sys.modules[made.__module__], made.__qualname__) is made
    assert pickle.loads(pickle.dumps(made)) is made
    assert inspect.getdoc(made)
    with pytest.raises(TypeError, match=f"^{made.__name__}.. missing 2 required positional arguments"):
        made()
