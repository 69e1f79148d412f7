"""The examples of docs/stopping.md are run, and print what stands below them."""

import re
from pathlib import Path

import numpy as np
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression

import shortlist as sl

DOC = Path(__file__).parents[2] / "docs" / "stopping.md"


def test_examples(capsys):
    X, y = load_digits(return_X_y=True)
    X, y = X[:900] / 16, y[:900]
    rng = np.random.default_rng(0)

    def ask_for_more(labelled):
        left = np.setdiff1d(np.arange(len(X)), labelled)
        return np.concatenate([labelled, rng.choice(left, 100, replace=False)])

    names = {"np": np, "sl": sl, "X": X, "y": y, "labelled": np.arange(40), "ask_for_more": ask_for_more}
    names["learner"] = LogisticRegression(max_iter=1000)
    blocks = re.findall(r"^```python\n(.*?)^```(?:\n\n```text\n(.*?)^```)?", DOC.read_text(), re.DOTALL | re.MULTILINE)
    assert len(blocks) == 3
    for code, printed in blocks:
        exec(compile(code, DOC.name, "exec"), names)
        said = capsys.readouterr().out
        assert said.startswith("stop at ") if not printed else said == printed


def test_tables_name_every_rule():
    text = DOC.read_text()
    for name in (*sl.stopping.RULES, *sl.stopping.TRIGGERS, *sl.stopping.GUARDS):
        assert re.search(rf"^\|.*`{name}\b", text, re.MULTILINE), name
