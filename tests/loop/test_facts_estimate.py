"""The estimate, and two models compared: against definitions, and by all outcomes where they are few."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest
from sklearn.metrics import confusion_matrix, precision_score, recall_score

from shortlist.loop.facts.compare import mcnemar
from shortlist.loop.facts.estimate import estimate
from shortlist.loop.facts.intervals import wilson

CLASSES = ["a", "b", "c"]


def drawn(seed, rows=200):
    rng = np.random.default_rng(seed)
    truth = rng.choice(CLASSES, rows, p=[0.6, 0.3, 0.1])
    predicted = np.where(rng.random(rows) < 0.8, truth, rng.choice(CLASSES, rows))
    return truth.tolist(), predicted.tolist()


@pytest.mark.parametrize("seed", range(3))
def test_every_number_is_that_of_scikit_learn(seed):
    truth, predicted = drawn(seed)
    found = estimate(truth, predicted, classes=CLASSES)
    right = sum(t == p for t, p in zip(truth, predicted, strict=True))
    assert (found.value, found.rows, found.classes, found.rejected) == (right / 200, 200, tuple(CLASSES), 0)
    assert (found.low, found.high) == wilson(right, 200)
    assert np.array(found.confusion).tolist() == confusion_matrix(truth, predicted, labels=CLASSES).tolist()
    recalls = recall_score(truth, predicted, labels=CLASSES, average=None)
    assert [found.per_class[c].value for c in CLASSES] == pytest.approx(recalls)
    precisions = precision_score(truth, predicted, labels=CLASSES, average=None)
    assert [found.precision[c].value for c in CLASSES] == pytest.approx(precisions)
    assert [found.per_class[c].rows for c in CLASSES] == [truth.count(c) for c in CLASSES]


def test_duplicates_weigh_as_they_would_if_each_was_asked():
    truth, predicted = drawn(5, 80)
    times = np.random.default_rng(0).integers(1, 4, 80)
    found = estimate(truth, predicted, weights=times)
    whole = estimate(np.repeat(truth, times).tolist(), np.repeat(predicted, times).tolist())
    assert found.value == pytest.approx(whole.value)
    assert np.allclose(found.confusion, whole.confusion)
    # but know less than so many rows would
    effective = times.sum() ** 2 / (times**2).sum()
    assert (found.low, found.high) == pytest.approx(wilson(found.value * effective, effective))
    assert found.high - found.low > whole.high - whole.low
    assert found.rows == 80
    same = estimate(truth, predicted, weights=[2] * 80)
    assert (same.low, same.high) == pytest.approx((lambda e: (e.low, e.high))(estimate(truth, predicted)))


def test_groups_classes_without_rows_and_rows_of_no_class():
    truth, predicted = drawn(1, 100)
    truth[:10] = [None] * 10
    groups = {"language": ["en"] * 90 + ["pt"] * 10}
    found = estimate(truth, predicted, groups=groups, classes=[*CLASSES, "d"])
    right = [t == p for t, p in zip(truth, predicted, strict=True)]
    assert found.value == np.mean(right)
    assert found.rejected == 10
    assert np.sum(found.confusion) == 90
    assert found.per_group["language"]["pt"].value == np.mean(right[90:])
    assert found.per_group["language"]["pt"].said == "too few to say (10)"
    assert (found.per_class["d"].rows, math.isnan(found.per_class["d"].value)) == (0, True)
    assert found.per_class["d"].said == "too few to say (0)"


def test_below_sixty_rows_there_is_none():
    assert estimate(["a"] * 59, ["a"] * 59) is None
    assert estimate(["a"] * 60, ["a"] * 60).value == 1


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"predicted": ["a"]}, "predicted has 1 rows and truth 2; accepted are the same rows"),
        ({"weights": [1, 0]}, "the weight of row 1 is 0.0; accepted is above 0"),
        ({"weights": [1]}, r"weights have shape \(1,\); accepted is one for each of 2 rows"),
        ({"classes": ["a"]}, "truth of row 1 is 'b'; accepted are a"),
        ({"predicted": ["a", None]}, "predicted of row 1 is None; accepted are a, b"),
        ({"groups": {"g": ["x"]}}, "groups has 1 rows for 'g'; accepted are 2"),
    ],
)
def test_mistakes_in_an_estimate(more, message):
    arguments = {"truth": ["a", "b"], "predicted": ["a", "b"], "classes": ["a", "b"]} | more
    with pytest.raises(ValueError, match=message):
        estimate(**arguments)


@settings(deadline=None)
@given(st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=200))
def test_mcnemar_by_its_definition(pairs):
    a, b = np.array(pairs).T
    found = mcnemar(a, b)
    only_a, only_b = int((a & ~b).sum()), int((b & ~a).sum())
    assert found.difference == pytest.approx(a.mean() - b.mean())
    assert found.p == pytest.approx(binomtest(only_a, only_a + only_b).pvalue if only_a + only_b else 1)
    assert found.low <= found.high
    back = mcnemar(b, a)
    assert (back.difference, back.low, back.high, back.p) == pytest.approx(
        (-found.difference, -found.high, -found.low, found.p)
    )


def test_mcnemar_of_a_published_table():
    """Agresti, "Categorical Data Analysis" (2002), table 10.1: 794, 150, 86, 570; 0.04 with a standard error of 0.0095."""
    cells = [(1, 1)] * 794 + [(1, 0)] * 150 + [(0, 1)] * 86 + [(0, 0)] * 570
    a, b = np.array(cells, bool).T
    found = mcnemar(a, b)
    assert (found.difference, found.low, found.high) == pytest.approx(
        (0.04, 0.04 - 0.0095 * 1.96, 0.04 + 0.0095 * 1.96), abs=2e-4
    )
    assert found.p < 1e-4
    assert found.said == "0.040 (0.021 to 0.059)"
    twice = mcnemar(a, b, weights=np.full(1600, 2))
    assert (twice.difference, twice.low, twice.high, twice.p) == pytest.approx(
        (found.difference, found.low, found.high, found.p)
    )


def test_mcnemar_covers():
    """All outcomes of 40 rows, by their chances."""
    n, p_a, p_b = 40, 0.15, 0.05
    covered = 0.0
    for only_a, only_b in itertools.product(range(n + 1), repeat=2):
        rest = n - only_a - only_b
        if rest < 0:
            continue
        ways = math.factorial(n) // math.factorial(only_a) // math.factorial(only_b) // math.factorial(rest)
        chance = ways * p_a**only_a * p_b**only_b * (1 - p_a - p_b) ** rest
        if chance < 1e-9:
            continue
        found = mcnemar([1] * only_a + [0] * only_b + [1] * rest, [0] * only_a + [1] * only_b + [1] * rest)
        covered += chance * (found.low <= 0.1 <= found.high)
    assert 0.93 < covered < 0.98


@pytest.mark.parametrize(
    ("a", "b", "message"),
    [
        ([1], [1, 0], "a_right has 1 rows and b_right 2; accepted are the same rows of both"),
        ([], [], "a_right has no rows"),
        ([2], [1], "a_right is not one True or False a row"),
    ],
)
def test_mistakes_in_a_comparison(a, b, message):
    with pytest.raises(ValueError, match=message):
        mcnemar(a, b)
