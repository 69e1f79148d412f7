"""Acquisition functions of Bayesian optimisation, and the strategies that pick their highest values.

Where a prediction is certain (standard deviation 0) the functions take their limits: an improvement is then certain or
impossible, never undefined.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.special import ndtr
from sklearn.exceptions import NotFittedError

from shortlist.rows import count
from shortlist.strategies import randomness
from shortlist.strategies.answers import means_and_stds
from shortlist.strategies.asking import best_known, pool_of, warn_unfitted
from shortlist.strategies.errors import ArgumentError

if TYPE_CHECKING:
    from shortlist.rows.blocks import ChunkSize, Progress
    from shortlist.strategies.answers import Invalid
    from shortlist.strategies.choice import Array, Picks
    from shortlist.strategies.randomness import RandomState


def PI(mean: Any, std: Any, max_val: Any, tradeoff: float) -> Array:  # noqa: N802
    """Return the probability of improving on `max_val` by more than `tradeoff` (Kushner 1964)."""
    _, z = _improvement(mean, std, max_val, tradeoff)
    return np.asarray(ndtr(z))


def EI(mean: Any, std: Any, max_val: Any, tradeoff: float) -> Array:  # noqa: N802
    """Return the expected improvement on `max_val` beyond `tradeoff` (Mockus 1978)."""
    improvement, z = _improvement(mean, std, max_val, tradeoff)
    density = np.exp(-0.5 * np.square(z)) / np.sqrt(2 * np.pi)
    return np.asarray(np.where(np.isneginf(z), 0.0, improvement * ndtr(z) + std * density))


def UCB(mean: Any, std: Any, beta: float) -> Array:  # noqa: N802
    """Return the upper confidence bound, `beta` standard deviations above the mean (Auer 2002)."""
    return np.asarray(mean + beta * std)


def optimizer_PI(  # noqa: N802
    optimizer: Any,
    X: Any,
    tradeoff: float = 0,
    *,
    chunk_size: ChunkSize = "auto",
    progress: Progress = None,
    invalid: Invalid = "raise",
) -> Array:
    """Return the probability of improvement of each row."""
    return PI(*_predict(optimizer, X, chunk_size, progress, invalid), optimizer.y_max, tradeoff)


def optimizer_EI(  # noqa: N802
    optimizer: Any,
    X: Any,
    tradeoff: float = 0,
    *,
    chunk_size: ChunkSize = "auto",
    progress: Progress = None,
    invalid: Invalid = "raise",
) -> Array:
    """Return the expected improvement of each row."""
    return EI(*_predict(optimizer, X, chunk_size, progress, invalid), optimizer.y_max, tradeoff)


def optimizer_UCB(  # noqa: N802
    optimizer: Any,
    X: Any,
    beta: float = 1,
    *,
    chunk_size: ChunkSize = "auto",
    progress: Progress = None,
    invalid: Invalid = "raise",
) -> Array:
    """Return the upper confidence bound of each row."""
    return UCB(*_predict(optimizer, X, chunk_size, progress, invalid), beta)


def max_PI(  # noqa: N802
    optimizer: Any,
    X: Any,
    tradeoff: float = 0,
    n_instances: int = 1,
    random_tie_break: bool = False,
    *,
    random_state: RandomState = None,
    chunk_size: ChunkSize = "auto",
    progress: Progress = None,
    invalid: Invalid = "raise",
) -> Picks:
    """Pick the rows with the highest probability of improvement."""
    values = optimizer_PI(optimizer, X, tradeoff, chunk_size=chunk_size, progress=progress, invalid=invalid)
    return _best(optimizer, values, n_instances, random_tie_break, random_state, invalid)


def max_EI(  # noqa: N802
    optimizer: Any,
    X: Any,
    tradeoff: float = 0,
    n_instances: int = 1,
    random_tie_break: bool = False,
    *,
    random_state: RandomState = None,
    chunk_size: ChunkSize = "auto",
    progress: Progress = None,
    invalid: Invalid = "raise",
) -> Picks:
    """Pick the rows with the highest expected improvement."""
    values = optimizer_EI(optimizer, X, tradeoff, chunk_size=chunk_size, progress=progress, invalid=invalid)
    return _best(optimizer, values, n_instances, random_tie_break, random_state, invalid)


def max_UCB(  # noqa: N802
    optimizer: Any,
    X: Any,
    beta: float = 1,
    n_instances: int = 1,
    random_tie_break: bool = False,
    *,
    random_state: RandomState = None,
    chunk_size: ChunkSize = "auto",
    progress: Progress = None,
    invalid: Invalid = "raise",
) -> Picks:
    """Pick the rows with the highest upper confidence bound."""
    values = optimizer_UCB(optimizer, X, beta, chunk_size=chunk_size, progress=progress, invalid=invalid)
    return _best(optimizer, values, n_instances, random_tie_break, random_state, invalid)


def _improvement(mean: Any, std: Any, max_val: Any, tradeoff: float) -> tuple[Array, Array]:
    improvement = np.asarray(mean - max_val - tradeoff)
    with np.errstate(divide="ignore", invalid="ignore"):
        z = np.asarray(improvement / std)
    return improvement, np.where((improvement == 0) & (np.asarray(std) == 0), -np.inf, z)


def _predict(
    optimizer: Any, X: Any, chunk_size: ChunkSize, progress: Progress, invalid: Invalid
) -> tuple[Array, Array]:
    parts = []
    try:
        for first, block in pool_of(optimizer, X, chunk_size, progress):
            mean, std = means_and_stds(optimizer, block, first, invalid)
            if mean.ndim > 1:
                raise ArgumentError(
                    f"predict gave {mean.shape[1]} targets for each row, and an optimizer looks for the highest value of "
                    "one; accepted is (rows,): make an optimizer for each, or teach it a sum of the targets"
                )
            parts.append((mean, std))
    except NotFittedError:
        warn_unfitted()
        return np.zeros((count(X), 1)), np.ones((count(X), 1))
    return np.concatenate([mean for mean, _ in parts]), np.concatenate([std for _, std in parts])


def _best(
    optimizer: Any,
    values: Array,
    n_instances: int,
    random_tie_break: bool,
    random_state: RandomState,
    invalid: Invalid,
) -> Picks:
    random_state = randomness.of(optimizer, random_state)
    return best_known(values, n_instances, invalid, random_tie_break=random_tie_break, random_state=random_state)
