"""Selection from Dask arrays and dataframes: the picks and scores of one machine,
for any chunks and any workers.

Tasks are pure functions of a chunk, so those of a worker that dies are run again by Dask, with the
same result.
"""

from __future__ import annotations

from shortlist.distributed.dask.diverse import k_center, ranked_batch
from shortlist.distributed.dask.query import query
from shortlist.distributed.dask.score import score
from shortlist.distributed.dask.select import select

__all__ = ["k_center", "query", "ranked_batch", "score", "select"]
