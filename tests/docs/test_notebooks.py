"""The notebooks of the docs run from their first cell to their last."""

import ast
import json
from pathlib import Path

import pytest

pytest.importorskip("matplotlib").use("agg")

NOTEBOOKS = sorted((Path(__file__).parents[2] / "docs" / "notebooks").glob("*.ipynb"))


@pytest.mark.parametrize("path", NOTEBOOKS, ids=[path.stem for path in NOTEBOOKS])
def test_a_notebook(path, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    cells = [cell for cell in json.loads(path.read_text())["cells"] if cell["cell_type"] == "code"]
    assert not any(cell["outputs"] for cell in cells)  # `make docs` makes them anew
    names = {}
    for cell in cells:
        code = ast.parse("".join(cell["source"]))
        *before, last = code.body
        if isinstance(last, ast.Expr):  # what Jupyter shows
            exec(compile(ast.Module(before, []), path.name, "exec"), names)
            shown = eval(compile(ast.Expression(last.value), path.name, "eval"), names)
            for how in ("_repr_html_", "_repr_png_"):
                getattr(shown, how, lambda: None)()
        else:
            exec(compile(code, path.name, "exec"), names)


def test_there_are_four():
    assert len(NOTEBOOKS) == 4
