"""The learning curves of one strategy, and what is read off a curve."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from shortlist.simulation.statistics import interval, resampled_means

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Curves:
    """One strategy over all repeats.

    Attributes
    ----------
    name : str
        The strategy.
    labels : ndarray of int64, shape (points,)
        Labels paid for at each point.
    scores : ndarray of float64, shape (repeats, points)
        Score on the held-out rows.
    query_seconds : ndarray of float64, shape (repeats, points - 1)
        Time of each query.
    fit_seconds : ndarray of float64, shape (repeats, points)
        Time of each fit; 0 where the last model held.
    """

    name: str
    labels: NDArray[np.int64]
    scores: Array
    query_seconds: Array
    fit_seconds: Array

    @property
    def mean(self) -> Array:
        """Mean score at each point."""
        return np.asarray(self.scores.mean(axis=0))

    @property
    def interval(self) -> tuple[Array, Array]:
        """95% bootstrap interval of the mean at each point."""
        return interval(resampled_means(self.scores))

    @property
    def area(self) -> Array:
        """Area under each repeat's curve, divided by the labels it spans:
        the mean score on the way to the budget.
        """
        return area(self.labels, self.scores)

    def labels_to(self, target: float) -> tuple[float, float, float]:
        """Return the labels at which the mean curve first reaches a score,
        and the bootstrap interval of that.
        """
        reached = labels_to(self.labels, resampled_means(self.scores), target)
        low, high = interval(reached[:, None])
        return float(labels_to(self.labels, self.mean[None, :], target)[0]), float(low[0]), float(high[0])


def area(labels: NDArray[Any], scores: Array) -> Array:
    """Return the area under each row by the trapezoid rule, divided by the span of `labels`."""
    return np.asarray(np.trapezoid(scores, labels, axis=1) / (labels[-1] - labels[0]))


def labels_to(labels: NDArray[Any], scores: Array, target: float) -> Array:
    """Return where each row first reaches the target, with a straight line between points;
    infinity where it does not.
    """
    reached = scores >= target
    first = reached.argmax(axis=1)
    rows = np.arange(len(scores))
    before = np.maximum(first - 1, 0)
    low, high = scores[rows, before], scores[rows, first]
    share = np.divide(target - low, high - low, out=np.ones(len(scores)), where=high > low)
    between = labels[before] + share * (labels[first] - labels[before])
    found = np.where(first == 0, float(labels[0]), between)
    return np.where(reached.any(axis=1), found, np.inf)


def deficiency(scores: Array, baseline: Array) -> float:
    """Return what a strategy lacks, summed over the way,
    divided by what the baseline lacks (Baram et al. 2004).

    Both lack what is missing to the final mean score of the baseline; below 1 is better than the
    baseline.
    """
    final = baseline.mean(axis=0)[-1]
    lacking = float(np.sum(final - baseline.mean(axis=0)))
    return float(np.sum(final - scores.mean(axis=0))) / lacking if lacking > 0 else float("nan")
