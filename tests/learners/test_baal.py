"""The heuristic for Baal beside Baal's own: `make test-adapters`."""

import numpy as np
import pytest

pytest.importorskip("baal")
pytest.importorskip("torch")

import torch
from baal.active.dataset import ActiveLearningDataset
from baal.active.heuristics import BALD, Certainty, Entropy, Margin

from shortlist.adapters.baal import ShortlistHeuristic

SAID = np.moveaxis(np.random.default_rng(0).dirichlet(np.ones(4), (40, 8)), 1, -1)  # rows, classes, iterations


@pytest.mark.parametrize(
    ("measure", "theirs"),
    [("bald", BALD()), ("entropy", Entropy()), ("margin", Margin()), ("least_confident", Certainty())],
)
def test_scores_and_ranks_are_those_of_baal(measure, theirs):
    ours = ShortlistHeuristic(measure)
    scores, wanted = ours.get_uncertainties(SAID), theirs.get_uncertainties(SAID)
    assert np.allclose(scores, 1 - wanted if measure == "least_confident" else wanted, atol=1e-6)
    assert np.array_equal(ours(SAID), theirs(SAID))
    assert np.array_equal(ours(part for part in (SAID[:10], SAID[10:])), theirs(SAID))
    logits = np.log(SAID) * 3  # of which Certainty takes the largest as it is
    assert measure == "least_confident" or np.array_equal(ours(logits), theirs(logits))
    assert np.array_equal(ours(torch.from_numpy(SAID)), theirs(SAID))


def test_places_of_an_image_are_reduced():
    said = np.moveaxis(np.random.default_rng(1).dirichlet(np.ones(3), (6, 5, 4, 7)), (4, 3), (1, 4))
    assert said.shape == (6, 3, 5, 4, 7)
    for measure, theirs in (("bald", BALD(reduction="mean")), ("entropy", Entropy(reduction="mean"))):
        ours = ShortlistHeuristic(measure, reduction="mean")
        assert np.allclose(ours.get_uncertainties(said), theirs.get_uncertainties(said), atol=1e-6)
    with pytest.raises(ValueError, match="accepted is one for each row: name a reduction, as 'mean'"):
        ShortlistHeuristic("bald")(said)


def test_rows_of_equal_scores_come_in_their_order():
    assert ShortlistHeuristic("entropy")(np.full((5, 2, 3), 0.5)).tolist() == [0, 1, 2, 3, 4]
    assert ShortlistHeuristic("margin")(np.full((5, 2, 3), 0.5)).tolist() == [0, 1, 2, 3, 4]


def test_a_round_of_baals_own_data():
    data = ActiveLearningDataset(torch.utils.data.TensorDataset(torch.arange(40)))
    ranks = ShortlistHeuristic("bald").get_ranks(SAID)[0]
    data.label(ranks[:5].tolist())
    assert (data.n_labelled, data.n_unlabelled) == (5, 35)


def test_mistakes():
    with pytest.raises(ValueError, match=r"predictions have shape \(40, 4\); accepted for bald is"):
        ShortlistHeuristic("bald")(SAID[..., 0])
    with pytest.raises(ValueError, match="predictions are of 2 models; accepted is one array"):
        ShortlistHeuristic("bald")([SAID, SAID])
    with pytest.raises(ValueError, match="measure 'balld' is unknown"):
        ShortlistHeuristic("balld")
