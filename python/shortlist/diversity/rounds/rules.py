"""What a row is worth to each rule, and the best that rows left behind can be worth at the next steps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

AHEAD = 1024
"""Steps that a bound is told for, where it is another one at each step."""


@dataclass(frozen=True)
class KCenter:
    """A row is worth its distance to the nearest labelled or picked row."""

    metric: str
    drifts: ClassVar[bool] = False

    def keys(
        self,
        nearest: NDArray[np.float64],
        uncertainty: NDArray[np.float64] | None,  # noqa: ARG002
        step: int,  # noqa: ARG002
    ) -> NDArray[np.float64]:
        """Return what rows are worth; -inf where `nearest` is, for rows that are picked."""
        return nearest


@dataclass(frozen=True)
class RankedBatch:
    """A row is worth ``a (1 - 1 / (1 + d)) + (1 - a) u``, where a falls with every step (Cardoso et al. 2017).

    Attributes
    ----------
    metric : str
        What distance means.
    all : int
        Rows of the pool and labelled rows, which are as many at every step.
    """

    metric: str
    all: int
    drifts: ClassVar[bool] = True

    def keys(
        self, nearest: NDArray[np.float64], uncertainty: NDArray[np.float64] | None, step: int
    ) -> NDArray[np.float64]:
        """Return what rows are worth once there are `step` labelled and picked rows.

        Every operation is rounded as the core rounds it, and none makes a smaller key of a larger distance.
        """
        alpha = (float(self.all) - float(step)) / float(self.all)
        found = alpha * (1.0 - 1.0 / (1.0 + nearest)) + (1.0 - alpha) * uncertainty  # type: ignore[operator]
        return np.where(nearest == -np.inf, -np.inf, found)


Rule = KCenter | RankedBatch


def bounds(
    rule: Rule,
    nearest: NDArray[np.float64],
    uncertainty: NDArray[np.float64] | None,
    ids: NDArray[np.int64],
    step: int,
    ahead: int,
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Return the best key of rows left behind and the lowest id that has it, at each of the next `ahead` steps.

    `nearest` may be out of date, as it can only fall. A rule whose keys stay has one bound for all steps.
    """
    if not len(ids):
        return np.full(1, -np.inf), np.zeros(1, dtype=np.int64)
    if rule.drifts and uncertainty is not None:
        may_lead = _leaders(rule, nearest, uncertainty, ids, step, step + ahead - 1)
        nearest, uncertainty, ids = nearest[may_lead], uncertainty[may_lead], ids[may_lead]
    steps = range(step, step + (ahead if rule.drifts else 1))
    best, lowest = np.empty(len(steps)), np.empty(len(steps), dtype=np.int64)
    for i, at in enumerate(steps):
        keys = rule.keys(nearest, uncertainty, at)
        best[i] = keys.max()
        lowest[i] = ids[keys == best[i]].min()
    return best, lowest


def _leaders(
    rule: Rule,
    nearest: NDArray[np.float64],
    uncertainty: NDArray[np.float64],
    ids: NDArray[np.int64],
    first: int,
    last: int,
) -> NDArray[np.int64]:
    """Return the rows that can be the best at a step from `first` to `last`: keys are lines, so their ends tell."""
    ends = rule.keys(nearest, uncertainty, first), rule.keys(nearest, uncertainty, last)
    sure = np.minimum(*ends).max()
    rounding = 32 * np.finfo(np.float64).eps * max(1.0, float(np.abs(uncertainty).max(initial=0.0)))
    found = np.flatnonzero(np.maximum(*ends) >= sure - rounding)
    # Of rows that are alike the one of the lowest id.
    order = np.lexsort((ids[found], uncertainty[found], nearest[found]))
    found = found[order]
    pairs = np.stack([nearest[found], uncertainty[found]])
    new = np.ones(len(found), dtype=np.bool)
    new[1:] = (pairs[:, 1:] != pairs[:, :-1]).any(axis=0)
    return found[new]
