"""`simulate(retrain=)`: models are trained when a trigger says so, and hold in between."""

import json

import numpy as np
import pytest
from sklearn.datasets import load_iris

import shortlist as sl
from shortlist.simulation.triggers import Trigger, Watch
from shortlist.stopping import rule_of

X, y = load_iris(return_X_y=True)
STOPS = ("patience:2", "kappa:0.9:2", "budget:25", "target_lower:0.7", "overall_uncertainty:0.5")


def simulated(retrain=None, stop=STOPS, **more):
    return sl.simulate(
        X,
        y,
        strategies="margin",
        batch=5,
        initial=5,
        budget=40,
        repeats=2,
        stop=stop,
        retrain=retrain,
        n_jobs=1,
        **more,
    )


@pytest.fixture(scope="module")
def each_round():
    return simulated()


def test_a_trigger_that_always_holds_is_training_after_each_round(each_round):
    found = simulated("changed:1")
    for one, other in zip(found.runs, each_round.runs, strict=True):
        assert one.scores == other.scores
        assert one.stops == other.stops
        assert one.fits == other.fits == len(found.labels)
    assert any(at is not None for run in found.runs for at in run.stops.values())


def test_a_model_holds_until_the_trigger(each_round):
    found = simulated("growth:0.5", stop=("budget:25", "patience:1"))
    # 5, 10 (twice as many), 15 (half as many again), 25, 40
    assert {run.fits for run in found.runs} == {5}
    held = [place for place, labels in enumerate(found.labels.tolist()) if labels not in (5, 10, 15, 25, 40)]
    for run in found.runs:
        assert all(run.scores[place] == run.scores[place - 1] for place in held)
        assert all(run.fit_seconds[place] == 0 for place in held)
        # Money is spent whether or not there is a new model, and one that holds has not waited.
        assert run.stops["budget 25"] == 25
        assert run.stops["patience 1"] in (None, 10, 15, 25, 40)
    assert found.fits("margin") == 5
    assert found["margin"].scores[0, 0] == each_round["margin"].scores[0, 0]
    assert found.to_dict()["curves"]["margin"]["fits"] == 5
    assert found.rows()[0][-1] == "fits"
    assert "trained at growth:0.5" in found.heading()
    assert "fits" not in each_round.rows()[0]


def test_several_triggers():
    due = Trigger("growth:1 | changed:30")
    trained = [labels for labels in range(10, 131, 10) if due.due(labels, 10)]
    assert trained == [10, 20, 40, 70, 100, 130]
    due = Trigger("growth:1 & changed:30")
    assert [labels for labels in range(10, 131, 10) if due.due(labels, 10)] == [10, 40, 80]


def test_rules_see_a_model_once():
    watch = Watch({"patience": rule_of("patience:2"), "budget": rule_of("budget:50")})
    scores = [0.5, 0.5, 0.5, 0.5, 0.6, 0.6]
    for labels, score in zip(range(10, 70, 10), scores, strict=True):
        watch.see(labels, labels in (10, 50), {"score": score})
    # Two models and a rise between them: nobody has waited.
    assert watch.stopped == {"patience": None, "budget": 50}


@pytest.mark.parametrize(
    ("retrain", "message"),
    [
        ("grwoth:0.25", r"retrain is \"grwoth:0.25\", and 'grwoth' is no rule; .* did you mean 'growth'\?"),
        ("growth", r"'growth' lacks its share; accepted is as growth:0.25"),
        (
            "days:2 | growth:0.25",
            r"retrain is 'days:2 \| growth:0.25', and a simulation has nothing to measure days by",
        ),
        (
            "growth:0.25 & (changed:3 | flips:0.1)",
            "nothing to measure flips by; accepted are growth, changed, answered",
        ),
        ("every_class:2", r"'every_class' belongs to \[retrain\] require"),
        (0.25, "retrain is 0.25, a float; accepted is a text"),
    ],
)
def test_what_is_no_trigger_here(retrain, message):
    with pytest.raises((ValueError, TypeError), match=message):
        simulated(retrain)


def test_a_journal_is_of_one_trigger(tmp_path):
    simulated("growth:0.5", out=tmp_path)
    with pytest.raises(ValueError, match="its retrain is 'growth:0.5', here it is None"):
        simulated(out=tmp_path)


def test_a_journal_from_before_there_were_triggers(tmp_path, each_round):
    simulated(out=tmp_path)
    lines = [json.loads(line) for line in (tmp_path / "runs.jsonl").read_text().splitlines()]
    del lines[0]["settings"]["retrain"]
    for line in lines[1:]:
        del line["fits"]
    (tmp_path / "runs.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    found = simulated(out=tmp_path)
    assert found.to_dict() == each_round.to_dict()
    assert np.array_equal(sl.Simulation.load(tmp_path)["margin"].scores, found["margin"].scores)
