"""What `simulate` promises: the same runs whatever the processes, pairs, resumption after a kill, and clear mistakes."""

import json
import os
import signal
import subprocess
import sys
import time
import warnings
from pathlib import Path

import numpy as np
import pytest
import scipy.sparse
from sklearn.datasets import load_iris, make_classification
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression, RidgeClassifier
from sklearn.naive_bayes import GaussianNB

import shortlist as sl
from shortlist import stopping
from shortlist.by_name import DIVERSE
from shortlist.simulation.journal import Journal, run_of
from shortlist.simulation.loop import Run
from shortlist.simulation.seeding import SEED_SETS, seed_rows, split
from shortlist.simulation.strategies import RANDOM, names

X, Y = load_iris(return_X_y=True)
SMALL = {"batch": 5, "budget": 30, "initial": 6, "repeats": 3, "n_jobs": 1}


@pytest.fixture(scope="module")
def found():
    return sl.simulate(X, Y, GaussianNB(), "margin,entropy", stop=["budget:20", "kappa:0.9:1"], **SMALL)


def test_random_is_always_there_and_curves_have_their_points(found):
    assert list(found) == ["margin", "entropy", "random"]
    assert found.labels.tolist() == [6, 11, 16, 21, 26, 30]
    assert {found[name].scores.shape for name in found} == {(3, 6)}
    assert found["margin"].query_seconds.shape == (3, 5)
    # The same split, seed set and model: all strategies start from one score in each repeat.
    assert len({tuple(found[name].scores[:, 0]) for name in found}) == 1
    assert found.target == found["random"].mean[-1]


@pytest.mark.parametrize("name", names())
def test_every_strategy_goes_by_its_name(name):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        one = sl.simulate(X, Y, LogisticRegression(max_iter=200), name, **{**SMALL, "repeats": 1})
    assert one[name].scores.shape == (1, 6)
    assert len(set(one[name].scores[0])) > 1


def test_names_are_those_of_the_other_commands():
    assert {m.name for m in sl.measures() if m.kind == "row"} | {*DIVERSE, RANDOM} <= {*names()}


def test_a_run_by_hand(found):
    from shortlist.rows import take
    from shortlist.simulation.loop import run
    from shortlist.simulation.settings import settings_of

    words = {"seed_set": "random", "test": 0.3, "pool": None, "scoring": "accuracy", "random_state": 0, "rules": {}}
    settings = settings_of(X, Y, GaussianNB(), batch=5, budget=30, initial=6, **words)
    asked = []

    def spy(learner, pool, n_instances):
        asked.append(len(pool))
        return sl.margin_sampling(learner, pool, n_instances)

    again = run(X, Y, settings, "margin", spy, 1)
    assert again.scores == found["margin"].scores[1].tolist()
    assert asked == [105 - labels for labels in (6, 11, 16, 21, 26)]
    seeds = [int(word >> 1) for word in np.random.SeedSequence([0, 1]).generate_state(4)]
    pool, test = split(Y, 105, 45, seeds[0])
    first = pool[seed_rows("random", X[pool], Y[pool], 6, seeds[1])]
    assert again.scores[0] == GaussianNB().fit(take(X, first), Y[first]).score(X[test], Y[test])


def test_processes_change_nothing(found):
    more = sl.simulate(
        X, Y, GaussianNB(), "margin,entropy", stop=["budget:20", "kappa:0.9:1"], **{**SMALL, "n_jobs": 2}
    )
    assert more.to_dict() == found.to_dict()


def test_another_seed_is_another_study(found):
    other = sl.simulate(X, Y, GaussianNB(), "margin", random_state=1, **SMALL)
    assert not np.array_equal(other["margin"].scores, found["margin"].scores)


def test_stopping_rules_are_judged_and_do_not_cut(found):
    budget, kappa = found.stops[:2]
    assert (budget.strategy, budget.rule, budget.share, budget.labels) == ("margin", "budget 20", 1.0, 21)
    assert budget.score == pytest.approx(found["margin"].mean[3])
    assert budget.left == pytest.approx(found["margin"].mean[5] - found["margin"].mean[3])
    assert kappa.rule == "kappa 0.9 over 1"


def test_own_strategies_sparse_rows_text_labels_and_open_seeds():
    def last(learner, pool, n_instances):
        return np.arange(pool.shape[0])[-n_instances:]

    X, y = make_classification(120, 8, n_informative=4, random_state=0)
    words = np.array(["no", "yes"])[y]
    call = {"batch": 10, "budget": 40, "repeats": 2, "n_jobs": 1, "pool": 60, "test": 30, "scoring": "f1_macro"}
    forest = RandomForestClassifier(5)
    runs = [sl.simulate(scipy.sparse.csr_array(X), words, forest, {"last": last}, **call) for _ in range(2)]
    assert list(runs[0]) == ["last", "random"]
    assert runs[0].to_dict() == runs[1].to_dict()


@pytest.mark.parametrize(
    "method", [method for method in SEED_SETS if method in ("random", "stratified") or hasattr(sl, method)]
)
def test_seed_sets(method):
    y = np.repeat([0, 1, 2], [70, 29, 1])
    X = np.random.default_rng(0).normal(size=(100, 4))
    rows = seed_rows(method, X, y, 10, seed=3)
    assert len(set(rows.tolist())) == 10
    assert np.array_equal(rows, seed_rows(method, X, y, 10, seed=3))
    if method == "stratified":
        assert np.bincount(y[rows]).tolist() == [7, 2, 1]
        assert np.bincount(y[seed_rows(method, np.zeros((100, 1)), y, 2, seed=0)], minlength=3).tolist() == [1, 1, 0]


def test_a_random_seed_set_has_two_classes():
    y = np.repeat([0, 1], [999, 1])
    for seed in range(5):
        assert sorted(set(y[seed_rows("random", np.zeros((1000, 1)), y, 4, seed)].tolist())) == [0, 1]


def test_active_learning_worse_than_random_is_said():
    def worst(learner, pool, n_instances):
        return np.argsort(pool[:, 2])[:n_instances]

    found = sl.simulate(X, Y, LogisticRegression(max_iter=500), {"worst": worst}, **{**SMALL, "repeats": 4})
    assert found.summary[0].last_rounds[2] < 0
    assert any("worst is worse than random over the last rounds" in text for text in found.warnings)
    assert any("too few for a claim" in text for text in found.warnings)


def test_warnings_of_models_are_counted_not_shown():
    found = sl.simulate(X, Y, LogisticRegression(max_iter=1), "margin", **{**SMALL, "repeats": 1})
    assert any("ConvergenceWarning" in text and "times)" in text for text in found.warnings)


SCRIPT = """
import pathlib, sys, time
from sklearn.naive_bayes import GaussianNB
import shortlist as sl

class Slow(GaussianNB):
    def fit(self, X, y):
        while runs() >= 3:
            time.sleep(0.02)
        return super().fit(X, y)

def runs():
    journal = pathlib.Path(sys.argv[1], "runs.jsonl")
    return len(journal.read_bytes().splitlines()) if journal.exists() else 0

if __name__ == "__main__":
    from sklearn.datasets import load_iris
    X, y = load_iris(return_X_y=True)
    sl.simulate(X, y, Slow(), "margin", batch=5, budget=30, repeats=3, n_jobs=1, out=sys.argv[1], stop="kappa")
"""


class Slow(GaussianNB):
    """As in the script, and as quick as any."""


def test_killed_and_called_again_it_ends_the_same_bit_for_bit(tmp_path):
    (tmp_path / "study.py").write_text(SCRIPT)
    killed = subprocess.Popen([sys.executable, tmp_path / "study.py", tmp_path / "killed"], stderr=subprocess.PIPE)
    journal = tmp_path / "killed" / "runs.jsonl"
    until = time.monotonic() + 60
    while not (journal.exists() and journal.read_bytes().count(b"\n") >= 3) and time.monotonic() < until:
        time.sleep(0.02)
    os.kill(killed.pid, signal.SIGKILL)
    killed.communicate()
    before = journal.read_bytes()
    assert 3 <= before.count(b"\n") < 7
    # A run that was being written when the process died.
    journal.write_bytes(before + b'{"strategy": "marg')
    call = {"batch": 5, "budget": 30, "repeats": 3, "n_jobs": 1, "stop": "kappa"}
    for folder in ("killed", "whole"):
        sl.simulate(X, Y, Slow(), "margin", out=tmp_path / folder, **call).to_json(tmp_path / folder / "results.json")
    assert journal.read_bytes().startswith(before)
    first, second = ((tmp_path / folder / "results.json").read_bytes() for folder in ("killed", "whole"))
    assert first == second
    assert json.loads(first)["repeats"] == 3


def test_a_journal_grows_and_refuses_other_settings(tmp_path, found):
    call = {"stop": ["budget:20", "kappa:0.9:1"], "out": tmp_path}
    sl.simulate(X, Y, GaussianNB(), "margin", **{**SMALL, "repeats": 2}, **call)
    lines = (tmp_path / "runs.jsonl").read_text().splitlines()
    told = []
    grown = sl.simulate(X, Y, GaussianNB(), "margin,entropy", progress=lambda *now: told.append(now), **SMALL, **call)
    assert told[-1] == (5, 5)
    assert (tmp_path / "runs.jsonl").read_text().splitlines()[: len(lines)] == lines
    assert grown.to_dict() == found.to_dict()
    assert sl.Simulation.load(tmp_path)["entropy"].scores.tolist() == found["entropy"].scores.tolist()
    with pytest.raises(
        ValueError, match=r"of another simulation: its batch is 5, here it is 6; give the same settings"
    ):
        sl.simulate(X, Y, GaussianNB(), "margin", **{**SMALL, "batch": 6}, **call)
    (tmp_path / "runs.jsonl").write_text("not a journal\n")
    with pytest.raises(ValueError, match="is no journal of a simulation"):
        sl.simulate(X, Y, GaussianNB(), "margin", **SMALL, **call)


def test_a_journal_has_one_writer(tmp_path):
    pytest.importorskip("fcntl")
    with (
        Journal(tmp_path, {}, run_of),
        pytest.raises(BlockingIOError, match=r"another simulation is writing .*runs.jsonl"),
    ):
        Journal(tmp_path, {}, run_of).__enter__()
    with Journal(tmp_path, {}, run_of) as again:
        assert again.runs == []


def test_scores_that_are_no_numbers_are_kept(tmp_path):
    run = Run("margin", 0, [0.5, float("nan")], [0.1], [0.1], {"kappa": None}, {}, 2)
    with Journal(tmp_path, {}, run_of) as journal:
        journal.add(run)
    text = (tmp_path / "runs.jsonl").read_text()
    assert [json.loads(line, parse_constant=pytest.fail) for line in text.splitlines()][1]["scores"] == [0.5, None]
    with Journal(tmp_path, {}, run_of) as journal:
        assert repr(journal.runs) == repr([run])


def test_folders_that_cannot_be_written(tmp_path, found):
    (tmp_path / "file").write_text("old")
    for folder in (tmp_path / "file", tmp_path / "file" / "in"):
        with pytest.raises(OSError, match="out is '.*file.*', and no folder can be there"):
            sl.simulate(X, Y, GaussianNB(), "margin", **SMALL, out=folder)
        with pytest.raises(OSError, match="folder is '.*file.*', and no folder can be there"):
            found.save(folder)
    (tmp_path / "study" / "runs.jsonl").mkdir(parents=True)
    with pytest.raises(IsADirectoryError, match="runs.jsonl is a folder; accepted is the path of a file"):
        sl.simulate(X, Y, GaussianNB(), "margin", **SMALL, out=tmp_path / "study")
    with pytest.raises(TypeError, match="out is a int; accepted is a path"):
        sl.simulate(X, Y, GaussianNB(), "margin", **SMALL, out=3)


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no device that is always full")
def test_a_full_disk_says_how_to_go_on(tmp_path):
    with Journal(tmp_path, {}, run_of) as journal:
        journal._file.close()
        journal._file = Path("/dev/full").open("ab", buffering=0)  # noqa: SIM115 - the journal closes it
        with pytest.raises(OSError, match=r"cannot be written \(No space left on device\); the same call goes on"):
            journal.add(Run("margin", 0, [0.5], [0.1], [0.1], {}, {}, 1))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"y": Y[:9]}, "y has 9 labels and X has 150 rows"),
        ({"y": np.zeros(150)}, "y has 1 class; accepted are two or more"),
        ({"y": np.where(np.arange(150) == 7, np.nan, Y)}, "y has NaN at row 7; accepted is a label for each row"),
        ({"y": Y + 0.5}, "y has 0.5 for row 0; accepted are classes: whole numbers or text"),
        (
            {"X": np.where(np.arange(600).reshape(150, 4) == 9, np.nan, X)},
            "row 2 of X has NaN in column 1, and the estim",
        ),
        ({"initial": 105}, "initial is 105; accepted is less than the 105 rows of the pool"),
        ({"strategies": "margn"}, "strategy 'margn' is unknown; known are .*; did you mean 'margin'"),
        ({"strategies": []}, "strategies is empty"),
        ({"seed_set": "best"}, "seed_set is 'best'; accepted are stratified, random"),
        (
            {"budget": 200},
            "budget is 200; accepted is more than the 6 labels of the seed set, and at most the 105 rows",
        ),
        ({"test": 1.5}, "test is 1.5; accepted are a share between 0 and 1"),
        ({"pool": 140}, "pool is 140 and test 45; accepted are 150 together"),
        ({"repeats": 0}, "repeats is 0"),
        ({"stop": "kapa"}, "'kapa' is no rule"),
        (
            {"strategies": {"few": lambda learner, pool, n_instances: [0]}},
            "picked 1 different rows; accepted are the 5",
        ),
    ],
)
def test_mistakes(changes, message):
    call = {"X": X, "y": Y, "estimator": GaussianNB(), "strategies": "margin", **SMALL, **changes}
    with pytest.raises(ValueError, match=message):
        sl.simulate(**call)


def test_a_model_without_probabilities_is_told_of_once_it_is_asked():
    call = {"batch": 5, "budget": 12, "repeats": 1, "n_jobs": 1}
    assert len(sl.simulate(X, Y, RidgeClassifier(), "k_center", **call)["k_center"].labels) == 3
    with pytest.raises(TypeError, match="estimator: RidgeClassifier has no predict_proba; wrap it"):
        sl.simulate(X, Y, RidgeClassifier(), "margin", **call)


def test_random_alone_has_a_report(tmp_path):
    found = sl.simulate(X, Y, GaussianNB(), "random", **SMALL)
    assert found.save(tmp_path)[-1].read_text().count("Random alone:") == 1
    assert len(found.rows()) == 2


def test_without_matplotlib_the_report_says_so(found, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    monkeypatch.delitem(sys.modules, "shortlist.simulation.plots", raising=False)
    written = found.save(tmp_path)
    assert [path.name for path in written] == ["results.json", "report.html"]
    assert "No figure: matplotlib is not installed" in written[-1].read_text()


def test_mistakes_of_kind():
    with pytest.raises(TypeError, match="estimator is a int; accepted is a scikit-learn classifier"):
        sl.simulate(X, Y, 3, **SMALL)
    with pytest.raises(TypeError, match="stop is a int; accepted are a stopping rule and its name"):
        sl.simulate(X, Y, GaussianNB(), stop=[3], **SMALL)


def test_report_is_drawn_labelled_and_self_contained(found, tmp_path):
    pytest.importorskip("matplotlib")
    written = found.save(tmp_path)
    assert [path.name for path in written] == ["results.json", "curves.png", "report.html"]
    page = Path(written[2]).read_text()
    assert page.count("<svg") == 1
    assert "no measurable gain" in page
    assert "http://" not in page.replace("http://www.w3.org", "").replace("http://purl.org", "").replace(
        "http://creativecommons.org", ""
    ).replace("http://matplotlib.org", "")
    import matplotlib.image

    pixels = matplotlib.image.imread(written[1])
    assert pixels.shape[1] > 1200
    assert len(np.unique(pixels.reshape(-1, pixels.shape[2]), axis=0)) > 50
    axes, gains = found.plot().axes
    assert axes.get_xlabel() == "labels"
    assert {text.get_text() for text in axes.get_legend().get_texts()} == {"margin", "entropy", "random"}
    assert {text.get_text() for text in gains.get_yticklabels()} == {"margin", "entropy"}
    first = [path.read_bytes() for path in written]
    found.save(tmp_path)
    assert [path.read_bytes() for path in written] == first


def test_it_shows_itself(found):
    shown = repr(found)
    assert shown.startswith("3 repeats of 105 + 45 rows; 6 labels (random) to 30 by 5; accuracy; target")
    assert "warning: 3 repeats: too few for a claim" in shown
    assert "<table>" in found._repr_html_()
    with pytest.raises(KeyError, match="'best' was not simulated"):
        found["best"]


def test_rules_given_as_objects():
    rule = stopping.Patience(2) & stopping.MaxConfidence(0.5)
    found = sl.simulate(X, Y, GaussianNB(), "margin", stop=rule, **SMALL)
    assert found.stops[0].rule == "patience 2 and largest entropy below 0.5"
    assert rule.trace == []


def test_models_are_asked_about_a_sliver():
    rng = np.random.default_rng(0)
    y = rng.integers(0, 3, 5000)
    X = rng.normal(size=(3, 6))[y] + rng.normal(size=(5000, 6))

    def twice(learner, X, n_instances, screen=True):
        given.append(screen)
        return sl.margin_sampling(learner, X, n_instances, screen=screen)

    given = []
    how = {"batch": 10, "budget": 50, "repeats": 1, "n_jobs": 1}
    found, whole = (
        sl.simulate(X, y, strategies={"margin": "margin", "mine": twice, "badge": "badge"}, screen=screen, **how)
        for screen in (True, False)
    )
    assert given == 4 * [True] + 4 * [False]
    for name in found:
        np.testing.assert_array_equal(found[name].scores, whole[name].scores)
    assert found.asked("margin") < 200
    assert whole.asked("margin") > 3400
    assert found.asked("badge") is found.asked("mine") is None
    assert found.to_dict()["curves"]["margin"]["asked"] == found.asked("margin")
    with pytest.raises(TypeError, match="screen is 1, a int; accepted"):
        sl.simulate(X, y, screen=1)
