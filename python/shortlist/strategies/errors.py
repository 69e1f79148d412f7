"""Errors of strategies and learners. modAL asserts where these are raised, so each is an AssertionError as well."""

from __future__ import annotations

from typing import Any


class ArgumentError(ValueError, AssertionError):
    """An argument has a value that is not accepted."""


class NotCallableError(TypeError, AssertionError):
    """A strategy or a measure came that cannot be called."""


class PoolTooSmallError(ArgumentError):
    """More instances were asked for than the pool has rows."""


def check_count(n_instances: Any, rows: int) -> int:
    """Return `n_instances` as an int, or say why it cannot be had from a pool of that many rows."""
    try:
        wanted = int(n_instances.__index__())
    except AttributeError:
        raise ArgumentError(f"n_instances came as {n_instances!r}; accepted is an integer, 0 or more") from None
    if wanted < 0:
        raise ArgumentError(f"n_instances came as {wanted}; accepted is an integer, 0 or more")
    if wanted > rows:
        raise PoolTooSmallError(
            f"n_instances came as {wanted}; the pool has {rows} rows, so at most {rows} is accepted"
        )
    return wanted
