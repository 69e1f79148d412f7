"""Pick positions from an array of values: the selectors of a query strategy."""

from __future__ import annotations

from typing import Any

import numpy as np

from shortlist import _core
from shortlist.strategies.errors import ArgumentError, check_count
from shortlist.strategies.randomness import RandomState, generator, seed

Array = np.ndarray[Any, Any]
Picks = tuple[Array, Array]


def best(
    values: Any,
    n_instances: int = 1,
    *,
    order: str = "highest",
    random_tie_break: bool = False,
    random_state: RandomState = None,
) -> Picks:
    """Return positions and values of the best, best first.

    Parameters
    ----------
    values : array-like of shape (rows,) or (rows, 1)
        One value a row. NaN is an error that names the first such row.
    n_instances : int, default=1
        How many to pick.
    order : {"highest", "lowest"}, default="highest"
        Which end is best.
    random_tie_break : bool, default=False
        Whether equal values are drawn among at random; otherwise the lowest position comes first.
    random_state : int, RandomState, Generator or None, default=None
        Rules the draw; None is NumPy's global state.

    Returns
    -------
    indices : ndarray of shape (n_instances,)
    values : ndarray of shape (n_instances,)
    """
    flat = _flat(values)
    wanted = check_count(n_instances, len(flat))
    if wanted == 0:
        return np.zeros(0, dtype=np.int64), flat[:0]
    state = _core.Selector(
        wanted,
        order=order,
        ties="random" if random_tie_break else "first",
        seed=seed(random_state) if random_tie_break else 0,
    )
    state.update_scores(np.ascontiguousarray(flat, dtype=flat.dtype if flat.dtype == np.float32 else np.float64))
    indices, _, _ = state.finish()
    return indices, flat[indices]


def multi_argmax(values: Any, n_instances: int = 1) -> Picks:
    """Return positions and values of the `n_instances` highest values, highest first.

    Parameters
    ----------
    values : array-like of float, shape (rows,) or (rows, 1)
        One value a row.
    n_instances : int, default=1
        How many to pick.

    Returns
    -------
    indices : ndarray of int64, shape (n_instances,)
    values : ndarray, shape (n_instances,)

    Raises
    ------
    ArgumentError
        `values` has another shape, or `n_instances` is not an integer of 0 or more.
    PoolTooSmallError
        There are fewer values.
    ValueError
        A value is NaN.

    Examples
    --------
    >>> import shortlist as sl
    >>> sl.multi_argmax([0.1, 0.7, 0.5], n_instances=2)
    (array([1, 2]), array([0.7, 0.5]))
    """
    return best(values, n_instances)


def multi_argmin(values: Any, n_instances: int = 1) -> Picks:
    """Return positions and values of the `n_instances` lowest values, lowest first.

    Parameters
    ----------
    values : array-like of float, shape (rows,) or (rows, 1)
        One value a row.
    n_instances : int, default=1
        How many to pick.

    Returns
    -------
    indices : ndarray of int64, shape (n_instances,)
    values : ndarray, shape (n_instances,)

    Raises
    ------
    ArgumentError
        `values` has another shape, or `n_instances` is not an integer of 0 or more.
    PoolTooSmallError
        There are fewer values.
    ValueError
        A value is NaN.

    Examples
    --------
    >>> import shortlist as sl
    >>> sl.multi_argmin([0.1, 0.7, 0.5], n_instances=2)
    (array([0, 2]), array([0.1, 0.5]))
    """
    return best(values, n_instances, order="lowest")


def shuffled_argmax(values: Any, n_instances: int = 1, random_state: RandomState = None) -> Picks:
    """Return positions and values of the highest values, highest last, equal ones at random.

    Parameters
    ----------
    values : array-like of float, shape (rows,) or (rows, 1)
        One value a row.
    n_instances : int, default=1
        How many to pick.
    random_state : int, RandomState, Generator or None, default=None
        Rules the draw among equal values; None is NumPy's global state.

    Returns
    -------
    indices : ndarray of int64, shape (n_instances,)
    values : ndarray, shape (n_instances,)

    Raises
    ------
    ArgumentError
        `values` has another shape, or `n_instances` is not an integer of 0 or more.
    PoolTooSmallError
        There are fewer values.
    ValueError
        A value is NaN.

    Examples
    --------
    >>> import shortlist as sl
    >>> sl.shuffled_argmax([0.1, 0.7, 0.5], n_instances=2)
    (array([2, 1]), array([0.5, 0.7]))
    """
    indices, picked = best(values, n_instances, random_tie_break=True, random_state=random_state)
    return indices[::-1], picked[::-1]


def shuffled_argmin(values: Any, n_instances: int = 1, random_state: RandomState = None) -> Picks:
    """Return positions and values of the lowest values, lowest last, equal ones at random.

    Parameters
    ----------
    values : array-like of float, shape (rows,) or (rows, 1)
        One value a row.
    n_instances : int, default=1
        How many to pick.
    random_state : int, RandomState, Generator or None, default=None
        Rules the draw among equal values; None is NumPy's global state.

    Returns
    -------
    indices : ndarray of int64, shape (n_instances,)
    values : ndarray, shape (n_instances,)

    Raises
    ------
    ArgumentError
        `values` has another shape, or `n_instances` is not an integer of 0 or more.
    PoolTooSmallError
        There are fewer values.
    ValueError
        A value is NaN.

    Examples
    --------
    >>> import shortlist as sl
    >>> sl.shuffled_argmin([0.1, 0.7, 0.5], n_instances=2)
    (array([2, 0]), array([0.5, 0.1]))
    """
    indices, picked = best(values, n_instances, order="lowest", random_tie_break=True, random_state=random_state)
    return indices[::-1], picked[::-1]


def weighted_random(weights: Any, n_instances: int = 1, random_state: RandomState = None) -> Array:
    """Return `n_instances` different positions, drawn with chances proportional to `weights`.

    Parameters
    ----------
    weights : array-like of float, shape (rows,) or (rows, 1)
        0 or more each, and more than 0 in all.
    n_instances : int, default=1
        How many to draw.
    random_state : int, RandomState, Generator or None, default=None
        Rules the draw; None is NumPy's global state.

    Returns
    -------
    ndarray of int64, shape (n_instances,)
        In the order drawn.

    Raises
    ------
    ArgumentError
        `weights` has another shape or no positive sum, or `n_instances` is not accepted.
    PoolTooSmallError
        There are fewer weights.
    ValueError
        A weight is below 0, or fewer than `n_instances` are above it.

    Examples
    --------
    >>> import shortlist as sl
    >>> sl.weighted_random([0.0, 1.0, 0.0])
    array([1])
    """
    flat = _flat(weights)
    wanted = check_count(n_instances, len(flat))
    total = flat.sum()
    if not total > 0:
        raise ArgumentError(f"weights sum to {total}; accepted is a positive sum")
    drawn: Array = generator(random_state).choice(len(flat), size=wanted, p=flat / total, replace=False)
    return drawn


def _flat(values: Any) -> Array:
    array = np.asarray(values)
    if array.ndim == 2 and array.shape[1] == 1:
        array = array[:, 0]
    if array.ndim != 1:
        raise ArgumentError(f"values came with shape {array.shape}; accepted is one value a row")
    return array
