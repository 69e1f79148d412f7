"""What is said of played loops: their cost, their end, the truth then, and the estimate beside it;
and all against random.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from shortlist.simulation.statistics import holm, mean_interval, signed_rank

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from shortlist.loop.playing.play import Played, Point

Interval = tuple[float, float, float]
"""A mean and the 95% bootstrap interval around it."""


@dataclass(frozen=True)
class Figures:
    """What repeats of one loop come to.

    Attributes
    ----------
    strategy : str
    labels, rounds, models : Interval
        At the end.
    shares : dict of str to float
        Mean rows picked, by the share of a round that picked them.
    second : float
        Mean labels of a second person.
    held_out, pool, left : Interval or None
        The accuracy of the last model; None where no repeat has one.
    way : Interval or None
        Mean accuracy on held-out rows, from the first model to the end.
    bias : Interval or None
        The estimate less the accuracy on held-out rows.
    covered, estimates : int
        Repeats whose interval holds the accuracy on held-out rows, and repeats with an estimate.
    opened : float or None
        The mean share of the held-out rows that the estimate comes from.
    ended : dict of str to int
        How the repeats ended.
    stopped : int
        Repeats in which the rule of stopping was met.
    stopped_at : Interval or None
        Labels then.
    stopped_by : dict of str to int
        Which rules were.
    """

    strategy: str
    labels: Interval
    rounds: Interval
    models: Interval
    shares: dict[str, float]
    second: float
    held_out: Interval | None
    pool: Interval | None
    left: Interval | None
    way: Interval | None
    bias: Interval | None
    covered: int
    estimates: int
    opened: float | None
    ended: dict[str, int]
    stopped: int
    stopped_at: Interval | None
    stopped_by: dict[str, int]


@dataclass(frozen=True)
class Difference:
    """A loop less random, within a repeat.

    Attributes
    ----------
    what : str
    difference : Interval
    p, p_holm : float
        Wilcoxon's signed-rank test, and the same adjusted for the number of differences.
    repeats : int
        Those in which both have a model.
    """

    what: str
    difference: Interval
    p: float
    p_holm: float
    repeats: int


def figures(runs: Sequence[Played]) -> Figures:
    """Return what the repeats of one loop come to."""
    judged = [run for run in runs if run.last.estimate is not None and run.last.held_out is not None]
    errors = [float(run.last.estimate or 0) - float(run.last.held_out or 0) for run in judged]
    kinds = sorted({kind for run in runs for kind in run.shares})
    stops = [run.stopped_at for run in runs if run.stopped_at is not None]
    return Figures(
        strategy=runs[0].strategy,
        labels=mean_interval([run.last.labels for run in runs]),
        rounds=mean_interval([run.last.round for run in runs]),
        models=mean_interval([run.last.model for run in runs]),
        shares={kind: float(np.mean([run.shares.get(kind, 0) for run in runs])) for kind in kinds},
        second=float(np.mean([run.second for run in runs])),
        held_out=_of_known(runs, lambda point: point.held_out),
        pool=_of_known(runs, lambda point: point.pool),
        left=_of_known(runs, lambda point: point.left),
        way=_interval([mean for run in runs if (mean := way(run)) is not None]),
        bias=_interval(errors),
        covered=sum(holds(run.last) for run in judged),
        estimates=len(judged),
        opened=float(np.mean([run.last.rows / run.stratum for run in judged])) if judged else None,
        ended=dict(Counter(run.ended for run in runs)),
        stopped=len(stops),
        stopped_at=_interval(stops),
        stopped_by=dict(Counter(rule for run in runs for rule in run.stopped_by)),
    )


def holds(point: Point) -> bool:
    """Whether the interval of an estimate holds the accuracy on held-out rows."""
    return (
        point.low is not None
        and point.high is not None
        and point.held_out is not None
        and (point.low <= point.held_out <= point.high)
    )


def way(run: Played, first: int = 0) -> float | None:
    """Return the mean accuracy on held-out rows over the labels given:
    from the first model, or from `first` labels, on.
    """
    known = [(point.labels, point.held_out) for point in run.points if point.held_out is not None]
    if not known:
        return None
    labels, scores = (np.array(column, dtype=np.float64) for column in zip(*known, strict=True))
    start = max(float(first), labels[0])
    if labels[-1] <= start:
        return float(scores[-1])
    inside = labels > start
    x = np.concatenate([[start], labels[inside]])
    y = np.concatenate([[np.interp(start, labels, scores)], scores[inside]])
    return float(np.trapezoid(y, x) / (x[-1] - x[0]))


def differences(runs: Sequence[Played], baseline: Sequence[Played]) -> list[Difference]:
    """Compare a loop with another one, repeat by repeat, at the same number of labels."""
    pairs = [(a, b) for a, b in zip(runs, baseline, strict=True) if a.last.held_out is not None and b.last.held_out]
    if not pairs:
        return []
    ways = []
    for a, b in pairs:
        first = max(_first(a), _first(b))
        ways.append(float(way(a, first) or 0) - float(way(b, first) or 0))
    ends = [float(a.last.held_out or 0) - float(b.last.held_out or 0) for a, b in pairs]
    wholes = [float(a.last.pool or 0) - float(b.last.pool or 0) for a, b in pairs]
    rows = [("accuracy at the end", ends), ("accuracy on the way", ways), ("accuracy on the whole pool", wholes)]
    p_values = [signed_rank(values) for _, values in rows]
    return [
        Difference(what, mean_interval(values), p, adjusted, len(pairs))
        for (what, values), p, adjusted in zip(rows, p_values, holm(p_values), strict=True)
    ]


def _first(run: Played) -> int:
    return next(point.labels for point in run.points if point.held_out is not None)


def _of_known(runs: Sequence[Played], value: Callable[[Point], float | None]) -> Interval | None:
    return _interval([found for run in runs if (found := value(run.last)) is not None])


def _interval(values: Sequence[Any]) -> Interval | None:
    return mean_interval(values) if len(values) else None
