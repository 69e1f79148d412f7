"""Every diversity verb from its definition: dense loops that compute all distances again at each step."""

import numpy as np


def distances(A, B, metric="euclidean"):
    """All distances by direct differences in float64; a zero row has cosine similarity 0 with every other row."""
    if callable(metric):
        return np.asarray(metric(A, B))
    A, B = np.asarray(A, dtype=np.float64), np.asarray(B, dtype=np.float64)
    if metric == "cosine":
        A, B = (rows / np.where(norm := np.linalg.norm(rows, axis=1, keepdims=True), norm, 1) for rows in (A, B))
        return np.stack([1 - A @ b for b in B], axis=1)
    differences = [np.abs(A - b) for b in B]
    if metric == "manhattan":
        return np.stack([difference.sum(axis=1) for difference in differences], axis=1)
    square = np.stack([(difference**2).sum(axis=1) for difference in differences], axis=1)
    return square if metric == "sqeuclidean" else np.sqrt(square)


def ranked_batch(X, uncertainty, k, labelled=None, metric="euclidean"):
    """Cardoso et al. 2017; without labelled rows the first pick has the smallest mean distance to all rows."""
    left, picks = list(range(len(X))), []
    known = [] if labelled is None else list(labelled)
    if not known and k:
        picks.append(int(distances(X, X, metric).mean(axis=1).argmin()))
        known.append(X[picks[0]])
        left.remove(picks[0])
    while len(picks) < k:
        nearest = distances(X[left], np.array(known), metric).min(axis=1)
        alpha = len(left) / (len(left) + len(known))
        value = alpha * (1 - 1 / (1 + nearest)) + (1 - alpha) * uncertainty[left]
        picks.append(left.pop(int(value.argmax())))
        known.append(X[picks[-1]])
    return picks


def diverse_uncertain(X, uncertainty, k, balance=0.7, labelled=None, metric="euclidean"):
    """Uncertainty between 0 and 1 over the pool, distance over the largest when there first is one."""
    u = np.asarray(uncertainty, dtype=np.float64)
    u = (u - u.min()) / (u.max() - u.min()) if u.max() > u.min() else np.zeros(len(u))
    known, left, picks, scale = [] if labelled is None else list(labelled), list(range(len(X))), [], None
    while len(picks) < k:
        value = balance * u[left]
        if known:
            nearest = distances(X, np.array(known), metric).min(axis=1)
            scale = scale or nearest.max() or 1.0
            value = value + (1 - balance) * (nearest[left] / scale)
        picks.append(left.pop(int(value.argmax())))
        known.append(X[picks[-1]])
    return picks
