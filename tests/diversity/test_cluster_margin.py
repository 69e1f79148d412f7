"""cluster_margin(): the round robin as defined, clusters given and found, bad input."""

from collections import deque

import diversity_oracles as oracles
import numpy as np
import pytest

import shortlist as sl

rng = np.random.default_rng(2)
LOGITS = rng.normal(size=(3000, 5)) * 2
PROBS = oracles.softmax(LOGITS)
CLUSTERS = rng.integers(0, 12, 3000) ** 2 % 17


def by_turns(probs, clusters, k, candidates, ids=None):
    """Citovsky et al.'s loop, the rows of a cluster in the order of their margins."""
    high = np.sort(probs, axis=1)
    margin = high[:, -1] - high[:, -2]
    ids = np.arange(len(probs)) if ids is None else ids
    best = ids[np.lexsort((ids, margin[ids]))][:candidates]
    queues = {}
    for row in best:
        queues.setdefault(clusters[row], deque()).append(int(row))
    queues = sorted(queues.values(), key=len)
    picks = []
    while len(picks) < k:
        for queue in queues:
            if queue and len(picks) < k:
                picks.append(queue.popleft())
    return picks


@pytest.mark.parametrize(("k", "candidates"), [(1, None), (50, None), (50, 60), (300, 300), (3000, 3000), (0, None)])
def test_picks_are_those_of_the_loop(k, candidates):
    picks = sl.cluster_margin(PROBS, k, clusters=CLUSTERS, candidates=candidates)
    assert picks.indices.tolist() == by_turns(PROBS, CLUSTERS, k, candidates or 10 * k)
    high = np.sort(PROBS, axis=1)
    np.testing.assert_allclose(picks.scores, (high[:, -1] - high[:, -2])[picks.indices], rtol=1e-12)
    assert (picks.measure, picks.order) == ("cluster_margin", "lowest")


def test_any_labels_and_ties_between_clusters_go_by_the_lowest_margin():
    probs = np.array([[0.5, 0.5], [0.4, 0.6], [0.45, 0.55], [0.5, 0.5]])
    for labels in (["x", "y", "x", "y"], [9, -1, 9, -1], np.array([1.5, 0.5, 1.5, 0.5]), [True, False, True, False]):
        assert sl.cluster_margin(probs, 4, clusters=labels).indices.tolist() == [0, 3, 2, 1]


def test_among_reads_only_its_rows():
    ids = np.sort(rng.choice(3000, 700, replace=False))
    spoilt = np.full_like(PROBS, np.nan)
    spoilt[ids] = PROBS[ids]
    picks = sl.cluster_margin(spoilt, 40, clusters=CLUSTERS, candidates=200, among=rng.permutation(ids))
    assert picks.indices.tolist() == by_turns(PROBS, CLUSTERS, 40, 200, ids)
    assert picks.report.rows == 700


@pytest.mark.parametrize("threads", [1, 4])
def test_threads_and_dtypes_do_not_change_the_picks(threads):
    narrow = LOGITS.astype(np.float16)
    wanted = sl.cluster_margin(narrow.astype(np.float32), 30, clusters=CLUSTERS, from_logits=True, n_threads=1)
    for form in (narrow, np.asfortranarray(narrow)):
        picks = sl.cluster_margin(form, 30, clusters=CLUSTERS, from_logits=True, n_threads=threads)
        assert picks.indices.tolist() == wanted.indices.tolist()


def test_clusters_are_found_in_features_of_the_candidates_alone():
    centres = np.array([[0, 0], [50, 0], [0, 50], [50, 50]])
    group = rng.integers(0, 4, 3000)
    X = (centres[group] + rng.normal(size=(3000, 2))).astype(np.float32)
    lowest = sl.select(PROBS, "margin", 80).indices
    unread = np.setdiff1d(np.arange(3000), lowest)
    X[unread] = np.nan
    picks = sl.cluster_margin(PROBS, 8, X=X, n_clusters=4, random_state=0)
    assert np.bincount(group[picks.indices]).tolist() == [2, 2, 2, 2]
    assert picks.indices.tolist() == by_turns(PROBS, group, 8, 80)
    again = sl.cluster_margin(PROBS, 8, X=X, n_clusters=4, random_state=picks.report.seed)
    assert again.indices.tolist() == picks.indices.tolist()
    half = sl.cluster_margin(PROBS, 8, X=X.astype(np.float16), n_clusters=4, random_state=0)
    assert half.indices.tolist() == picks.indices.tolist()


def test_equal_rows_and_one_row():
    same = np.tile([[0.25, 0.75]], (6, 1))
    assert sl.cluster_margin(same, 6, X=np.ones((6, 2)), random_state=0).indices.tolist() == list(range(6))
    assert sl.cluster_margin(same[:1], 1, X=np.ones((1, 2))).indices.tolist() == [0]


def test_bad_input_is_named():
    with pytest.raises(ValueError, match="of clusters and X neither came; accepted is one of them"):
        sl.cluster_margin(PROBS, 5)
    with pytest.raises(ValueError, match="of clusters and X both came; accepted is one of them"):
        sl.cluster_margin(PROBS, 5, clusters=CLUSTERS, X=LOGITS)
    with pytest.raises(ValueError, match="candidates is 4; accepted is at least k, 5"):
        sl.cluster_margin(PROBS, 5, clusters=CLUSTERS, candidates=4)
    with pytest.raises(ValueError, match="clusters has 9 labels, and the pool has 3,000 rows"):
        sl.cluster_margin(PROBS, 5, clusters=CLUSTERS[:9])
    with pytest.raises(ValueError, match="n_clusters is 3, and clusters are given"):
        sl.cluster_margin(PROBS, 5, clusters=CLUSTERS, n_clusters=3)
    with pytest.raises(ValueError, match="row 2 has NaN in column 1"):
        sl.cluster_margin(oracles.spoilt(PROBS, (2, 1), np.nan), 5, clusters=CLUSTERS)
    with pytest.raises(ValueError, match="k is 3,001, and there are 3,000 rows"):
        sl.cluster_margin(PROBS, 3001, clusters=CLUSTERS)
    row = int(sl.select(PROBS, "margin", 1).indices[0])
    with pytest.raises(ValueError, match=f"X row {row} has nan in column 3; accepted are finite numbers"):
        sl.cluster_margin(PROBS, 5, X=oracles.spoilt(LOGITS, (row, 3), np.nan))
    with pytest.raises(ValueError, match="probs has 3,000 rows, and X has 7; they must be equal"):
        sl.cluster_margin(PROBS, 5, X=LOGITS[:7])


def test_progress_ends_at_all_rows():
    told = []
    sl.cluster_margin(PROBS, 5, clusters=CLUSTERS, progress=lambda *step: told.append(step))
    sl.cluster_margin(PROBS, 5, clusters=CLUSTERS, among=np.arange(100), progress=lambda *step: told.append(step))
    assert (told[0], told[-1]) == ((3000, 3000), (100, 100))
