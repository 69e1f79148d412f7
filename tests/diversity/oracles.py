"""Dense loops, ten lines each: what the diversity functions must pick."""

from __future__ import annotations

import numpy as np


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
