"""Intervals against SciPy's and by counting every outcome."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom, binomtest

from shortlist.loop.facts.intervals import (
    Share,
    clopper_pearson,
    prevalence,
    rows_for_lower,
    rows_for_margin,
    wilson,
)

COUNTS = st.integers(1, 3000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


@settings(deadline=None)
@given(COUNTS, st.sampled_from([0.8, 0.95, 0.99]))
def test_intervals_are_those_of_scipy(counts, level):
    k, n = counts
    test = binomtest(k, n)
    for found, method in ((wilson(k, n, level), "wilson"), (clopper_pearson(k, n, level), "exact")):
        theirs = test.proportion_ci(level, method=method)
        assert found == pytest.approx((theirs.low, theirs.high), abs=1e-9)
        assert 0 <= found[0] <= k / n <= found[1] <= 1


def test_published_intervals():
    """Newcombe (1998), "Two-sided confidence intervals for the single proportion", table I: Wilson, and exact."""
    for (k, n), score, exact in [
        ((81, 263), (0.2553, 0.3662), (0.2527, 0.3676)),
        ((15, 148), (0.0624, 0.1605), (0.0578, 0.1617)),
        ((0, 20), (0.0, 0.1611), (0.0, 0.1684)),
        ((1, 29), (0.0061, 0.1718), (0.0009, 0.1776)),
    ]:
        assert wilson(k, n) == pytest.approx(score, abs=6e-5)
        assert clopper_pearson(k, n) == pytest.approx(exact, abs=6e-5)


def test_wilson_covers_as_often_as_it_says():
    """All outcomes by their chances, averaged over accuracies as models have them."""
    for n in (60, 150, 300):
        bounds = np.array([wilson(k, n) for k in range(n + 1)])
        covers = []
        for truth in np.linspace(0.6, 0.95, 36):
            inside = (bounds[:, 0] <= truth) & (truth <= bounds[:, 1])
            covers.append(binom.pmf(np.arange(n + 1), n, truth)[inside].sum())
        assert 0.94 < np.mean(covers) < 0.96
        assert min(covers) > 0.92


def test_rows_that_are_needed_are_the_fewest():
    for accuracy in (0.5, 0.9, 0.99):
        n = rows_for_lower(accuracy)
        assert wilson(n, n)[0] >= accuracy > wilson(n - 1, n - 1)[0]
    for value, margin in ((0.5, 0.05), (0.9, 0.05), (1.0, 0.02), (0.71, 0.13)):
        n = rows_for_margin(value, margin)
        widths = [np.diff(wilson(value * m, m))[0] for m in (n - 1, n)]
        assert widths[1] <= 2 * margin < widths[0]
    assert rows_for_lower(0.9) == 35
    assert rows_for_margin(0.5) == 381


def test_words():
    assert prevalence(0, 300) == "below 1.0%: none in 300 rows"
    assert prevalence(0, 2) == "below 100.0%: none in 2 rows"
    assert prevalence(0, 0) == "not known: no rows"
    assert Share(0.7, 0.5, 0.8, 19).said == "too few to say (19)"
    assert wilson(0, 0) == (0, 1)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: wilson(3, 2), "k is 3 and n is 2; accepted are 0 or more, and k at most n"),
        (lambda: clopper_pearson(-1, 2), "k is -1 and n is 2"),
        (lambda: wilson(1, 2, 95), "level is 95; accepted is above 0 and below 1, as 0.95"),
        (lambda: rows_for_lower(1.0), "accuracy is 1.0; accepted is above 0 and below 1"),
        (lambda: rows_for_margin(0.5, 0), "value is 0.5 and margin 0; accepted are shares"),
    ],
)
def test_mistakes(call, message):
    with pytest.raises(ValueError, match=message):
        call()
