"""Features, and the arguments that all functions of this package share,
each checked in one place.
"""

from __future__ import annotations

import os
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np

from shortlist import _core
from shortlist.arguments import places, whole
from shortlist.memory import check_room
from shortlist.npy import NpyFile
from shortlist.own_ids import as_mask
from shortlist.pools import array_of, one_array
from shortlist.selection_report import Report

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

MetricName: TypeAlias = Literal["euclidean", "sqeuclidean", "cosine", "manhattan"]

HELD_BYTES = 128 << 20
"""Bytes of candidates that are held in memory, where the rows themselves lie in a file."""

METRICS: tuple[str, ...] = ("euclidean", "sqeuclidean", "cosine", "manhattan")
MOST_FEATURES = 1 << 24
MOST_ROWS = (1 << 32) - 2
"""Rows are numbers of 32 bits to the rules."""
MANY_ROWS, BYTES_A_ROW = 1 << 24, 24
"""With more rows it is seen to that there is room for what the rules keep of each."""


@dataclass
class Features:
    """Rows of features as the core reads them.

    Attributes
    ----------
    array : ndarray, shape (rows, columns)
        float16, float32, float64, or uint16 that holds bfloat16; any strides, read-only or
        memory-mapped.
    bfloat16 : bool
        Whether the array is uint16 and holds bfloat16.
    mapped : bool
        Whether the rows lie in a memory map, and reading them in order is what counts.
    copies : list of str
        One sentence per copy that was made.
    filed : bool
        Whether the rows were read from a file.
    """

    array: NDArray[Any]
    bfloat16: bool = False
    mapped: bool = False
    copies: list[str] = field(default_factory=list)
    filed: bool = False

    @property
    def rows(self) -> int:
        """Number of rows."""
        return int(self.array.shape[0])

    @property
    def columns(self) -> int:
        """Number of features."""
        return int(self.array.shape[1])

    @property
    def row_bytes(self) -> int:
        """Bytes of a row."""
        return self.columns * self.array.itemsize


def as_features(x: Any, name: str = "X", dtype: str | None = None) -> Features:
    """See anything accepted as rows of features, without a copy where the core can read it.

    Parameters
    ----------
    x : array-like, frame, tensor, sparse matrix, or path of a `.npy` file, shape (rows, features)
        A file is read into memory. Whole numbers, byte-swapped arrays and sparse matrices are
        copied, which `copies` then says.
    name : str
        The argument's name in error messages.
    dtype : {None, "bfloat16"}
        How to read uint16.

    Raises
    ------
    TypeError
        A kind or dtype that is not accepted.
    ValueError
        A wrong number of dimensions, no features, or a `dtype` that is not accepted.
    OSError
        A file that cannot be opened.
    """
    if dtype not in (None, "bfloat16"):
        raise ValueError(
            f'dtype is {dtype!r}; accepted are None (as {name} says) and "bfloat16" (read uint16 as bfloat16)'
        )
    copies: list[str] = []
    mapped = isinstance(x, np.memmap)
    filed = isinstance(x, str | os.PathLike)
    if filed:
        file = NpyFile(x)
        x, name = file.array, str(file.path)
    elif hasattr(x, "toarray"):
        x = x.toarray()
        copies.append(f"{name} was copied from a sparse matrix to an array ({x.nbytes:,} bytes)")
    elif isinstance(x, list | tuple):
        x = np.asarray(x)
    if isinstance(x, np.ndarray) and x.dtype.kind in "iub" and dtype is None:
        x = x.astype(np.float32 if x.dtype.itemsize <= 2 else np.float64)
        copies.append(f"{name} was copied from whole numbers to {x.dtype} ({x.nbytes:,} bytes)")
    array, bfloat16, copy = one_array(x, dtype, name)
    if copy:
        copies.append(copy)
    if array.ndim != 2:
        raise ValueError(f"{name} has {array.ndim} dimensions, shape {array.shape}; accepted is (rows, features)")
    if array.shape[1] == 0:
        raise ValueError(f"{name} has no features, shape {array.shape}; at least one column is needed")
    if array.shape[1] > MOST_FEATURES:
        raise ValueError(f"{name} has {array.shape[1]:,} features; accepted are up to {MOST_FEATURES:,}")
    if array.shape[0] > MOST_ROWS:
        raise ValueError(f"{name} has {array.shape[0]:,} rows; accepted are up to {MOST_ROWS:,}")
    if array.shape[0] > MANY_ROWS:
        check_room(BYTES_A_ROW * array.shape[0], f"what is kept of each row of {name}", "fewer rows, as by among=")
    if not (array.dtype.isnative and array.flags.aligned):
        array = array.astype(array.dtype.newbyteorder("="))
        copies.append(f"{name} was copied to native {array.dtype} ({array.nbytes:,} bytes)")
    return Features(array, bfloat16, mapped, copies, filed)


def report_on(read: Sequence[Features], rows: int, began: float, n_threads: int, **more: Any) -> Report:
    """Return the report of a pick from `rows` rows of some features that began at a
    reading of `time.perf_counter`.
    """
    return Report(
        rows=rows,
        copies=tuple(copy for features in read for copy in features.copies),
        seconds=time.perf_counter() - began,
        bytes=rows * sum(features.row_bytes for features in read),
        n_threads=n_threads,
        cpu_level=_core.build_info()["cpu_level"],
        **more,
    )


def as_points(points: Any, like: Features, name: str = "labelled") -> NDArray[np.float64] | None:
    """Return the few rows that a pool is compared with as float64,
    which every accepted dtype fits into.
    """
    if none_given(points):
        return None
    found = as_features(points, name, "bfloat16" if like.bfloat16 and _is_uint16(points) else None)
    if found.columns != like.columns:
        raise ValueError(f"{name} has {found.columns} features, and X has {like.columns}; they must be equal")
    array = np.ascontiguousarray(array_of(found.array, found.bfloat16), dtype=np.float64)
    wrong = np.flatnonzero(~np.isfinite(array).all(axis=1))
    if len(wrong):
        row = int(wrong[0])
        column = int(np.flatnonzero(~np.isfinite(array[row]))[0])
        came = "NaN" if np.isnan(array[row, column]) else array[row, column]
        raise ValueError(f"{name} row {row} has {came} in column {column}; accepted are finite numbers")
    return array


def none_given(points: Any) -> bool:
    """Whether labelled rows are none: None, or anything without a row."""
    if hasattr(points, "shape") and len(points.shape):
        return int(points.shape[0]) == 0
    return points is None or (isinstance(points, list | tuple) and not points)


def among_ids(among: Any, rows: int) -> NDArray[np.int64] | None:
    """Return the places of the rows to look at, ascending; None for all of them."""
    if among is None:
        return None
    mask = as_mask(among, "among")
    if mask is None:
        found = places(among, "among", rows)
        return np.empty(0, np.int64) if found is None else found
    if len(mask) != rows:
        raise ValueError(f"among is a mask of {len(mask):,} rows, and the pool has {rows:,}; they must be equal")
    return np.flatnonzero(mask)


def metric_name(metric: str) -> str:
    """Return the name of a metric that the core knows."""
    if metric not in METRICS:
        raise ValueError(f"metric is {metric!r}; accepted are {', '.join(map(repr, METRICS))}")
    return metric


def picks_of(k: int, rows: int, *, strict: bool = True) -> int:
    """Return how many rows to pick: `k`, or all of fewer rows where that is not an error."""
    k = whole(k, "k")
    if k > rows and strict:
        raise ValueError(f"k is {k:,}, and there are {rows:,} rows to pick from; strict=False picks all of them")
    return min(k, rows)


def uncertainty_of(
    uncertainty: ArrayLike, rows: int, ids: NDArray[np.int64] | None, first_id: int = 0
) -> NDArray[np.float64]:
    """Return the uncertainty of the rows to pick from;
    `first_id` is that of the first row of a part of a pool.
    """
    array = np.asarray(uncertainty)
    if array.dtype.kind not in "fiub":
        raise TypeError(f"uncertainty has dtype {array.dtype}; accepted are numbers")
    if array.shape != (rows,):
        raise ValueError(
            f"uncertainty has shape {array.shape}; accepted is ({rows},), one number for each row of the pool"
        )
    known = np.ascontiguousarray(array if ids is None else array[ids], dtype=np.float64)
    bad = ~np.isfinite(known)
    if bad.any():
        first = int(bad.argmax())
        row = first_id + (first if ids is None else int(ids[first]))
        raise ValueError(f"uncertainty of row {row} is {known[first]}; accepted are finite numbers")
    return known


def _is_uint16(points: Any) -> bool:
    return isinstance(points, np.ndarray) and points.dtype == np.uint16
