"""What is said of a strategy: areas, labels to the target, a verdict,
and where stopping rules would have stopped.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from shortlist.simulation.curves import Curves, deficiency
from shortlist.simulation.statistics import holm, mean_interval, signed_rank

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shortlist.simulation.loop import Run

Interval = tuple[float, float, float]
"""A value and the 95% bootstrap interval around it."""

NO_GAIN = "no measurable gain"
WORSE = "worse than random"
SURE = 0.05
"""Adjusted p value from which a lower area than random's is called worse."""

LAST = 4
"""The last rounds are the last of so many equal parts of a curve."""


@dataclass(frozen=True)
class Summary:
    """One strategy against random.

    Attributes
    ----------
    strategy : str
    final : Interval
        Mean score at the budget.
    area : Interval
        Mean area under the curve, as a score.
    gain : Interval or None
        Mean difference of the areas of a repeat, less that of random in the same repeat; None for
        random.
    p, p_holm : float or None
        Wilcoxon's signed-rank test of these differences, and the same adjusted for the number of
        strategies.
    deficiency : float
        Below 1 is better than random.
    to_target : Interval
        Labels to the target; infinite where it is not reached.
    saved : float or None
        Labels saved against random at the target, below 0 where more are needed; None where the
        intervals of the two overlap.
    verdict : str
        The same in words; "worse than random" where no labels are saved and the area is lower, with
        an adjusted p value below 0.05.
    last_rounds : Interval or None
        Mean difference to random over the last rounds.
    """

    strategy: str
    final: Interval
    area: Interval
    gain: Interval | None
    p: float | None
    p_holm: float | None
    deficiency: float
    to_target: Interval
    saved: float | None
    verdict: str
    last_rounds: Interval | None


def summaries(curves: Sequence[Curves], baseline: Curves, target: float) -> list[Summary]:
    """Summarise every strategy, in the order given."""
    others = [c for c in curves if c is not baseline]
    p_values = [signed_rank(c.area - baseline.area) for c in others]
    adjusted = dict(zip([c.name for c in others], zip(p_values, holm(p_values), strict=True), strict=True))
    return [_summary(c, baseline, target, *adjusted.get(c.name, (None, None))) for c in curves]


def _summary(c: Curves, baseline: Curves, target: float, p: float | None, p_holm: float | None) -> Summary:
    is_baseline = c is baseline
    to_target, of_random = c.labels_to(target), baseline.labels_to(target)
    saved, verdict = (None, "the baseline") if is_baseline else judge(to_target, of_random, int(c.labels[-1]))
    gain = None if is_baseline else mean_interval(c.area - baseline.area)
    if saved is None and gain is not None and gain[2] < 0 and p_holm is not None and p_holm < SURE:
        verdict = WORSE
    last = math.ceil(len(c.labels) / LAST)
    behind = (c.scores - baseline.scores)[:, -last:].mean(axis=1)
    return Summary(
        c.name,
        mean_interval(c.scores[:, -1]),
        mean_interval(c.area),
        gain,
        p,
        p_holm,
        deficiency(c.scores, baseline.scores),
        to_target,
        saved,
        verdict,
        None if is_baseline else mean_interval(behind),
    )


def judge(mine: Interval, of_random: Interval, budget: int) -> tuple[float | None, str]:
    """Return labels saved and a verdict: a number only where the two intervals do not touch."""
    value, low, high = mine
    other, other_low, other_high = of_random
    if not (high < other_low or low > other_high):
        return None, NO_GAIN
    # Where one of them never arrives, the budget bounds what it needs from below.
    of = min(other, budget)
    saved = of - min(value, budget)
    if math.isinf(value):
        return saved, f"does not reach the target; random does at {of:,.0f} labels"
    word = "saves" if saved >= 0 else "costs"
    at_least = "at least " if math.isinf(other) else ""
    return saved, f"{word} {at_least}{abs(saved):,.0f} of {of:,.0f} labels ({abs(saved) / of:.0%})"


def cautions(found: Sequence[Summary], repeats: int) -> list[str]:
    """Return what a reader must know before believing the rest."""
    said = []
    if repeats < 30:
        said.append(f"{repeats} repeats: too few for a claim, take 30 or more")
    for s in found:
        if s.last_rounds is not None and s.last_rounds[2] < 0:
            value, low, high = s.last_rounds
            said.append(
                f"{s.strategy} is worse than random over the last rounds: {value:+.4f} ({low:+.4f} to {high:+.4f})"
            )
    return said


@dataclass(frozen=True)
class Stop:
    """Where a stopping rule would have stopped a strategy.

    Attributes
    ----------
    strategy, rule : str
    share : float
        Share of the repeats in which it stopped before the budget was spent.
    labels : float
        Median labels at the stop, the budget where it did not stop.
    score : float
        Mean score there.
    left : float
        Mean score at the budget less that: what stopping has cost.
    """

    strategy: str
    rule: str
    share: float
    labels: float
    score: float
    left: float


def stops(runs: Sequence[Run], c: Curves) -> list[Stop]:
    """Judge the stopping rules of one strategy."""
    mine = sorted((r for r in runs if r.strategy == c.name), key=lambda r: r.repeat)
    budget, found = int(c.labels[-1]), []
    for rule in mine[0].stops:
        at = np.array([budget if (stop := r.stops[rule]) is None else stop for r in mine])
        there = c.scores[np.arange(len(mine)), np.searchsorted(c.labels, at)]
        found.append(
            Stop(
                c.name,
                rule,
                float(np.mean(at < budget)),
                float(np.median(at)),
                float(there.mean()),
                float((c.scores[:, -1] - there).mean()),
            )
        )
    return found
