"""Rules over embeddings and their rivals: the same work for all, and whether they come to the same.

A rival is a class with a `name` and one method for each rule it has, named as the rule. The method
takes a `Work`, converts and allocates, and returns the call that is timed: picks in order, or for
density a number a row, and for min_distances the nearest of the labelled rows. It returns None
where the work does not fit its memory.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

import shortlist
from shortlist.benchmarking.registry import Registry

if TYPE_CHECKING:
    from collections.abc import Callable

ROWS = {"density": 5_000, "ranked_batch": 5_000, "herding": 2_000}
"""Rows at most for a rule whose rivals take time or memory by rows times rows,
or all labelled rows at every pick.
"""
MOST_ROWS, MOST_PICKS, LABELLED = 20_000, 100, 100
CELLS = 64_000_000
"""Numbers in the largest array that a rival may hold: 512 MB of float64."""

DRAWN = frozenset({"badge", "kmeans_plus_plus", "typiclust"})
"""Rules with random numbers, of which every implementation has its own."""


@dataclass
class Work:
    """What every competitor gets.

    Attributes
    ----------
    X : ndarray of shape (rows, features)
        The pool.
    labelled : ndarray of shape (m, features)
        Rows that are labelled already.
    probs : ndarray of shape (rows, classes)
        What a model says of the pool.
    k, threads : int
    """

    X: np.ndarray
    labelled: np.ndarray
    probs: np.ndarray
    k: int
    threads: int

    def __post_init__(self) -> None:
        self.uncertainty = 1 - self.probs.max(axis=1)
        some = self.X[:: max(1, len(self.X) // 200)].astype(np.float64)
        self.scale = float(np.median(np.linalg.norm(some[:, None] - some[None], axis=2)))
        """Scale of the kernel of herding: the median distance of some rows."""


def work_of(rule: str, X: Any, probs: Any, k: int, threads: int) -> Work:
    """Return the first rows of a pool as the work for one rule;
    the very first of them are labelled.
    """
    rows = min(len(X), ROWS.get(rule, MOST_ROWS))
    labelled = min(LABELLED, rows // 5)
    most = min(k, MOST_PICKS, (rows - labelled) // 10)
    first = np.ascontiguousarray(X[:rows])
    return Work(first[labelled:], first[:labelled], np.ascontiguousarray(probs[labelled:rows]), max(most, 1), threads)


OURS: dict[str, Callable[[Work], Any]] = {
    "k_center": lambda w: shortlist.k_center(w.X, w.k, labelled=w.labelled, n_threads=w.threads).indices,
    "ranked_batch": lambda w: (
        shortlist.ranked_batch(w.X, w.uncertainty, w.k, labelled=w.labelled, n_threads=w.threads).indices
    ),
    "diverse_uncertain": lambda w: (
        shortlist.diverse_uncertain(w.X, w.uncertainty, w.k, labelled=w.labelled, n_threads=w.threads).indices
    ),
    "badge": lambda w: shortlist.badge(w.probs, w.X, w.k, random_state=0, n_threads=w.threads).indices,
    "kmeans_plus_plus": lambda w: shortlist.kmeans_plus_plus(w.X, w.k, random_state=0, n_threads=w.threads).indices,
    "typiclust": lambda w: shortlist.typiclust(w.X, w.k, labelled=w.labelled, random_state=0).indices,
    "herding": lambda w: (
        shortlist.herding(w.X, w.k, scale=w.scale, references=len(w.X), random_state=0, n_threads=w.threads).indices
    ),
    "density": lambda w: shortlist.density(w.X, n_threads=w.threads),
    "min_distances": lambda w: shortlist.min_distances(w.X, w.labelled, n_threads=w.threads)[1],
}
"""Shortlist's answer to each rule."""


def same(rule: str, ours: Any, theirs: Any) -> str:
    """Return in words how far a rival comes to the same."""
    ours, theirs = np.asarray(ours), np.asarray(theirs)
    if rule == "density":
        off = float(np.abs(theirs / ours - 1).max())
        return "the same" if off == 0 else f"within {off:.0e}"
    if rule in DRAWN:
        return "drawn anew"
    equal = ours == theirs
    if equal.all():
        return "the same"
    if rule == "min_distances":
        return f"{np.count_nonzero(~equal):,} of {len(ours):,} differ"
    return f"the first {int(np.argmin(equal))} of {len(ours)}"


def complaint(rival: Any) -> str | None:
    """Try a rival on a small pool where nothing is tied;
    say what is wrong with its answer, if anything.
    """
    rng = np.random.default_rng(0)
    probs = rng.dirichlet(np.ones(4), 300)
    X = rng.standard_normal((300, 5)).astype(np.float32)
    for rule in rules_of(rival):
        work = work_of(rule, X, probs, 10, 1)
        call = getattr(rival, rule)(work)
        if call is None:
            continue
        answer = np.asarray(call())
        if rule in DRAWN and (
            len(set(answer.tolist())) != work.k or not ((answer >= 0) & (answer < len(work.X))).all()
        ):
            return f"wrong {rule}: {work.k} different rows were asked for"
        if rule == "density" and not np.allclose(answer, OURS[rule](work), rtol=1e-4, atol=0):
            return "wrong density"
        if rule not in DRAWN and rule != "density" and not np.array_equal(answer, OURS[rule](work)):
            return f"wrong {rule}"
    return None


def rules_of(rival: Any) -> list[str]:
    """Return the rules a rival has."""
    return [rule for rule in OURS if hasattr(rival, rule)]


RIVALS = Registry(complaint)
"""None in the package: they are in ``benches/`` of the repository, and add themselves."""
