"""Rows of a pool, whatever holds them, always by position.

A pool is an ndarray, a memory map, a list, a pandas or Polars frame or column, a SciPy sparse matrix, a torch
tensor or a dict of these. What comes out of a function of this package is of the kind that went in.
"""

from shortlist.rows.blocks import Blocks, blocks
from shortlist.rows.kinds import Rows, count, kind, shape
from shortlist.rows.stack import hstack, vstack
from shortlist.rows.take import append, drop, enumerate_rows, span, take

__all__ = [
    "Rows",
    "kind",
    "count",
    "shape",
    "take",
    "span",
    "drop",
    "append",
    "enumerate_rows",
    "vstack",
    "hstack",
    "Blocks",
    "blocks",
]
