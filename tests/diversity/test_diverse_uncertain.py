"""diverse_uncertain(): fixed shares with frozen scales. What it has in common with ranked_batch is tested there."""

import dense
import numpy as np
import pytest

import shortlist as sl

rng = np.random.default_rng(4)
X = rng.normal(size=(500, 8))
U = rng.random(500) * 3 - 1
SEEN = rng.normal(size=(20, 8))


@pytest.mark.parametrize("labelled", [None, SEEN])
@pytest.mark.parametrize("balance", [0, 0.3, 0.7, 1])
def test_scores_are_weighted_sums_with_frozen_scales(balance, labelled):
    picks = sl.diverse_uncertain(X, U, 80, balance=balance, labelled=labelled)
    assert picks.indices.tolist() == dense.diverse_uncertain(X, U, 80, balance, labelled)
    scaled = (U - U.min()) / (U.max() - U.min())
    known = [] if labelled is None else list(labelled)
    scale = dense.distances(X, SEEN if known else X[picks.indices[:1]]).min(axis=1).max()
    for row, score in picks:
        diversity = dense.distances(X[[row]], np.array(known)).min() / scale if known else 0
        assert score == pytest.approx(balance * scaled[row] + (1 - balance) * diversity, rel=1e-12, abs=1e-15)
        known.append(X[row])


def test_all_uncertainty_and_all_diversity():
    best = np.lexsort((np.arange(500), -U))
    np.testing.assert_array_equal(sl.diverse_uncertain(X, U, 60, balance=1, labelled=SEEN).indices, best[:60])
    spread = sl.diverse_uncertain(X, U, 60, balance=0, labelled=SEEN)
    known, wanted = list(SEEN), []
    for _ in range(60):
        wanted.append(int(dense.distances(X, np.array(known)).min(axis=1).argmax()))
        known.append(X[wanted[-1]])
    assert spread.indices.tolist() == wanted


def test_the_scale_of_uncertainty_does_not_matter():
    wanted = sl.diverse_uncertain(X, np.round(U, 3), 50, labelled=SEEN).indices
    np.testing.assert_array_equal(sl.diverse_uncertain(X, np.round(U, 3) * 4096, 50, labelled=SEEN).indices, wanted)
    same = sl.diverse_uncertain(X, np.full(500, 0.3), 50, labelled=SEEN).indices
    np.testing.assert_array_equal(same, sl.diverse_uncertain(X, U, 50, balance=0, labelled=SEEN).indices)


def test_rows_that_are_all_equal():
    same = np.ones((6, 3))
    assert sl.diverse_uncertain(same, np.zeros(6), 6).indices.tolist() == list(range(6))
    assert sl.diverse_uncertain(same, np.arange(6), 6, labelled=same).indices.tolist() == [5, 4, 3, 2, 1, 0]


@pytest.mark.parametrize("balance", [-0.1, 1.5, np.nan, "0.7", True, None])
def test_balance_is_a_share(balance):
    with pytest.raises(ValueError, match="balance is .*; accepted is a number from 0 to 1"):
        sl.diverse_uncertain(X, U, 3, balance=balance)
