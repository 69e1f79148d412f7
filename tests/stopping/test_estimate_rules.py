"""The rules about an estimate, about people's agreement, and about recall."""

import itertools
import math

import numpy as np
import pytest
from scipy.stats import hypergeom
from sklearn.datasets import load_breast_cancer
from sklearn.linear_model import LogisticRegression

import shortlist as sl
from shortlist import stopping
from shortlist.stopping.recall import chance_of_missing


def test_target_lower_looks_at_the_lower_end():
    rule = stopping.TargetLower(0.9)
    assert [rule.update(n, low=low, score=0.99) for n, low in ((10, math.nan), (20, 0.899), (30, 0.9))] == [
        False,
        False,
        True,
    ]
    assert rule.stopped_at == 30
    assert rule.wants == {"low"}
    fresh = stopping.rule_of("target_lower:0.90")
    assert fresh.stands() == "target_lower:0.90 has too little to go by"
    fresh.update(640, low=0.827)
    assert fresh.stands() == "target_lower:0.90 is 0.827"
    assert fresh.fresh().stands() == "target_lower:0.90 has too little to go by"


def test_patience_waits_through_rounds_without_an_estimate():
    rule = stopping.Patience(2)
    scores = [math.nan, 0.5, 0.5, math.nan, 0.5]
    assert [rule.update(n, score=s) for n, s in enumerate(scores)] == [False, False, False, False, True]
    assert not stopping.TargetScore(0.5).update(5, score=math.nan)


def test_agreement_ceiling():
    rule = stopping.AgreementCeiling()
    known = {"agreement": 0.8, "agreement_rows": 30}
    assert not rule.update(10, low=0.79, **known)
    assert rule.update(20, low=0.8, **known)
    assert not rule.update(30, low=0.9, agreement=0.8, agreement_rows=29)
    assert not rule.update(40, low=math.nan, **known)
    assert not rule.update(50, low=0.9, agreement=math.nan, agreement_rows=30)
    assert [step.value for step in rule.trace] == pytest.approx([-0.01, 0, math.nan, math.nan, math.nan], nan_ok=True)
    assert stopping.rule_of("agreement_ceiling:0.02:10").update(10, low=0.79, agreement=0.8, agreement_rows=10)


def by_enumeration(found, left, drawn, positive, recall):
    """Every way to draw, where the fewest wanted rows that miss the recall are among those left and drawn."""
    in_all = next(n for n in itertools.count(found) if found * 1000 < round(recall * 1000) * n)
    wanted = in_all - (found - positive)
    population = [1] * wanted + [0] * (left + drawn - wanted)
    draws = list(itertools.combinations(population, drawn))
    return sum(sum(draw) <= positive for draw in draws) / len(draws)


@pytest.mark.parametrize(
    ("found", "left", "drawn", "positive", "recall"),
    [
        (8, 8, 6, 0, 0.8),
        (8, 8, 6, 1, 0.8),
        (9, 9, 5, 0, 0.9),
        (20, 8, 6, 2, 0.8),
        (3, 10, 4, 1, 0.5),
        (19, 7, 7, 0, 0.95),
    ],
)
def test_recall_is_what_counting_says(found, left, drawn, positive, recall):
    expected = by_enumeration(found, left, drawn, positive, recall)
    assert chance_of_missing(found, left, drawn, positive, recall) == pytest.approx(expected, abs=1e-12)
    part = np.array([True] * positive + [False] * (drawn - positive))
    rule = stopping.Recall(recall, 0.3)
    assert rule.update(50, found=found, left=left, random_part=part) == (expected < 0.3)
    assert rule.trace[0].value == pytest.approx(expected)


@pytest.mark.parametrize("drawn", [100, 250, 400])
def test_recall_is_missed_no_more_often_than_the_risk(drawn):
    """As in the paper: a strategy found 100 rows, then rows come at random out of 600. All outcomes, by their chances."""
    worst = 0.0
    for wanted in range(41):
        of_outcome = hypergeom.pmf(np.arange(wanted + 1), 600, wanted, drawn)
        wrong = 0.0
        for positive, chance in enumerate(of_outcome):
            stops = chance_of_missing(100 + positive, 600 - drawn, drawn, positive, 0.95) < 0.05
            wrong += chance * (stops and (100 + positive) / (100 + wanted) < 0.95)
        worst = max(worst, wrong)
    assert worst <= 0.05
    assert (chance_of_missing(100, 600 - drawn, drawn, 0, 0.95) < 0.05) == (drawn > 240)


def test_recall_with_little_to_go_by():
    rule = stopping.Recall(0.9)
    assert not rule.update(10, found=5, left=100, random_part=[])
    assert not rule.update(20, found=0, left=90, random_part=[False] * 10)
    assert all(math.isnan(step.value) for step in rule.trace)
    assert rule.update(30, found=30, left=0, random_part=[True] * 2 + [False] * 8)  # nothing is left to miss
    window = stopping.rule_of("recall:0.9:0.05:40")
    early = [True] * 20
    assert not window.update(40, found=180, left=400, random_part=early)
    assert math.isnan(window.trace[0].value)
    assert window.update(50, found=180, left=100, random_part=early + [False] * 40)
    assert not stopping.Recall(0.9).update(50, found=180, left=100, random_part=early + [False] * 40)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: stopping.TargetLower(1), "accuracy is 1; accepted is above 0 and below 1"),
        (lambda: stopping.TargetLower(0.9).update(5, score=1), "TargetLower needs low=, and none came"),
        (lambda: stopping.AgreementCeiling(1), "slack is 1; accepted is 0 up to 1"),
        (lambda: stopping.AgreementCeiling().update(5, low=0.5), "AgreementCeiling needs agreement=, and none came"),
        (lambda: stopping.Recall(0.95, 0), "risk is 0; accepted is above 0 and below 1"),
        (lambda: stopping.Recall(1), "recall is 1; accepted is above 0 and below 1"),
        (
            lambda: stopping.Recall(0.9).update(5, found=1, left=5, random_part=[1, 1]),
            "found is 1 and random_part has 2 wanted rows; accepted is that many or more",
        ),
        (
            lambda: stopping.Recall(0.9).update(5, found=1, left=5, random_part=[2]),
            "random_part is not one True or False",
        ),
        (
            lambda: stopping.Recall(0.9).update(5, found=-1, left=5, random_part=[]),
            "found is -1; accepted is a whole number",
        ),
    ],
)
def test_mistakes(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_rules_of_users_still_name_one_field():
    class Nearly(stopping.Rule):
        needs = "score"

        def judge(self, seen):
            return self.given(seen), self.given(seen) > 0.5

        def describe(self):
            return "nearly"

    rule = Nearly() & stopping.TargetLower(0.5)
    assert rule.wants == {"score", "low"}
    assert rule.update(5, score=0.6, low=0.55)
    assert rule.stands() == "nearly is 0.6 & lower end of accuracy 0.5 is 0.55"


def test_simulate_judges_the_lower_end_of_held_out_rows():
    X, y = load_breast_cancer(return_X_y=True)
    X = (X - X.mean(0)) / X.std(0)
    model = LogisticRegression(max_iter=500)
    found = sl.simulate(
        X,
        y,
        model,
        "margin",
        batch=10,
        budget=40,
        repeats=2,
        test=200,
        n_jobs=1,
        stop=["target_lower:0.9", "target:0.9"],
    )
    lower, point = (rule for rule in found.runs[0].stops)
    for run in found.runs:
        # 190 of 200 and fewer have a lower end below 0.9: the score itself must be higher.
        at = {
            rule: None if stop is None else run.scores[list(found.labels).index(stop)]
            for rule, stop in run.stops.items()
        }
        assert at[lower] is None or at[lower] > 0.94
        assert at[point] is not None
    assert any(run.stops[lower] is not None for run in found.runs)


@pytest.mark.parametrize("stop", ["agreement_ceiling", "budget:20 | recall:0.9"])
def test_simulate_refuses_what_it_has_no_facts_for(stop):
    X, y = np.zeros((20, 1)), np.repeat([0, 1], 10)
    with pytest.raises(
        ValueError, match=f"stop is {stop.replace('|', '.')!r}, which needs .*; a simulation has no people"
    ):
        sl.simulate(X, y, stop=stop, batch=2, budget=6, repeats=1, n_jobs=1)
