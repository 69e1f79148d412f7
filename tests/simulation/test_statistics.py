"""Intervals and tests against SciPy; what is read off curves against curves worked out by hand."""

import math

import numpy as np
import pytest
from scipy import stats

from shortlist.simulation.curves import Curves, area, deficiency, labels_to
from shortlist.simulation.statistics import holm, interval, mean_interval, resampled_means, signed_rank
from shortlist.simulation.summary import NO_GAIN, judge, summaries

RNG = np.random.default_rng(0)


def curves(name, scores, labels=(10, 20, 40)):
    scores = np.asarray(scores, float)
    return Curves(name, np.array(labels), scores, np.zeros((len(scores), 2)), np.zeros(scores.shape))


def test_intervals_are_scipys_percentile_bootstrap():
    values = RNG.gamma(2, size=40)
    ours = mean_interval(values)
    theirs = stats.bootstrap(
        (values,), np.mean, n_resamples=20_000, method="percentile", rng=np.random.default_rng(1)
    ).confidence_interval
    assert ours[0] == pytest.approx(values.mean(), rel=1e-12)
    assert ours[1:] == pytest.approx(tuple(theirs), abs=0.05 * values.std())
    assert mean_interval([0.5, 0.5, 0.5]) == (0.5, 0.5, 0.5)


def test_resamples_are_paired_across_strategies():
    one, other = RNG.random((2, 12, 3))
    assert resampled_means(one) + resampled_means(other) == pytest.approx(resampled_means(one + other))


def test_signed_rank_is_scipys():
    differences = RNG.normal(0.3, size=30)
    assert signed_rank(differences) == stats.wilcoxon(differences).pvalue
    assert signed_rank([0.0, 0.0]) == 1.0
    assert signed_rank([0.1, 0.0, 0.2, 0.3, 0.0]) == 0.25  # two of the eight ways to give 1, 2 and 3 signs


def test_holm_by_hand():
    # sorted 0.01 0.02 0.03 0.04, times 4 3 2 1, made to rise
    assert holm([0.04, 0.01, 0.03, 0.02]) == pytest.approx([0.06, 0.04, 0.06, 0.06])
    assert holm([0.6, 0.7]) == [1.0, 1.0]
    assert holm([]) == []


def test_area_by_hand():
    # 10 labels at a mean of 0.5, then 20 at 0.8: (5 + 16) / 30
    assert area(np.array([10, 20, 40]), np.array([[0.4, 0.6, 1.0]])) == pytest.approx([0.7])


def test_labels_to_by_hand():
    rows = np.array([[0.4, 0.6, 1.0], [0.4, 0.5, 0.6], [0.9, 0.1, 0.2], [0.2, 0.8, 0.1], [0.7, 0.7, 0.9]])
    assert labels_to(np.array([10, 20, 40]), rows, 0.7).tolist() == pytest.approx([25, math.inf, 10, 10 + 50 / 6, 10])


def test_deficiency_by_hand():
    random = np.array([[0.2, 0.4, 0.6]])
    assert deficiency(np.array([[0.2, 0.5, 0.7]]), random) == pytest.approx((0.4 + 0.1 - 0.1) / (0.4 + 0.2))
    assert deficiency(random, random) == 1
    assert math.isnan(deficiency(random, random[:, ::-1]))


def test_intervals_keep_infinity():
    low, high = interval(np.array([[1.0]] * 1000 + [[math.inf]] * 1000))
    assert (low[0], high[0]) == (1, math.inf)


@pytest.mark.parametrize(
    ("mine", "random", "saved", "words"),
    [
        ((50, 40, 60), (100, 80, 120), 50, "saves 50 of 100 labels (50%)"),
        ((50, 40, 80), (100, 80, 120), None, NO_GAIN),
        ((150, 140, 160), (100, 80, 120), -50, "costs 50 of 100 labels (50%)"),
        ((150, 140, 160), (math.inf, math.inf, math.inf), 50, "saves at least 50 of 200 labels (25%)"),
        ((math.inf, 180, math.inf), (100, 80, 120), -100, "does not reach the target; random does at 100 labels"),
        ((math.inf,) * 3, (math.inf,) * 3, None, NO_GAIN),
    ],
)
def test_labels_are_saved_only_where_intervals_are_apart(mine, random, saved, words):
    assert judge(mine, random, 200) == (saved, words)


def test_a_summary_by_hand():
    random = curves("random", np.tile([0.2, 0.4, 0.6], (30, 1)))
    better = curves("better", np.tile([0.2, 0.6, 0.8], (30, 1)))
    worse = curves("worse", np.tile([0.2, 0.3, 0.5], (30, 1)))
    first, second, third = summaries([better, worse, random], random, target=0.6)
    assert first.gain == pytest.approx(((10 * 0.1 + 20 * 0.2) / 30,) * 3)
    assert (first.saved, first.verdict) == (20, "saves 20 of 40 labels (50%)")
    assert (second.saved, second.verdict) == (0, "does not reach the target; random does at 40 labels")
    assert second.last_rounds == pytest.approx((-0.1,) * 3)
    assert first.p == stats.wilcoxon(better.area - random.area).pvalue
    assert first.p_holm == pytest.approx(2 * first.p)
    assert summaries([worse, random], random, target=0.9)[0].verdict == "worse than random"
    assert (third.gain, third.p, third.verdict) == (None, None, "the baseline")
