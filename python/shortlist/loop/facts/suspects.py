"""Labels that are probably wrong, by confident learning (Northcutt, Jiang and Chuang 2021)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

NEAR = 1e-6
"""Probabilities closer than this are equal."""


def suspects(labels: ArrayLike, probabilities: ArrayLike) -> NDArray[np.int64]:
    """Return the rows whose label is suspect, the least credible first.

    Parameters
    ----------
    labels : array-like of int, shape (n,)
        The class of each row as its number, from 0.
    probabilities : array-like of shape (n, classes)
        What a model says that was not trained on the row: out of fold.

    Returns
    -------
    ndarray of int64
        Row numbers by the probability of the given label, lowest first; the lower row first where
        that is equal.

    Notes
    -----
    How many rows of each class carry the label of each other class is counted among those that
    reach the mean probability of a class (the confident joint); so many, those with the widest
    margin, are suspects, but for rows that the model gives the label they have. The same as
    ``cleanlab.filter.find_label_issues`` with its defaults, ranked by self-confidence; where counts
    or margins are equal, NumPy's sort decides as it does there, and another CPU may decide
    otherwise.

    Examples
    --------
    >>> import numpy as np
    >>> says = np.repeat([[0.9, 0.1], [0.2, 0.8]], 10, axis=0)
    >>> given = np.repeat([0, 1], 10)
    >>> given[3] = 1
    >>> suspects(given, says)
    array([3])
    """
    y, p = _checked(labels, probabilities)
    if not len(y):
        return np.empty(0, np.int64)
    counts = _to_prune(_confident_joint(y, p))
    found = np.zeros(len(y), dtype=np.bool)
    for label in range(p.shape[1]):
        rows = np.flatnonzero(y == label)
        if len(rows) <= 1:
            continue  # never take the last row of a class
        for other in np.flatnonzero(counts[label]):
            if other != label:
                margin = p[rows, other] - p[rows, label]
                found[rows[np.argsort(-margin)[: counts[label, other]]]] = True
    own = p[np.arange(len(y)), y]
    raised = p.copy()
    raised[np.arange(len(y)), y] += NEAR
    found &= raised.argmax(axis=1) != y
    picked = np.flatnonzero(found)
    order: NDArray[np.int64] = picked[np.argsort(own[picked], kind="stable")]
    return order


def _confident_joint(y: NDArray[np.int64], p: NDArray[np.float64]) -> NDArray[np.int64]:
    """Count the rows by the label given (down) and the class they confidently belong to (across),
    scaled to all rows.
    """
    classes = p.shape[1]
    sizes = np.bincount(y, minlength=classes)
    # Nothing is confidently of a class that nobody gave.
    means = [p[y == k, k].mean() if sizes[k] else 2.0 for k in range(classes)]
    confident = p >= np.maximum(means, 2 * NEAR) - NEAR
    bins = confident.sum(axis=1)
    guess = np.where(bins > 1, p.argmax(axis=1), confident.argmax(axis=1))
    across = np.zeros((classes, classes))
    np.add.at(across, (guess[bins > 0], y[bins > 0]), 1)
    np.fill_diagonal(across, np.maximum(across.diagonal(), 1))
    # Halves are common, and the last bits decide them: the order of these operations, and of the
    # sum in memory, is Cleanlab's.
    scaled = (across / across.sum(axis=0) * sizes).T
    return np.array([_rounded(row) for row in scaled / scaled.sum() * sizes.sum()], dtype=np.int64)


def _to_prune(joint: NDArray[np.int64]) -> NDArray[np.int64]:
    """Leave at least one row of each class where it is, and round."""
    kept = np.maximum(joint.diagonal(), 1)
    others = np.maximum(np.count_nonzero(joint, axis=1) - 1.0, 1.0)
    counts = np.maximum((joint.T - (kept - joint.diagonal()) / others).T, 0)
    np.fill_diagonal(counts, kept)
    whole: NDArray[np.int64] = counts.astype(np.int64)
    return whole


def _rounded(values: NDArray[np.float64]) -> Any:
    """Round to whole numbers with the same sum, where rounding costs least."""
    whole = values.round()
    short = int(np.round(values.sum()).item() - whole.sum().item())
    while short:
        step = 1 if short > 0 else -1
        order = np.argsort(values - whole)[::-step]
        whole[order[: min(abs(short), len(values))]] += step
        short = int(np.round(values.sum()).item() - whole.sum().item())
    return whole


def _checked(labels: ArrayLike, probabilities: ArrayLike) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    y, p = np.asarray(labels), np.asarray(probabilities, dtype=np.float64)
    if p.ndim != 2 or y.shape != p.shape[:1]:
        raise ValueError(f"labels have shape {y.shape} and probabilities {p.shape}; accepted are n labels and n rows")
    if len(y) and y.dtype.kind not in "iu":
        raise TypeError(f"labels are {y.dtype}; accepted are the numbers of classes, from 0")
    bad = np.flatnonzero((y < 0) | (y >= p.shape[1]))
    if len(bad):
        raise ValueError(f"the label of row {bad[0]} is {y[bad[0]]}; accepted are 0 to {p.shape[1] - 1}")
    bad = np.flatnonzero(~np.isfinite(p).all(axis=1))
    if len(bad):
        raise ValueError(f"the probabilities of row {bad[0]} have a NaN or infinity; accepted are numbers")
    return y.astype(np.int64), p
