"""Acquisition functions of Bayesian optimisation, and strategies that pick their highest values.

Where a prediction is certain (standard deviation 0) the functions take their limits: an improvement
is then certain or impossible, never undefined.
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
from shortlist.strategies.family import member

if TYPE_CHECKING:
    from collections.abc import Callable

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


def _values(
    function: Callable[..., Array],
    /,
    optimizer: Any,
    X: Any,
    tradeoff: float = 0,
    *,
    chunk_size: ChunkSize = "auto",
    progress: Progress = None,
    invalid: Invalid = "raise",
) -> Array:
    """Return the $what of each row of a pool.

    Parameters
    ----------
    optimizer : BayesianOptimizer
        Its ``predict`` takes ``return_std=True``.
    X $X
    tradeoff : float, default=0
        By how much a row has to improve on the highest value measured to count; in units of the
        values.
    $blocks
    $invalid_values

    Returns
    -------
    ndarray of float64, shape (rows,)
        $returned

    Raises
    ------
    ArgumentError
        The model predicts several values for each row.
    $answer_error
    """
    return function(*_predict(optimizer, X, chunk_size, progress, invalid), optimizer.y_max, tradeoff)


def _sampling(
    utility: Callable[..., Array],
    /,
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
    """Pick the rows with the highest $what.

    Parameters
    ----------
    optimizer : BayesianOptimizer
        Its ``predict`` takes ``return_std=True``.
    X $X
    tradeoff : float, default=0
        By how much a row has to improve on the highest value measured to count; in units of the
        values.
    $n_instances
    $random_tie_break
    $random_state
    $blocks
    $invalid

    Returns
    -------
    $indices
    values : ndarray of float64, shape (n_instances,)
        $returned

    Raises
    ------
    $count_error
    $answer_error

    Examples
    --------
    $>>> import numpy as np, shortlist as sl
    $>>> from sklearn.gaussian_process import GaussianProcessRegressor, kernels
    $>>> X = np.linspace(0, 8, 9).reshape(-1, 1)
    $>>> y = np.array([1.0, 2.0])
    $>>> model = GaussianProcessRegressor(kernels.RBF(), optimizer=None)
    $>>> optimizer = sl.BayesianOptimizer(model, sl.$name, X[[2, 6]], y)
    $>>> indices, values = sl.$name(optimizer, X, tradeoff=0.1)
    $>>> indices
    array([5])
    """
    values = utility(optimizer, X, tradeoff, chunk_size=chunk_size, progress=progress, invalid=invalid)
    random_state = randomness.of(optimizer, random_state)
    return best_known(values, n_instances, invalid, random_tie_break=random_tie_break, random_state=random_state)


def optimizer_UCB(  # noqa: N802
    optimizer: Any,
    X: Any,
    beta: float = 1,
    *,
    chunk_size: ChunkSize = "auto",
    progress: Progress = None,
    invalid: Invalid = "raise",
) -> Array:
    """Return the upper confidence bound of each row, `beta` standard deviations above the mean."""
    return UCB(*_predict(optimizer, X, chunk_size, progress, invalid), beta)


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
    """Pick the rows with the highest upper confidence bound.

    Parameters
    ----------
    optimizer : BayesianOptimizer
        Its ``predict`` takes ``return_std=True``.
    X : rows
        The pool: an array, memory map, sparse matrix, frame, list, tensor or dict of arrays.
    beta : float, default=1
        How many standard deviations the bound lies above the mean.
    n_instances, random_tie_break, random_state, chunk_size, progress, invalid
        As for `max_EI`.

    Returns
    -------
    indices : ndarray of int64, shape (n_instances,)
        Positions in the pool, the most informative first.
    values : ndarray of float64, shape (n_instances,)
        Their bounds, in units of the values (Auer 2002).

    Raises
    ------
    ArgumentError
        `n_instances` or `invalid` is not what is accepted.
    PoolTooSmallError
        There are fewer rows to pick from.

    Examples
    --------
    >>> import numpy as np, shortlist as sl
    >>> from sklearn.gaussian_process import GaussianProcessRegressor, kernels
    >>> X = np.linspace(0, 8, 9).reshape(-1, 1)
    >>> y = np.array([1.0, 2.0])
    >>> model = GaussianProcessRegressor(kernels.RBF(), optimizer=None)
    >>> optimizer = sl.BayesianOptimizer(model, sl.max_UCB, X[[2, 6]], y)
    >>> indices, values = sl.max_UCB(optimizer, X)
    >>> indices
    array([5])
    """
    return _sampling(
        optimizer_UCB,
        optimizer,
        X,
        beta,
        n_instances,
        random_tie_break,
        random_state=random_state,
        chunk_size=chunk_size,
        progress=progress,
        invalid=invalid,
    )


_PI = {"what": "probability of improvement", "returned": "Probabilities (Kushner 1964)."}
_EI = {"what": "expected improvement", "returned": "In units of the values (Mockus 1978)."}
optimizer_PI = member(_values, PI, "optimizer_PI", _PI)  # noqa: N816
optimizer_EI = member(_values, EI, "optimizer_EI", _EI)  # noqa: N816
max_PI = member(_sampling, optimizer_PI, "max_PI", _PI)  # noqa: N816
max_EI = member(_sampling, optimizer_EI, "max_EI", _EI)  # noqa: N816


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
