"""Groups, scores that find errors, and parts of the pool nobody was asked about."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import norm
from sklearn.metrics import roc_auc_score

from shortlist.loop.facts.groups import audit, floor_rows, uneven_picking
from shortlist.loop.facts.intervals import rows_for_margin, wilson
from shortlist.loop.facts.ranking import auroc
from shortlist.loop.facts.unseen import unseen_cells


@settings(deadline=None)
@given(st.integers(1, 8), st.integers(0, 8), st.integers(1, 8))
def test_uneven_picking_by_all_ways_to_pick(pool, of_group, picks):
    of_group, picks = min(of_group, pool), min(picks, pool)
    rows = [1] * of_group + [0] * (pool - of_group)
    counts = [sum(draw) for draw in itertools.combinations(rows, picks)]
    for seen in set(counts):
        below, above = (np.mean([side(c, seen) for c in counts]) for side in (int.__le__, int.__ge__))
        assert uneven_picking(pool, of_group, picks, seen) == pytest.approx(min(1, 2 * min(below, above)))


def test_every_number_of_a_line():
    rng = np.random.default_rng(0)
    codes = np.repeat([0, 1, 2, -1], [600, 300, 15, 85])
    picked = rng.choice(1000, 200, replace=False)
    labelled, skipped = picked[:150], picked[150:180]
    uncertainty = rng.random(1000)
    uncertainty[:5] = np.nan
    validated = np.concatenate([np.arange(100), np.arange(600, 660), [901]])
    right = rng.random(161) < 0.8
    lines = audit(
        {"language": (codes, ["en", "pt", "eu"])},
        picked,
        labelled,
        skipped=skipped,
        rounds=[picked[:100], picked[100:], []],
        uncertainty=uncertainty,
        validated=validated,
        right=right,
        agreement={("language", "pt"): 0.7},
    )
    assert sorted(line.name for line in lines) == ["en", "eu", "pt"]
    pt = next(line for line in lines if line.name == "pt")
    of_pt = int((codes[picked] == 1).sum())
    assert (pt.pool.value, pt.pool.rows) == (0.3, 1000)
    assert (pt.picked.value, pt.picked.rows) == (of_pt / 200, 200)
    assert (pt.picked.low, pt.picked.high) == pytest.approx(wilson(of_pt, 200))
    assert pt.labelled.value == np.mean(codes[labelled] == 1)
    assert pt.skipped.value == np.sum(codes[skipped] == 1) / of_pt
    assert pt.p == uneven_picking(1000, 300, 200, of_pt)
    assert pt.uncertainty == pytest.approx(uncertainty[600:900].mean())
    assert next(line for line in lines if line.name == "en").uncertainty == pytest.approx(uncertainty[5:600].mean())
    assert (pt.accuracy.value, pt.accuracy.rows) == (right[100:160].mean(), 60)
    assert pt.rows_needed == rows_for_margin(right[100:160].mean())
    assert pt.agreement == 0.7
    trend = [np.mean(codes[picked[:100]] == 1), np.mean(codes[picked[100:]] == 1), math.nan]
    assert pt.trend == pytest.approx(trend, nan_ok=True)
    # Two groups are tested: the third is too small, and comes last.
    eu = lines[-1]
    assert (eu.name, eu.p, eu.p_holm, eu.uneven) == ("eu", None, None, False)
    assert eu.said == "language=eu: 1.5% of the pool; 15 rows, too few to say"
    assert eu.rows_needed == rows_for_margin(0.5)
    first, second = lines[:2]
    assert (first.p_holm, second.p_holm) == pytest.approx((min(1, 2 * first.p), min(1, max(2 * first.p, second.p))))


def test_a_neglected_group_comes_first_with_a_sentence():
    codes = np.repeat([0, 1], [890, 110])
    channels = np.tile([0, 1], 500)
    picked = np.concatenate([np.arange(298), np.arange(890, 907)])
    validated = np.arange(900, 931)
    columns = {"channel": (channels, ["web", "mail"]), "language": (codes, ["en", "pt"])}
    lines = audit(columns, picked, picked, validated=validated, right=[True] * 22 + [False] * 9)
    assert {line.name for line in lines[:2]} == {"en", "pt"}
    pt = next(line for line in lines if line.name == "pt")
    assert pt.uneven
    assert pt.said == (
        "language=pt: 11.0% of the pool, 5.4% of 315 picked rows (p < 0.001); accuracy 0.71 (0.53 to 0.84) on 31"
    )
    web = next(line for line in lines if line.name == "web")
    assert web.said.endswith("50.2% of 315 picked rows (p = 1.000); accuracy: too few to say (16)")
    assert not any(line.uneven for line in lines[2:])


def test_before_anything_was_picked_nothing_is_said_of_it():
    (line,) = audit({"g": (np.zeros(50, int), ["all"])}, [], [])
    assert (line.p, line.accuracy, line.rows_needed, line.trend) == (None, None, None, ())
    assert math.isnan(line.picked.value)
    with pytest.raises(ValueError, match="validated has 2 rows and right 1; accepted is one each"):
        audit({"g": (np.zeros(50, int), ["all"])}, [], [], validated=[1, 2], right=[True])


def test_floor_is_a_share_of_the_round():
    assert floor_rows(0.11, 0.5, 100) == 5
    assert floor_rows(0.1, 1.0, 30) == 3
    assert floor_rows(0.0, 0.5, 100) == 0


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 5), st.booleans()), min_size=2, max_size=60))
def test_auroc_is_that_of_scikit_learn(rows):
    scores, wrong = np.array(rows, float).T
    found = auroc(scores, wrong.astype(bool))
    if len(set(wrong)) < 2:
        assert found is None
        return
    assert found.auroc == pytest.approx(roc_auc_score(wrong, scores))
    assert 0 <= found.low <= found.auroc <= found.high <= 1
    assert (found.rows, found.errors) == (len(rows), wrong.sum())


def test_the_interval_of_auroc_is_delongs_and_covers():
    rng = np.random.default_rng(0)
    truth = norm.cdf(1 / math.sqrt(2))
    covered = 0
    for _ in range(400):
        wrong = rng.random(150) < 0.3
        found = auroc(rng.normal(size=150) + wrong, wrong)
        covered += found.low <= truth <= found.high
    assert 0.92 < covered / 400 < 0.98
    s, w = np.array([3.0, 1.0, 2.0, 2.0, 0.0]), np.array([1, 1, 0, 0, 0], bool)
    above = np.array([1.0, 1 / 3])  # by hand: 3 beats all; 1 beats 0 alone
    below = np.array([0.5, 0.5, 1.0])
    error = math.sqrt(above.var(ddof=1) / 2 + below.var(ddof=1) / 3)
    assert auroc(s, w).auroc == pytest.approx(2 / 3)
    assert auroc(s, w).low == pytest.approx(max(0, 2 / 3 - 1.959964 * error))


def test_a_strategy_that_is_no_better_than_chance_is_told_so():
    wrong = np.tile([True, False], 50)
    helpful, useless = np.where(wrong, 1.0, 0.0), np.arange(100) // 2
    helpful[:20] = 0.5
    assert auroc(helpful, wrong).said == "0.98 (0.96 to 1.00) on 100 rows, 50 of them errors"
    assert auroc(useless, wrong).said.endswith("no better than chance; take random")
    assert auroc(-helpful, wrong).said.endswith("the strategy picks what the model gets right; take random")
    assert auroc([1.0, 2.0], [True, False]).said == "too few to say: 1 errors on 2 rows"
    with pytest.raises(ValueError, match="the score of row 1 is NaN"):
        auroc([1, np.nan], [True, False])
    with pytest.raises(ValueError, match="accepted is one each a row"):
        auroc([1, 2], [True])


def test_the_largest_cells_that_nobody_was_asked_about():
    rng = np.random.default_rng(0)
    middles = np.array([[0, 0], [20, 0], [0, 20], [20, 20]], float)
    of = np.repeat(np.arange(4), [400, 300, 200, 100])
    X = (middles[of] + rng.normal(size=(1000, 2))).astype(np.float32)
    found = unseen_cells(X, np.arange(0, 400, 20), cells=4, examples=3)
    assert [(cell.rows, cell.share) for cell in found] == [(300, 0.3), (200, 0.2), (100, 0.1)]
    for cell, number in zip(found, (1, 2, 3), strict=True):
        assert len(cell.examples) == 3
        assert set(of[list(cell.examples)]) == {number}
        # the row nearest to the middle is the first example
        rows = np.flatnonzero(of == number)
        from_middle = np.linalg.norm(X[rows] - X[rows].mean(axis=0), axis=1)
        assert from_middle[list(rows).index(cell.examples[0])] <= np.sort(from_middle)[2]
        assert cell.distance > 1
    assert unseen_cells(X, np.arange(0, 400, 20), cells=4, examples=3) == found
    assert unseen_cells(X, np.arange(1000), cells=4) == []
    assert sum(cell.rows for cell in unseen_cells(X, [], cells=4)) == 1000
    assert unseen_cells(np.empty((0, 2)), []) == []
    assert unseen_cells(np.ones((30, 2)), [3], cells=10) == []
