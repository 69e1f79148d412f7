"""Suspect labels: confident learning written out row by row, the real Cleanlab, planted flips."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shortlist.loop.facts.suspects import suspects


def drawn(seed, rows=400, classes=4, flips=20, sharp=2.0):
    """Probabilities of a fair model, and labels of which some were flipped."""
    rng = np.random.default_rng(seed)
    truth = rng.integers(classes, size=rows)
    logits = rng.normal(size=(rows, classes))
    logits[np.arange(rows), truth] += sharp
    probs = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    labels = truth.copy()
    flipped = rng.choice(rows, flips, replace=False)
    labels[flipped] = (labels[flipped] + rng.integers(1, classes, size=flips)) % classes
    return labels, probs, flipped


def rounded(values):
    """Whole numbers with the same sum, each wrong by as little as can be; of equals NumPy's sort decides."""
    whole = np.array([round(v) for v in values], float)
    short = round(sum(values)) - int(sum(whole))
    assert abs(short) <= len(values)
    from_lowest = np.argsort(values - whole)
    for i in from_lowest[::-1][:short] if short > 0 else from_lowest[:-short]:
        whole[i] += 1 if short > 0 else -1
    return whole.astype(int).tolist()


def row_by_row(labels, probs):
    """Northcutt, Jiang and Chuang (2021): confident joint, calibrated; prune by noise rate; rank by self-confidence."""
    classes = range(probs.shape[1])
    of = {k: [i for i, label in enumerate(labels) if label == k] for k in classes}
    threshold = {k: np.mean([probs[i, k] for i in of[k]]) if of[k] else 2 for k in classes}
    joint = {(s, t): 0 for s in classes for t in classes}
    for i, s in enumerate(labels):
        sure = [k for k in classes if probs[i, k] >= threshold[k] - 1e-6]
        if sure:
            # As Cleanlab does it: of several the likeliest class of all, sure or not.
            joint[s, sure[0] if len(sure) == 1 else int(probs[i].argmax())] += 1
    rows = [[max(joint[s, t], 1) if s == t else joint[s, t] for t in classes] for s in classes]
    scaled = np.array([[n / sum(row) * len(of[s]) for n in row] for s, row in enumerate(rows)])
    scaled = scaled / np.asfortranarray(scaled).sum() * len(labels)  # the last bits decide about halves
    found = set()
    for s in classes:
        counts = rounded(scaled[s])
        if counts[s] < 1:  # one row of each class stays
            short = (1 - counts[s]) / max(sum(c != 0 for c in counts) - 1, 1)
            counts = [1 if t == s else int(max(c - short, 0)) for t, c in enumerate(counts)]
        for t in classes:
            if t != s and len(of[s]) > 1:
                order = sorted(of[s], key=lambda i: probs[i, s] - probs[i, t])  # the widest margin first
                found |= set(order[: counts[t]])
    found = [i for i in sorted(found) if probs[i].argmax() != labels[i]]
    return sorted(found, key=lambda i: probs[i, labels[i]])


CASES = [(0, 400, 4, 20, 2.0), (1, 60, 3, 8, 1.0), (2, 1000, 10, 100, 3.0), (3, 200, 2, 40, 0.5), (4, 37, 5, 5, 2.0)]


@pytest.mark.parametrize("case", CASES)
def test_row_by_row(case):
    labels, probs, _ = drawn(*case)
    found = suspects(labels, probs)
    assert found.dtype == np.int64
    assert found.tolist() == row_by_row(labels.tolist(), probs)
    assert len(found)


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 10**6), st.integers(2, 6), st.integers(5, 80), st.floats(0, 4))
def test_any_pool(seed, classes, rows, sharp):
    labels, probs, _ = drawn(seed, rows, classes, rows // 5, sharp)
    assert suspects(labels, probs).tolist() == row_by_row(labels.tolist(), probs)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("case", CASES)
def test_the_same_rows_as_cleanlab(case):
    cleanlab = pytest.importorskip("cleanlab.filter")
    labels, probs, _ = drawn(*case)
    for missing in (False, True):
        if missing:  # a class that nobody gave
            probs = np.hstack([probs * 0.9, np.full((len(probs), 1), 0.1)])
        theirs = cleanlab.find_label_issues(labels, probs, return_indices_ranked_by="self_confidence", n_jobs=1)
        assert suspects(labels, probs).tolist() == theirs.tolist()


def test_planted_flips_are_found():
    labels, probs, flipped = drawn(7, 500, 4, 20, sharp=9.0)
    assert set(flipped) <= set(suspects(labels, probs)[:25].tolist())


def test_nothing_to_suspect():
    probs = np.repeat([[0.9, 0.1], [0.2, 0.8]], 5, axis=0)
    assert suspects(np.repeat([0, 1], 5), probs).tolist() == []
    assert suspects([], np.empty((0, 3))).tolist() == []
    assert suspects([0, 0, 1], [[0.9, 0.1], [0.8, 0.2], [0.7, 0.3]]).tolist() == []  # the last row of its class stays


@pytest.mark.parametrize(
    ("labels", "probs", "message"),
    [
        ([0], [[0.5, 0.5], [0.5, 0.5]], "accepted are n labels and n rows"),
        ([0, 2], [[0.5, 0.5], [0.5, 0.5]], "the label of row 1 is 2; accepted are 0 to 1"),
        ([0, -1], [[0.5, 0.5], [0.5, 0.5]], "the label of row 1 is -1"),
        ([0, 1], [[0.5, 0.5], [np.nan, 0.5]], "the probabilities of row 1 have a NaN"),
    ],
)
def test_mistakes(labels, probs, message):
    with pytest.raises(ValueError, match=message):
        suspects(labels, probs)
    with pytest.raises(TypeError, match="accepted are the numbers of classes"):
        suspects(["a"], [[1.0]])
