"""Rows of a pool, whatever holds them, always by position.

A pool is an ndarray, a memory map, a list, a pandas or Polars frame or column, a pyarrow table or
array, a SciPy sparse matrix, a torch tensor or a dict of these. What comes out of a function of
this package is of the kind that went in.
"""

from shortlist.rows.blocks import Blocks, blocks
from shortlist.rows.gaps import check_finite
from shortlist.rows.kinds import Rows, as_rows, count, kind, shape
from shortlist.rows.pandas_rows import is_row_of
from shortlist.rows.stack import hstack, vstack
from shortlist.rows.take import append, drop, enumerate_rows, one_row, span, take

__all__ = [
    "Rows",
    "as_rows",
    "kind",
    "count",
    "shape",
    "take",
    "span",
    "drop",
    "append",
    "one_row",
    "is_row_of",
    "check_finite",
    "enumerate_rows",
    "vstack",
    "hstack",
    "Blocks",
    "blocks",
]
