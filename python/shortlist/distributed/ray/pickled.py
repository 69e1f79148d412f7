"""What tasks send: pickled, in a column of a block."""

from __future__ import annotations

from pickle import loads
from typing import Any

from shortlist.pools.extras import need

SENT = "sent"
"""The column."""


def sent(*things: Any) -> Any:
    """Return a block of what a task has made."""
    import pyarrow as pa

    ray: Any = need("ray", "ray", "shortlist.distributed.ray")
    return pa.table({SENT: pa.array([ray.cloudpickle.dumps(thing) for thing in things], pa.binary())})


def received(block: Any) -> list[Any]:
    """Return what tasks of this very run have sent in a block, or in rows taken of a Dataset."""
    rows = block.column(SENT).to_pylist() if hasattr(block, "column") else [row[SENT] for row in block]
    return [loads(row) for row in rows]  # noqa: S301
