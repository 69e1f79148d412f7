"""herding() against apricot's facility location, where no two rows add the same."""

import numpy as np
import pytest

import shortlist as sl

apricot = pytest.importorskip("apricot")


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.filterwarnings("ignore")
def test_facility_location_picks_the_same_rows(seed):
    X = np.random.default_rng(seed).normal(size=(300, 8))
    unit = X / np.linalg.norm(X, axis=1, keepdims=True)
    near = np.clip(unit @ unit.T, 0, 1)
    rival = apricot.FacilityLocationSelection(40, metric="precomputed", optimizer="lazy").fit(near)
    picks = sl.herding(X, 40, kernel="cosine")
    assert picks.indices.tolist() == rival.ranking.tolist()
    np.testing.assert_allclose(picks.scores, rival.gains, rtol=1e-9)


@pytest.mark.parametrize("scale", [0.8, 1.5])
@pytest.mark.filterwarnings("ignore")
def test_any_kernel_is_facility_location_over_its_matrix(scale):
    X = np.random.default_rng(9).normal(size=(250, 5))
    squared = ((X[:, None] - X[None]) ** 2).sum(axis=2)
    near = np.exp(-squared / (2 * scale**2))
    rival = apricot.FacilityLocationSelection(30, metric="precomputed", optimizer="lazy").fit(near)
    assert sl.herding(X, 30, scale=scale).indices.tolist() == rival.ranking.tolist()
