"""The script a user runs to compare their own code on both."""

import importlib.util
import sys

import pytest

from shortlist.modal import compare

SCRIPT = """
import numpy as np
from modAL.models import ActiveLearner
from modAL.uncertainty import margin_sampling
from sklearn.naive_bayes import GaussianNB

X = np.random.default_rng(0).normal(size=(60, 3))
y = (X[:, 0] > 0).astype(int)
learner = ActiveLearner(GaussianNB(), margin_sampling, X_training=X[:10], y_training=y[:10])
for _ in range(3):
    picks, rows = learner.query(X[10:], n_instances=2)
    learner.estimator.fit(X[:20], y[:20])
"""


@pytest.fixture
def script(tmp_path):
    path = tmp_path / "script.py"
    path.write_text(SCRIPT)
    return str(path)


def test_queries_are_recorded(script):
    queries = compare.run(sys.executable, [script], "shortlist")
    assert len(queries) == 3
    assert queries[0]["learner"] == "ActiveLearner"
    assert queries[0]["strategy"] == "margin_sampling"
    assert len(queries[0]["picks"]) == 2


def test_what_differs_is_named():
    def query(*picks):
        return {"learner": "ActiveLearner", "strategy": "margin_sampling", "picks": list(picks)}

    assert compare.compare([query(1, 2)], [query(2, 1)]) == []
    (line,) = compare.compare([query(1)], [query(2)])
    assert line == "query 1, ActiveLearner by margin_sampling: modAL picked [1], Shortlist [2]"
    assert compare.compare([query(1)], []) == ["modAL made 1 queries, Shortlist 0"]


def test_exit_status(script, monkeypatch, capsys):
    monkeypatch.setattr(compare, "run", lambda python, words, implementation: [{"picks": [1]}])
    assert compare.main([script]) == 0
    assert capsys.readouterr().out == "1 queries, 0 differ\n"
    with pytest.raises(SystemExit):
        compare.main([])


def test_a_script_that_fails(tmp_path):
    broken = tmp_path / "broken.py"
    broken.write_text("raise SystemExit(3)")
    with pytest.raises(SystemExit, match="on shortlist ended with exit status 3"):
        compare.run(sys.executable, [str(broken)], "shortlist")


@pytest.mark.skipif(importlib.util.find_spec("modAL") is None, reason="modAL is not installed")
def test_against_modal_itself(script):
    assert compare.main([script]) == 0
