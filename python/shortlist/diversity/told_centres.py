"""Greedy k-centre by a metric of the caller: the loop over all rows, as nothing is known that would spare distances."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from shortlist.arguments import Steps
    from shortlist.diversity.callable_metric import CallableMetric


def centres(
    told: CallableMetric, k: int, start: str | int, steps: Steps
) -> tuple[NDArray[np.int64], NDArray[np.float64], float]:
    """Pick k positions, each the farthest from all points before it, and of equals the lowest.

    Returns
    -------
    positions, distances, radius
        The picks in order, the distance of each at its pick, and the largest distance that is left.
    """
    every = np.arange(told.rows)
    nearest = _checked(told, told.nearest(every, 0, told.known)) if told.known else np.full(told.rows, np.inf)
    positions, distances = np.empty(k, dtype=np.int64), np.empty(k)
    for step in range(k):
        row = int(np.argmax(nearest)) if step or told.known else _first(told, start)
        positions[step], distances[step] = row, nearest[row]
        told.pick(row)
        seen = told.known + step
        np.minimum(nearest, _checked(told, told.nearest(every, seen, seen + 1)), out=nearest)
        nearest[positions[: step + 1]] = -np.inf
        steps.block(1)
    return positions, distances, float(max(nearest.max(initial=0.0), 0.0))


def _first(told: CallableMetric, start: str | int) -> int:
    """Return the position of the first pick where nothing is labelled."""
    if isinstance(start, int):
        found = start if told.ids is None else int(np.searchsorted(told.ids, start))
        if not 0 <= found < told.rows or (told.ids is not None and told.ids[found] != start):
            raise ValueError(f"init is {start}; accepted are the ids of the {told.rows:,} rows to pick from")
        return found
    away = _checked(told, told.from_mean())
    return int(np.argmax(away) if start == "farthest" else np.argmin(away))


def _checked(told: CallableMetric, distances: NDArray[np.float64]) -> NDArray[np.float64]:
    bad = ~((distances >= 0) & np.isfinite(distances))
    if bad.any():
        row = int(bad.argmax())
        name = row if told.ids is None else int(told.ids[row])
        raise ValueError(f"metric gave {distances[row]} for row {name}; accepted are finite numbers, 0 or more")
    return distances
