"""One temperature for a model's probabilities, fitted to answers that it gave
for rows it had not seen.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

FOLDS = 5
FEWEST = 5
"""Labels of a class below which nothing is calibrated."""
SMALLEST = 1e-7
"""What a probability of zero counts as."""
STEPS = 60
GOLDEN = (5**0.5 - 1) / 2


def folds_of(codes: NDArray[np.int64], numbers: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return the fold of each row: the rows of each class in the order of their hashes,
    dealt out in turn.
    """
    folds = np.empty(len(codes), dtype=np.int64)
    turn = 0
    for code in np.unique(codes).tolist():
        mine = np.flatnonzero(codes == code)
        mine = mine[np.argsort(numbers[mine], kind="stable")]
        folds[mine] = (turn + np.arange(len(mine))) % FOLDS
        turn += len(mine)
    return folds


def out_of_fold(
    codes: NDArray[np.int64],
    numbers: NDArray[np.float64],
    classes: int,
    fit: Callable[[NDArray[np.int64]], Callable[[NDArray[np.int64]], NDArray[Any]]],
) -> NDArray[np.float64] | None:
    """Return for each row what a model says that was fitted without its fold;
    None where some fold's rest has one class.
    """
    folds = folds_of(codes, numbers)
    found = np.zeros((len(codes), classes))
    for fold in range(FOLDS):
        inside, rest = np.flatnonzero(folds == fold), np.flatnonzero(folds != fold)
        if len(np.unique(codes[rest])) < 2:
            return None
        if len(inside):
            found[inside] = fit(rest)(inside)
    return found


def temperature_of(probabilities: NDArray[np.float64], codes: NDArray[np.int64]) -> float:
    """Return the temperature with the least log loss, between 1/10 and 10.

    A label counts as right with probability (n + 1) / (n + classes), as Platt (1999) has it: where
    a model makes no mistake in n rows it would else be believed without limit, and rows could no
    longer be told apart by their margins.
    """
    logits = np.log(np.clip(probabilities, SMALLEST, None))
    rows, classes = logits.shape
    doubt = 1 / (rows + classes)

    def loss(log_temperature: float) -> float:
        scaled = logits / np.exp(log_temperature)
        scaled -= scaled.max(axis=1, keepdims=True)
        picked = scaled[np.arange(rows), codes]
        expected = rows * doubt * picked + doubt * scaled.sum(axis=1)
        return float(np.mean(np.log(np.exp(scaled).sum(axis=1)) - expected))

    low, high = -np.log(10.0), np.log(10.0)
    for _ in range(STEPS):
        third = high - GOLDEN * (high - low)
        other = low + GOLDEN * (high - low)
        if loss(third) <= loss(other):
            high = other
        else:
            low = third
    return float(np.exp((low + high) / 2))


def warmed(probabilities: NDArray[Any], temperature: float) -> NDArray[np.float64]:
    """Return probabilities at a temperature; a class that the model never saw stays at 0."""
    found = np.asarray(probabilities, dtype=np.float64)
    if temperature == 1.0:
        return found
    powered = np.power(np.where(found > 0, np.maximum(found, SMALLEST), 0.0), 1.0 / temperature)
    return np.asarray(powered / powered.sum(axis=1, keepdims=True))
