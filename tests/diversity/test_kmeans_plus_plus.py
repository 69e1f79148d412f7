"""kmeans_plus_plus(): the race as defined, its law, labelled rows, bad input."""

import diversity_oracles as oracles
import numpy as np
import pytest

import shortlist as sl

rng = np.random.default_rng(8)
X = rng.normal(size=(700, 9))
SEEN = rng.normal(size=(12, 9))


def test_a_dense_race_gives_the_same_picks():
    for seed in range(5):
        picks = sl.kmeans_plus_plus(X, 60, random_state=seed)
        first = int(picks.indices[0])
        assert picks.indices.tolist() == oracles.race(X, np.arange(700), first, 60, seed)
        assert picks.scores[0] == np.inf
        wanted = oracles.squared_distances_at_pick(X, picks.indices)
        np.testing.assert_allclose(picks.scores[1:], wanted[1:], rtol=1e-12)


def test_labelled_rows_are_kept_away_from():
    picks = sl.kmeans_plus_plus(X, 50, labelled=SEEN, random_state=0)
    wanted = oracles.squared_distances_at_pick(X, picks.indices, SEEN)
    np.testing.assert_allclose(picks.scores, wanted, rtol=1e-12)
    both = np.vstack([X[:5], X[:5] + 1e3])
    assert set(sl.kmeans_plus_plus(both, 5, labelled=X[:5], random_state=0).indices) != set(range(5))
    known = sl.kmeans_plus_plus(both, 10, labelled=X[:5], random_state=0)
    assert known.indices[5:].tolist() == [0, 1, 2, 3, 4]
    assert known.report.filled == 5


def test_both_picks_follow_their_law():
    rows = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 2.0], [5.0, 5.0]])
    apart = ((rows[:, None] - rows[None]) ** 2).sum(axis=2)
    law = apart / apart.sum(axis=1, keepdims=True) / 4
    counts = np.zeros((4, 4))
    for seed in range(20_000):
        counts[tuple(sl.kmeans_plus_plus(rows, 2, random_state=seed, n_threads=1).indices)] += 1
    off = ~np.eye(4, dtype=bool)
    assert counts[~off].sum() == 0
    assert oracles.chi_square(counts[off], law[off]) < 50  # 11 degrees of freedom, once in a million


def test_the_third_pick_follows_its_law_given_labelled_rows():
    rows, seen = np.array([[0.0], [1.0], [3.0], [4.0]]), np.array([[2.2]])
    counts, law = {}, {}
    for seed in range(20_000):
        triple = tuple(sl.kmeans_plus_plus(rows, 3, labelled=seen, random_state=seed, n_threads=1).indices)
        counts[triple] = counts.get(triple, 0) + 1

    def walk(picked, chance):
        if len(picked) == 3:
            law[picked] = chance
            return
        centres = np.vstack([seen, *(rows[[i]] for i in picked)])
        squared = ((rows - centres.T) ** 2).min(axis=1)
        for i in np.flatnonzero(squared):
            walk((*picked, i), chance * squared[i] / squared.sum())

    walk((), 1.0)
    found = np.array([counts.get(triple, 0) for triple in law])
    assert sum(found) == 20_000
    assert oracles.chi_square(found, np.array(list(law.values()))) < 71  # 23 degrees of freedom, once in a million


@pytest.mark.parametrize("threads", [1, 2, 5])
def test_threads_layouts_and_dtypes_do_not_change_the_picks(threads):
    narrow = X.astype(np.float16)
    wanted = sl.kmeans_plus_plus(narrow.astype(float), 40, labelled=SEEN, random_state=2, n_threads=1)
    for form in (narrow, np.asfortranarray(narrow), narrow.astype(np.float32), narrow[::-1][::-1]):
        assert sl.kmeans_plus_plus(form, 40, labelled=SEEN, random_state=2, n_threads=threads) == wanted


def test_among_keeps_ids_and_reads_nothing_else():
    ids = np.arange(3, 700, 7)
    spoilt = np.full_like(X, np.nan)
    spoilt[ids] = X[ids]
    picks = sl.kmeans_plus_plus(spoilt, len(ids), random_state=1, among=ids)
    assert np.array_equal(np.sort(picks.indices), ids)


def test_equal_rows_fill_by_id():
    picks = sl.kmeans_plus_plus(np.ones((6, 2)), 6, random_state=0)
    assert np.array_equal(picks.indices[1:], np.sort(picks.indices[1:]))
    assert picks.report.filled == 5
    assert sl.kmeans_plus_plus(np.ones((1, 2)), 1).indices.tolist() == [0]


def test_bad_input_is_named():
    with pytest.raises(ValueError, match="row 4 has NaN in column 2; accepted are finite numbers"):
        sl.kmeans_plus_plus(oracles.spoilt(X, (4, 2), np.nan), 3)
    with pytest.raises(ValueError, match="labelled row 2 has inf in column 0"):
        sl.kmeans_plus_plus(X, 3, labelled=oracles.spoilt(SEEN, (2, 0), np.inf))
    with pytest.raises(ValueError, match="labelled has 3 features, and X has 9; they must be equal"):
        sl.kmeans_plus_plus(X, 3, labelled=np.ones((2, 3)))
    with pytest.raises(ValueError, match="k is -1; accepted is a whole number, 0 or more"):
        sl.kmeans_plus_plus(X, -1)
