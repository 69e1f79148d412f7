"""Sampling laws: frequencies over many seeds against closed forms."""

from itertools import permutations

import numpy as np
import pytest
from scipy.stats import chisquare

import shortlist as sl

DRAWS = 3000
# Seeds are fixed, so these tests pass or fail once and for all; a law that is off by a few per cent fails.
LIKELY = 1e-4

P = np.array([[0.5, 0.5], [0.6, 0.4], [0.75, 0.25], [0.9, 0.1]])
ENTROPY = -(P * np.log(P)).sum(axis=1)
MARGIN = P[:, 0] - P[:, 1]


def pair_law(weights):
    """P(first i, then j) of drawing without replacement in proportion to weights."""
    total = weights.sum()
    return {
        (i, j): weights[i] / total * weights[j] / (total - weights[i]) for i, j in permutations(range(len(weights)), 2)
    }


def check(draw, law):
    counts = dict.fromkeys(law, 0)
    for seed in range(DRAWS):
        counts[tuple(draw(seed).indices.tolist())] += 1
    expected = np.array(list(law.values()))
    assert chisquare(list(counts.values()), expected / expected.sum() * DRAWS).pvalue > LIKELY


@pytest.mark.parametrize("weights", [[1.0, 1.0, 1.0, 1.0], [8.0, 4.0, 2.0, 1.0], [1e-9, 2e-9, 3e-9, 4e-9]])
def test_weighted_sampling_without_replacement(weights):
    check(lambda seed: sl.sample(weights, 2, random_state=seed), pair_law(np.array(weights)))


def test_a_row_of_weight_zero_is_never_drawn():
    drawn = {
        i for seed in range(300) for i in sl.sample([0.0, 1e-300, 5.0, 0.0], 2, random_state=seed).indices.tolist()
    }
    assert drawn == {1, 2}


def test_uniform_sampling():
    check(lambda seed: sl.sample(5, 2, random_state=seed), pair_law(np.ones(5)))
    check(lambda seed: sl.select(P, "random", 2, random_state=seed), pair_law(np.ones(4)))


def test_uniform_sampling_of_a_large_pool_has_no_favourites():
    picked = sl.sample(1_000_000, 10_000, random_state=1).indices
    assert chisquare(np.histogram(picked, 100, (0, 1_000_000))[0]).pvalue > LIKELY
    assert chisquare(np.bincount(picked % 64, minlength=64)).pvalue > LIKELY


@pytest.mark.parametrize("coldness", [0.5, 1.0, 4.0])
def test_power_draws_in_proportion_to_a_power_of_the_score(coldness):
    draw = {"perturb": "power", "coldness": coldness}
    check(lambda seed: sl.select(P, "entropy", 2, random_state=seed, **draw), pair_law(ENTROPY**coldness))
    check(lambda seed: sl.select(P, "margin", 2, random_state=seed, **draw), pair_law((1 - MARGIN) ** coldness))


@pytest.mark.parametrize("coldness", [0.5, 1.0, 4.0])
def test_softmax_draws_in_proportion_to_the_exponential_of_the_score(coldness):
    draw = {"perturb": "softmax", "coldness": coldness}
    check(lambda seed: sl.select(P, "entropy", 2, random_state=seed, **draw), pair_law(np.exp(coldness * ENTROPY)))
    check(lambda seed: sl.select(P, "margin", 2, random_state=seed, **draw), pair_law(np.exp(-coldness * MARGIN)))


@pytest.mark.parametrize("coldness", [1.0, 2.0])
def test_softrank_draws_in_proportion_to_a_power_of_the_rank(coldness):
    draw = {"perturb": "softrank", "coldness": coldness}
    ranks = np.arange(1.0, 5.0)  # the rows of P stand in order of informativeness
    for name in ("entropy", "margin"):
        check(lambda seed: sl.select(P, name, 2, random_state=seed, **draw), pair_law(ranks**-coldness))


def test_random_ties_are_fair():
    x = np.array([[0.6, 0.4], [0.5, 0.5], [0.5, 0.5], [0.9, 0.1], [0.5, 0.5]])
    law = dict.fromkeys(permutations((1, 2, 4), 2), 1.0)
    check(lambda seed: sl.select(x, "margin", 2, ties="random", random_state=seed), law)
