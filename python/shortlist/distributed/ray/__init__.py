"""Selection from Ray Data: the picks of one machine,
whatever blocks the rows come in and in whatever order.

A Dataset has no order of rows, so the rows need a column of ids. Tasks are pure functions of a
block, so those of a worker that dies are run again by Ray, with the same result.
"""

from __future__ import annotations

from shortlist.distributed.ray.diverse import k_center, ranked_batch
from shortlist.distributed.ray.query import query
from shortlist.distributed.ray.select import select

__all__ = ["k_center", "query", "ranked_batch", "select"]
