"""Diversity rules from their definitions, in dense loops without a thought for speed."""

import numpy as np

MASK = (1 << 64) - 1
GOLDEN = 0x9E37_79B9_7F4A_7C15


def _mix(x):
    x = ((x ^ (x >> 30)) * 0xBF58_476D_1CE4_E5B9) & MASK
    x = ((x ^ (x >> 27)) * 0x94D0_49BB_1331_11EB) & MASK
    return x ^ (x >> 31)


def uniform(seed, step, row):
    """The random number of a row that the core documents."""
    first = _mix(_mix((seed + GOLDEN) & MASK) ^ _mix((step * GOLDEN + 1) & MASK))
    bits = _mix(_mix((row * GOLDEN + first) & MASK) ^ _mix(first ^ MASK))
    return ((bits >> 12) + 0.5) / 2**52


def race(g, ids, first, k, seed):
    """D² sampling with one exponential clock a row, every clock kept up to date; `first` is there at time zero."""
    clock = np.array([-np.log(uniform(seed, 2, int(i))) for i in ids])
    squared = ((g - g[first]) ** 2).sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        due = clock / squared
        picks = [first]
        while len(picks) < k:
            left = np.setdiff1d(np.arange(len(g)), picks)
            row = left[np.argmin(due[left])]
            now = np.minimum(squared, ((g - g[row]) ** 2).sum(axis=1))
            nearer = (now < squared) & (np.arange(len(g)) != row)
            due[nearer] = due[row] + ((due - due[row]) * (squared / now))[nearer]
            squared = now
            picks.append(int(row))
    return [int(ids[row]) for row in picks]


def squared_distances_at_pick(g, picks, labelled=None):
    """The squared distance of each pick to the nearest centre before it; the first one's squared length without any."""
    centres = [] if labelled is None else list(labelled)
    found = []
    for row in picks:
        found.append(min(((g[row] - c) ** 2).sum() for c in centres) if centres else (g[row] ** 2).sum())
        centres.append(g[row])
    return np.array(found)


def softmax(z):
    e = np.exp(np.asarray(z, float) - np.max(z, axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def chi_square(counts, law):
    expected = counts.sum() * law
    assert np.all(counts[expected == 0] == 0)
    there = expected > 0
    return ((counts - expected)[there] ** 2 / expected[there]).sum()


def spoilt(x, at, value):
    x = np.array(x)
    x[at] = value
    return x


def distances(x: np.ndarray, y: np.ndarray, metric: str) -> np.ndarray:
    """All distances, float64, by direct difference; a row of zeros has cosine similarity 0."""
    x, y = x.astype(np.float64), y.astype(np.float64)
    if metric == "cosine":
        lengths = np.linalg.norm(x, axis=1)[:, None] * np.linalg.norm(y, axis=1)[None]
        return 1 - np.divide(x @ y.T, lengths, out=np.zeros_like(lengths), where=lengths > 0)
    difference = x[:, None] - y[None]
    if metric == "manhattan":
        return np.abs(difference).sum(-1)
    squares = (difference**2).sum(-1)
    return np.sqrt(squares) if metric == "euclidean" else squares


def k_center(x, k, *, metric="euclidean", first=None, labelled=None):
    """Ids, distances at the pick, and the cover radius at the end."""
    left = np.full(len(x), np.inf)
    if labelled is not None:
        left = distances(x, labelled, metric).min(axis=1)
    out, ids, at = np.zeros(len(x), dtype=bool), [], []
    for _ in range(k):
        ids.append(first if first is not None and not ids else int(np.where(out, -1.0, left).argmax()))
        at.append(left[ids[-1]])
        out[ids[-1]] = True
        left = np.minimum(left, distances(x, x[ids[-1]][None], metric)[:, 0])
    return ids, at, np.where(out, 0.0, left).max()
