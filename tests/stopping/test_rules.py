"""Each rule against its definition, written out; combinations; what a user who gets it wrong reads."""

import itertools
import math
import pickle

import numpy as np
import pytest
from sklearn.metrics import cohen_kappa_score

from shortlist import stopping


def said(rule, rounds, **more):
    return [rule.update(**{"labels": 10 * (number + 1), **seen, **more}) for number, seen in enumerate(rounds)]


def test_budget_counts_labels():
    rule = stopping.Budget(30)
    assert said(rule, [{}] * 4) == [False, False, True, True]
    assert rule.stopped_at == 30
    assert [step.value for step in rule.trace] == [10, 20, 30, 40]


def test_target_may_have_to_hold():
    scores = [{"score": s} for s in (0.8, 0.9, 0.85, 0.9, 0.95)]
    assert said(stopping.TargetScore(0.9), scores) == [False, True, False, True, True]
    assert said(stopping.TargetScore(0.9, rounds=2), scores) == [False, False, False, False, True]


def test_patience_counts_rounds_since_the_best():
    rule = stopping.Patience(2, min_rise=0.01)
    assert said(rule, [{"score": s} for s in (0.5, 0.6, 0.605, 0.7, 0.69, 0.705)]) == [False] * 5 + [True]
    assert [step.value for step in rule.trace] == [0, 0, 1, 0, 1, 2]


def test_confidence_is_the_largest_and_the_mean_entropy():
    rounds = [{"uncertainty": u} for u in ([0.5, 0.001], [0.0009, 0.0001], [0.02, 0.0])]
    assert said(stopping.MaxConfidence(0.001), rounds) == [False, True, False]
    rule = stopping.OverallUncertainty(0.0101)
    assert said(rule, rounds) == [False, True, True]
    assert [step.value for step in rule.trace] == pytest.approx([0.2505, 0.0005, 0.01])


@pytest.mark.parametrize("names", [2, 5])
def test_kappa_is_that_of_scikit_learn(names):
    rng = np.random.default_rng(names)
    a, b = rng.integers(names, size=(2, 200))
    assert stopping.cohen_kappa(a, b) == pytest.approx(cohen_kappa_score(a, b), abs=1e-12)
    assert stopping.cohen_kappa(a, a) == 1
    assert stopping.cohen_kappa(["x"] * 3, ["x"] * 3) == 1


def test_stabilising_predictions_average_three_kappas():
    rng = np.random.default_rng(0)
    labels = [rng.integers(3, size=50)]
    for changes in (20, 6, 2, 0, 1, 0, 0, 0):
        after = labels[-1].copy()
        after[rng.choice(50, changes, replace=False)] = rng.integers(3, size=changes)
        labels.append(after)
    kappas = [cohen_kappa_score(a, b) for a, b in itertools.pairwise(labels)]
    means = [np.mean(kappas[i - 3 : i]) if i >= 3 else math.nan for i in range(9)]
    rule = stopping.StabilisingPredictions()
    assert said(rule, [{"predictions": p} for p in labels]) == [bool(m >= 0.99) for m in means]
    assert [step.value for step in rule.trace] == pytest.approx(means, nan_ok=True)
    assert rule.stopped_at is not None


def test_classification_change_looks_at_unlabelled_rows_alone():
    before, after = ["a", "b", "b", "a"], ["a", "a", "b", "a"]
    open_rows = np.array([True, False, True, True])
    rule = stopping.ClassificationChange()
    assert said(rule, [{"predictions": before}, {"predictions": after}]) == [False, False]
    assert rule.trace[1].value == 0.25
    assert said(rule.fresh(), [{"predictions": before}, {"predictions": after}], unlabelled=open_rows) == [False, True]
    assert said(stopping.ClassificationChange(0.25), [{"predictions": before}, {"predictions": after}]) == [False, True]


def test_combinations_show_every_part_every_round():
    target, patience = stopping.TargetScore(0.9), stopping.Patience(2)
    rule = stopping.Budget(60) | target & patience
    rounds = [{"score": s} for s in (0.95, 0.8, 0.85, 0.93, 0.94, 0.9)]
    assert said(rule, rounds) == [False, False, False, True, True, True]
    assert [step.stop for step in patience.trace] == [False, False, True, True, True, True]
    assert rule.stopped_at == 40
    assert rule.wants == {"score"}
    assert str(rule).startswith("stop at 40 labels: budget 60 (at 60) or target score 0.9 (at 0.9) and patience 2")
    again = rule.fresh()
    assert (again.trace, again.rules[1].rules[0].trace) == ([], [])
    assert said(again, rounds) == [False, False, False, True, True, True]
    assert (
        (stopping.TargetScore(1) & (stopping.Budget(1) | stopping.Budget(2)))
        .describe()
        .endswith("(budget 1 or budget 2)")
    )


def test_every_name_makes_a_rule():
    values = {"budget": ":5", "target": ":0.5", "target_lower": ":0.5", "recall": ":0.9"}
    for name, kind in stopping.RULES.items():
        assert isinstance(stopping.rule_of(name + values.get(name, "")), kind)
    rule = stopping.rule_of("kappa:0.98:5 & budget:10")
    assert (rule.rules[0].threshold, rule.rules[0].window, rule.rules[1].labels) == (0.98, 5, 10)
    assert stopping.rule_of(rule) is rule


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: stopping.TargetScore(0.5).update(labels=3), "TargetScore needs score=, and none came"),
        (lambda: stopping.Budget(0), "labels is 0; accepted is a whole number, 1 or more"),
        (lambda: stopping.TargetScore(math.nan), "score is nan; accepted is a finite number"),
        (lambda: stopping.Patience(3, -1), "min_rise is -1; accepted is 0 or more"),
        (lambda: stopping.ClassificationChange(1.5), "share is 1.5; accepted is 0 up to 1"),
        (lambda: stopping.MaxConfidence(-1), "threshold is -1; accepted is 0 or more, in nats"),
        (lambda: stopping.MaxConfidence().update(5, uncertainty=[0.1, math.nan]), "uncertainty of row 1 is NaN"),
        (lambda: stopping.MaxConfidence().update(5, uncertainty=[[0.1]]), r"uncertainty has shape \(1, 1\)"),
        (
            lambda: said(stopping.ClassificationChange(), [{"predictions": [1, 2]}, {"predictions": [1]}]),
            "predictions are of 1 rows; accepted are the same 2 in every round",
        ),
        (
            lambda: stopping.ClassificationChange().update(5, predictions=[1, 2], unlabelled=[True]),
            "unlabelled has 1 rows; accepted are 2",
        ),
        (lambda: stopping.rule_of("kapa"), "stop is 'kapa', and 'kapa' is no rule; known are .*; did you mean 'kappa'"),
        (
            lambda: stopping.rule_of("target"),
            "stop is 'target', and 'target' lacks its score; accepted is as target:0.9",
        ),
        (lambda: stopping.rule_of("budget:many"), "'budget:many' cannot be read"),
        (lambda: stopping.AllOf(stopping.Budget(3)), "rules came with 1; accepted are two or more stopping rules"),
    ],
)
def test_mistakes(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_rules_travel_between_processes():
    rule = stopping.rule_of("kappa & budget:10")
    rule.update(5, predictions=[1, 2])
    copy = pickle.loads(pickle.dumps(rule))
    assert copy.rules[1].trace == rule.rules[1].trace
