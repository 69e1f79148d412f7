"""Bounds of a model whose probabilities are raised to a power, and what rounding them moves."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from shortlist.screening.bounds import Linear, Trees

if TYPE_CHECKING:
    from shortlist.screening.bounds import Bounds

MOST = 0.05
"""Probabilities that may be off by more have no bounds that rule anything out."""


def at_temperature(bounds: Bounds, temperature: float) -> Bounds | None:
    """Return the bounds of a model's probabilities to the power ``1 / temperature``, divided by
    their sum: those of its logits divided by the temperature. None where there are no logits.
    """
    if temperature == 1.0:
        return bounds
    cold: Any = None
    if isinstance(bounds, Linear) and bounds.link != "one_versus_rest":
        cold = replace(
            bounds,
            weights=bounds.weights / temperature,
            intercepts=bounds.intercepts / temperature,
            hidden=bounds.hidden / temperature,
        )
    elif isinstance(bounds, Trees) and bounds.outcome != "mean":
        trees = [(*tree[:4], tree[4] / temperature) for tree in bounds.trees]
        cold = replace(bounds, trees=trees, base=bounds.base / temperature)
    return cold  # type: ignore[no-any-return]


def moved(measure: str, classes: int, error: float) -> float | None:
    """Return how far a measure of a row can move where no probability moves by more than `error`;
    None where that says nothing.

    The largest of some numbers moves by no more than they do, the largest probability is at least
    ``1 / classes``, and ``-x ln x`` moves by at most ``-e ln e`` where x moves by e < 1/e.
    """
    if not error < MOST / classes:
        return None
    disorder = -classes * error * math.log(error) if error else 0.0
    return {
        "least_confident": error,
        "margin": 2 * error,
        "ratio": 4 * classes * error,
        "gini": 2 * error * min(classes, 2),
        "entropy": disorder,
        "normalised_entropy": disorder / math.log(max(2, classes)),
    }.get(measure)
