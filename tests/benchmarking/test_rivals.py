"""Rivals: which work here, what is said of the others, and that they come to the same as Shortlist."""

import json
import subprocess
import sys
import types
from pathlib import Path

import numpy as np
import pytest

import shortlist as sl
from shortlist.benchmarking import rivals, rules
from shortlist.benchmarking.registry import Registry
from shortlist.benchmarking.rivals.modal import ModALFormulas

ROOT = Path(__file__).parents[2]
sys.path.append(str(ROOT))
import benches.rivals  # noqa: E402
import benches.rules  # noqa: E402, F401

P = np.random.default_rng(3).dirichlet(np.ones(5), 1500).astype(np.float32)
E = np.random.default_rng(4).normal(size=(1500, 6)).astype(np.float32)
CALL = {"k": 20, "rounds": 3, "threads": [1], "peaks": False}


def module_of(monkeypatch, name, *classes):
    """A module that can be imported, with these classes in it."""
    module = types.ModuleType(name)
    vars(module).update({made.__name__: made for made in classes})
    monkeypatch.setitem(sys.modules, name, module)


def test_broken_and_missing_rivals_are_named_and_left_out(monkeypatch):
    class Broken:
        name = "Broken"

        def setup(self, x, n_threads):
            raise AttributeError("module 'numpy' has no attribute 'float'")

    class Wrong(ModALFormulas):
        name = "Wrong"

        def scores(self, measure):
            return super().scores(measure) + 1

    module_of(monkeypatch, "some.broken", Broken, Wrong)
    known = Registry(rivals.complaint)
    known.register("some.broken", "Broken", "Wrong", package="numpy")
    known.register("shortlist.benchmarking.rivals.absent_one", "Absent", package="numpy")
    assert known.names == ["broken", "absent"]
    assert known.load() == (
        [],
        {
            "Broken": "AttributeError: module 'numpy' has no attribute 'float'",
            "Wrong": "wrong least_confident scores",
            "absent": "shortlist.benchmarking.rivals.absent_one is not installed",
        },
    )
    assert known.load(["absent"]) == ([], {"absent": "shortlist.benchmarking.rivals.absent_one is not installed"})


@pytest.fixture(scope="module")
def ruled():
    """Every rule on a pool small enough that every rival takes part."""
    return sl.bench(P, list(rules.OURS), embeddings=E, rivals=rules.RIVALS.names, **CALL)


def test_every_rule_is_timed_beside_numpy_at_least(ruled):
    assert [ours.strategy for ours, _ in ruled.contests] == list(rules.OURS)
    for ours, theirs in ruled.contests:
        if ours.strategy != "typiclust":
            assert theirs[0].who == "NumPy loops"
        assert {t.rows for t in theirs} <= {1400}
    assert ruled.find("Shortlist", "k_center", 1).rows == 1500
    assert ruled.find("Shortlist", "density", 1) is None
    assert ruled.features == 6


def test_rules_come_to_the_same(ruled):
    for ours, theirs in ruled.contests:
        for t in theirs:
            if ours.strategy in rules.DRAWN:
                assert t.picks == "drawn anew"
            elif ours.strategy == "density":
                assert float(t.picks.removeprefix("within ")) < 1e-6
            else:
                assert t.picks == "the same", (t.who, ours.strategy)


def test_tables_and_plot_of_rules(ruled, tmp_path):
    pytest.importorskip("matplotlib")
    assert ruled.contest_rows()[1][:4] == ["k_center", "1,400", "1", "Shortlist"]
    assert "times Shortlist's" not in repr(ruled)
    assert "modAL's formulas" in repr(ruled)
    last = ruled.plot().axes[-1]
    assert last.get_title() == "Rules over 6 features"
    assert [text.get_text().partition("\n")[0] for text in last.get_yticklabels()] == list(rules.OURS)
    ruled.to_json(tmp_path / "b.json")
    assert repr(sl.Benchmark.from_dict(json.loads((tmp_path / "b.json").read_text()))) == repr(ruled)


def test_differences_are_put_into_words():
    assert rules.same("k_center", [1, 2, 3], [1, 2, 3]) == "the same"
    assert rules.same("k_center", [1, 2, 3], [1, 3, 2]) == "the first 1 of 3"
    assert rules.same("min_distances", [0, 0, 1], [0, 1, 1]) == "1 of 3 differ"
    assert rules.same("density", np.array([0.5, 0.25]), np.array([0.5, 0.5])) == "within 1e+00"
    assert rules.same("badge", [1], [2]) == "drawn anew"


def test_broken_rivals_of_rules_are_named_and_left_out(monkeypatch):
    class Broken:
        name = "Broken"

        def k_center(self, work):
            raise ImportError("cannot import name '_check_fit_params' from 'sklearn'")

    class Wrong:
        name = "Wrong"

        def k_center(self, work):
            return lambda: list(range(work.k))

    module_of(monkeypatch, "some.rules", Broken, Wrong)
    known = Registry(rules.complaint)
    known.register("some.rules", "Broken", "Wrong", package="numpy")
    assert known.load(["some", "rules"]) == (
        [],
        {"Broken": "ImportError: cannot import name '_check_fit_params' from 'sklearn'", "Wrong": "wrong k_center"},
    )


def test_the_package_alone_has_no_rivals_of_rules_and_says_where_they_are(monkeypatch):
    monkeypatch.setattr(rules.RIVALS, "entries", [])
    found = sl.bench(P, "k_center,margin", embeddings=E, rivals="modal", **CALL)
    assert found.rivals == ["modAL's formulas"]
    assert found.skipped["rivals of rules"].startswith("they are in Shortlist's repository, where `python -m benches.")


def test_the_command_of_the_repository_knows_them(tmp_path):
    pytest.importorskip("click")
    words = ["--rows", "2000", "--classes", "3", "--features", "4", "-s", "k_center", "--rivals", "numpy", "-k", "5"]
    done = subprocess.run(
        [sys.executable, "-m", "benches.bench", *words, "--no-peaks", "--rounds", "3", "--json", tmp_path / "b.json"],
        capture_output=True, text=True, cwd=ROOT, check=False, timeout=120,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    assert "NumPy loops" in [t["who"] for t in json.loads((tmp_path / "b.json").read_text())["timings"]]


def test_rules_alone_logits_and_a_pool_made_for_embeddings(tmp_path):
    pytest.importorskip("matplotlib")
    np.save(tmp_path / "e.npy", E[:1000])
    alone = sl.bench(strategies="k_center", embeddings=tmp_path / "e.npy", rivals="numpy", classes=3, **CALL)
    assert alone.shape == (1000, 3)
    made = sl.bench(rows=500, classes=3, features=7, strategies="min_distances", rivals="none", **CALL)
    assert (made.features, made.contests[0][0].rows) == (7, 400)
    assert "memory is read at" in repr(alone)
    assert alone.to_png(tmp_path / "b.png") is None
    logits = sl.bench(
        np.log(P[:500]), "margin,badge", embeddings=E[:500], from_logits=True, rivals=["numpy", "polars"], **CALL
    )
    assert [t.who for t in logits.contests[0][1]] == ["NumPy loops"]
    assert logits.skipped["rivals of measures"].startswith("they take probabilities")
    assert sl.bench(P[:500], "margin", rivals=["faiss"], **CALL).skipped["faiss"] == "for embeddings alone"
