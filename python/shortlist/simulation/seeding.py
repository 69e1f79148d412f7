"""The split of a repeat, and the rows that are labelled before the first query."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.model_selection import train_test_split

import shortlist

if TYPE_CHECKING:
    from numpy.typing import NDArray

SEED_SETS = ("stratified", "random", "k_center", "typiclust")
"""stratified: as many rows of each class as its share, at least one where there are enough; it
takes labels to know. random: rows drawn uniformly. k_center, typiclust: rows that cover the pool,
found without labels.
"""


def split(y: NDArray[Any], pool: int, test: int, seed: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return ids of the pool and of the test rows; by class where every class has rows for both."""
    rows = np.arange(len(y))
    classes, counts = np.unique(y, return_counts=True)
    even = counts.min() >= 2 and min(pool, test) >= len(classes)
    # Rows beyond pool and test are dropped by asking for two splits in turn.
    if pool + test < len(y):
        rows, _ = train_test_split(
            rows, train_size=pool + test, random_state=seed, stratify=y if _enough(y, pool + test) else None
        )
        even = even and np.unique(y[rows], return_counts=True)[1].min() >= 2
    in_pool, in_test = train_test_split(
        rows, train_size=pool, test_size=test, random_state=seed, stratify=y[rows] if even else None
    )
    return np.sort(in_pool), np.sort(in_test)


def _enough(y: NDArray[Any], kept: int) -> bool:
    counts = np.unique(y, return_counts=True)[1]
    return bool(counts.min() >= 2 and kept >= len(counts) and len(y) - kept >= len(counts))


def seed_rows(method: str, X: Any, y: NDArray[Any], initial: int, seed: int) -> NDArray[np.int64]:
    """Return positions of the seed set in the pool:
    always of two classes at least, or no model could be fitted.
    """
    drawn = np.random.default_rng(seed).permutation(len(y))
    if method == "stratified":
        return _stratified(drawn, y, initial)
    if method == "random":
        chosen = drawn[:initial]
    else:
        if not hasattr(shortlist, method):
            raise ValueError(
                f"seed_set is {method!r}, which this build of Shortlist has not; take random or stratified"
            )
        more = {"random_state": seed} if method == "typiclust" else {}
        chosen = np.asarray(getattr(shortlist, method)(X, initial, **more).indices)
    return _two_classes(chosen, drawn, y)


def _two_classes(chosen: NDArray[Any], drawn: NDArray[Any], y: NDArray[Any]) -> NDArray[np.int64]:
    """Put the first drawn row of another class in place of the last, where all are of one class."""
    if len(np.unique(y[chosen])) == 1:
        other = drawn[y[drawn] != y[chosen[0]]]
        if not len(other):
            raise ValueError("the pool of this split has one class; accepted are two or more: give a larger pool")
        chosen = np.append(chosen[:-1], other[0])
    return chosen.astype(np.int64)


def _stratified(drawn: NDArray[Any], y: NDArray[Any], initial: int) -> NDArray[np.int64]:
    classes, codes, counts = np.unique(y, return_inverse=True, return_counts=True)
    quota = np.zeros(len(classes), np.int64)
    largest = np.argsort(-counts, kind="stable")
    quota[largest[:initial]] = 1
    while quota.sum() < initial:
        owed = np.where(quota < counts, counts * (initial / len(y)) - quota, -np.inf)
        quota[int(np.argmax(owed))] += 1
    of_class = codes[drawn]
    rank = np.empty(len(drawn), np.int64)
    for code in range(len(classes)):
        mine = of_class == code
        rank[mine] = np.arange(mine.sum())
    chosen: NDArray[np.int64] = drawn[rank < quota[of_class]]
    return chosen
