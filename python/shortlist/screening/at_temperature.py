"""Bounds of a model whose probabilities are raised to a power, and what rounding them moves."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

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
    if bounds.together != "one" or bounds.link not in ("softmax", "logistic"):
        return None
    return bounds.moved(np.full(bounds.outputs, 1.0 / temperature), np.zeros(bounds.outputs), bounds.link)


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
