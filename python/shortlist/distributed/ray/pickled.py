"""What tasks send: pickled, in a column of a block."""

from __future__ import annotations

from functools import wraps
from pickle import loads
from typing import TYPE_CHECKING, Any

from shortlist.pools.extras import need

if TYPE_CHECKING:
    from collections.abc import Callable

SENT = "sent"
"""The column."""


def sent(*things: Any) -> Any:
    """Return a block of what a task has made."""
    import pyarrow as pa

    ray: Any = need("ray", "ray", "shortlist.distributed.ray")
    return pa.table({SENT: pa.array([ray.cloudpickle.dumps(thing) for thing in things], pa.binary())})


def received(block: Any) -> list[Any]:
    """Return what tasks of this very run have sent in a block, or in rows taken of a Dataset.

    Raises
    ------
    ValueError, TypeError
        What one of them has sent in place of it.
    """
    rows = block.column(SENT).to_pylist() if hasattr(block, "column") else [row[SENT] for row in block]
    found = [loads(row) for row in rows]  # noqa: S301
    for thing in found:
        if isinstance(thing, Exception):
            raise thing
    return found


def noting(task: Callable[..., Any]) -> Callable[..., Any]:
    """Let a task over a block send what is wrong with its rows:
    of an error that is raised there, Ray gives back a traceback alone.
    """

    @wraps(task)
    def note(table: Any, **given: Any) -> Any:
        try:
            return task(table, **given)
        except (ValueError, TypeError) as error:
            return sent(error.with_traceback(None))

    return note


def got(ray: Any, references: Any) -> Any:
    """Return what tasks give, as ``ray.get`` does; of one that fails raise what it raised.

    Raises
    ------
    ValueError, TypeError
        What one of them raised, with its words and not Ray's.
    """
    try:
        return ray.get(references)
    except ray.exceptions.RayTaskError as error:
        if isinstance(error.cause, ValueError | TypeError):
            raise error.cause from error
        raise
