"""typiclust(): clusters, the order they are visited in, typicality as defined, bad input."""

import sys

import diversity_oracles as oracles
import numpy as np
import pytest

import shortlist as sl

rng = np.random.default_rng(4)
CENTRES = rng.normal(size=(6, 5)) * 100
SIZES = [400, 300, 200, 60, 30, 4]
GROUP = np.repeat(np.arange(6), SIZES)
SHUFFLED = rng.permutation(len(GROUP))
GROUP = GROUP[SHUFFLED]
X = CENTRES[GROUP] + rng.normal(size=(len(GROUP), 5))


def typicalities(rows, neighbours=20):
    counted = min(neighbours, len(rows) // 2)
    apart = np.sqrt(((rows[:, None] - rows[None]) ** 2).sum(axis=2))
    np.fill_diagonal(apart, np.inf)
    return 1 / np.sort(apart, axis=1)[:, :counted].mean(axis=1)


def by_turns(order, k, neighbours=20):
    """Hacohen et al.'s loop over clusters that are known."""
    left = {group: np.flatnonzero(group == GROUP) for group in order}
    picks = []
    while len(picks) < k:
        for group in order:
            rows = left[group]
            if len(picks) < k and len(rows):
                best = int(np.argmax(typicalities(X[rows], neighbours)))
                picks.append(int(rows[best]))
                left[group] = np.delete(rows, best)
    return picks


def test_the_most_typical_rows_of_the_largest_clusters_come_first():
    # A sixth cluster of four rows is left for last.
    for seed in range(3):
        picks = sl.typiclust(X, 6, random_state=seed)
        assert picks.indices.tolist() == by_turns([0, 1, 2, 3, 4], 6)
        rows = np.flatnonzero(GROUP == 1)
        assert picks.scores[1] == pytest.approx(typicalities(X[rows]).max(), rel=1e-12)
    assert sl.typiclust(X, 6, random_state=0, neighbours=3).indices.tolist() == by_turns([0, 1, 2, 3, 4], 6, 3)


def test_clusters_without_labels_come_first():
    labelled = CENTRES[[0, 1, 1]] + rng.normal(size=(3, 5))
    picks = sl.typiclust(X, 3, labelled=labelled, random_state=0)
    assert GROUP[picks.indices].tolist() == [2, 3, 4]


def test_more_picks_than_clusters_go_round_again(monkeypatch):
    monkeypatch.setattr(sys.modules["shortlist.diversity.typiclust"], "MOST_CLUSTERS", 6)
    picks = sl.typiclust(X, 40, random_state=0)
    assert picks.indices.tolist() == by_turns([0, 1, 2, 3, 4], 40)
    assert sorted(sl.typiclust(X, len(X), random_state=0).indices) == list(range(len(X)))
    assert GROUP[sl.typiclust(X, len(X), random_state=0).indices[-4:]].tolist() == [5, 5, 5, 5]


def test_many_clusters_by_mini_batches():
    picks = sl.typiclust(X, 80, random_state=1)
    assert len(set(picks.indices.tolist())) == 80
    assert sl.typiclust(X, 80, random_state=picks.report.seed) == picks
    assert set(GROUP[picks.indices]) >= {0, 1, 2, 3}


@pytest.mark.parametrize("threads", [1, 3])
def test_threads_layouts_and_dtypes_do_not_change_the_picks(threads):
    narrow = X.astype(np.float16)
    wanted = sl.typiclust(narrow.astype(np.float32), 6, random_state=2, n_threads=1).indices.tolist()
    for form in (narrow, np.asfortranarray(narrow), narrow.astype(float)):
        assert sl.typiclust(form, 6, random_state=2, n_threads=threads).indices.tolist() == wanted


def test_among_keeps_ids_and_reads_nothing_else():
    ids = np.flatnonzero(GROUP > 0)
    spoilt = np.full_like(X, np.nan)
    spoilt[ids] = X[ids]
    picks = sl.typiclust(spoilt, 5, random_state=0, among=ids)
    assert picks.indices.tolist() == by_turns([1, 2, 3, 4], 5)
    assert "X was copied for the clustering" in picks.report.copies[0]


def test_equal_rows_one_row_and_no_picks():
    picks = sl.typiclust(np.ones((7, 2)), 3, random_state=0)
    assert picks.indices.tolist() == [0, 1, 2]
    assert np.all(np.isinf(picks.scores))
    assert sl.typiclust(X[:1], 1).indices.tolist() == [0]
    assert len(sl.typiclust(X, 0)) == 0


def test_bad_input_is_named():
    with pytest.raises(ValueError, match="row 8 has NaN in column 2; accepted are finite numbers"):
        sl.typiclust(oracles.spoilt(X, (8, 2), np.nan), 3)
    with pytest.raises(ValueError, match="labelled has 2 features, and X has 5"):
        sl.typiclust(X, 3, labelled=np.ones((1, 2)))
    with pytest.raises(ValueError, match="neighbours is 0; accepted is a whole number, 1 or more"):
        sl.typiclust(X, 3, neighbours=0)
    with pytest.raises(ValueError, match="k is 995, and there are 994 rows"):
        sl.typiclust(X, 995)
    with pytest.raises(ValueError, match="labelled row 1 has NaN in column 0"):
        sl.typiclust(X, 3, labelled=oracles.spoilt(X[:2], (1, 0), np.nan))


def test_progress_ends_at_k():
    told = []
    sl.typiclust(X, 6, progress=lambda *step: told.append(step))
    assert told[-1] == (6, 6)
