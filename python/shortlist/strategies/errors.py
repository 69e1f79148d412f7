"""Errors of strategies and learners: AssertionErrors as well, as modAL asserts in their place."""

from __future__ import annotations

from typing import Any


class ArgumentError(ValueError, AssertionError):
    """An argument has a value that is not accepted.

    Examples
    --------
    >>> import shortlist as sl
    >>> sl.mix(uncertainty=-1.0)
    Traceback (most recent call last):
    shortlist.strategies.errors.ArgumentError: uncertainty came as -1.0 and diversity ...
    """


class NotCallableError(TypeError, AssertionError):
    """A strategy or a measure came that cannot be called.

    Examples
    --------
    >>> import shortlist as sl
    >>> sl.mix(measure="margin")
    Traceback (most recent call last):
    shortlist.strategies.errors.NotCallableError: measure came as str; accepted is ...
    """


class PoolTooSmallError(ArgumentError):
    """More instances were asked for than the pool has rows.

    Examples
    --------
    >>> import shortlist as sl
    >>> sl.random_sampling(None, [[0.0]], 2)
    Traceback (most recent call last):
    shortlist.strategies.errors.PoolTooSmallError: n_instances came as 2; the pool has ...
    """


def check_count(n_instances: Any, rows: int, name: str = "n_instances") -> int:
    """Return a number of rows as an int, or say why a pool of so many does not have it."""
    try:
        wanted = int(n_instances.__index__())
    except AttributeError:
        raise ArgumentError(f"{name} came as {n_instances!r}; accepted is an integer, 0 or more") from None
    if wanted < 0:
        raise ArgumentError(f"{name} came as {wanted}; accepted is an integer, 0 or more")
    if wanted > rows:
        raise PoolTooSmallError(f"{name} came as {wanted}; the pool has {rows} rows, so at most {rows} is accepted")
    return wanted
