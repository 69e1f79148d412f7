"""Pools: anything array-like, table, tensor, file or stream of blocks, seen as blocks of rows.

What the core can read is passed on untouched: any strides, read-only, memory-mapped. Where a copy
cannot be avoided it is made block by block if possible, and a sentence in `Pool.copies` says so.
Each kind of source has a file of its own; what it needs beside NumPy is imported when one comes
along.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from shortlist.pools.arrays import ArraysPool, array_pool, committee_pool, of_one_kind
from shortlist.pools.chain import ChainPool
from shortlist.pools.convert import one_array
from shortlist.pools.pool import Block, Pool, array_of, rows_of, same_form
from shortlist.pools.source import Reading, Source, is_path, reading_of

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["Block", "Pool", "Source", "array_of", "one_array", "open_pool", "rows_of", "same_form"]


def open_pool(x: Any, *, committee: bool = False, dtype: str | None = None, name: str = "x") -> Pool:
    """See anything accepted as a pool.

    Parameters
    ----------
    x : Source, path, array-like, table, list or iterator of blocks
        (rows, classes); for a committee (members, rows, classes) or a list of (rows, classes), one
        per member.
    committee : bool
        Whether rows have the output of several models.
    dtype : {None, "bfloat16"}
        How to read uint16.
    name : str
        The argument's name in error messages.

    Raises
    ------
    TypeError
        A kind or dtype that is not accepted.
    ValueError
        A wrong number of dimensions, no columns, members of different shapes, a file that is not
        what it says.
    OSError
        A file that cannot be opened.
    ModuleNotFoundError
        A kind that needs an extra.
    """
    x, reading = reading_of(x, dtype, committee)
    pool = _open(x, reading, name)
    if pool.unsettled:
        empty = "is empty: it has no rows, and" if not pool.rows else "has rows that are all null:"
        raise ValueError(
            f"{pool.name} {empty} its columns do not say how many numbers a row has; at least one is needed"
        )
    return pool


def _open(x: Any, reading: Reading, name: str) -> Pool:
    if is_path(x):
        from shortlist.pools.paths import path_pool

        return path_pool(x, reading)
    if isinstance(x, np.ndarray):
        reading.only((), "an array")
        return array_pool(x, reading, name)
    if (pool := _foreign(x, reading, name)) is not None:
        return pool
    if isinstance(x, Iterator):
        return _chain(x, None, reading, name)
    if isinstance(x, list | tuple):
        if not x:
            raise ValueError(f"{name} is empty: it has no rows")
        if all(map(is_path, x)):
            from shortlist.pools.paths import expand, files_pool

            return files_pool([file for path in x for file in expand(path)], reading, name)
        depth = _ndim(x[0])
        if reading == Reading() and of_one_kind(x):
            return ArraysPool(x, name)
        if depth == (3 if reading.committee else 2) or is_path(x[0]):
            return _chain(x, _total_rows(x), reading, name)
        if reading.committee and depth == 2:
            return committee_pool(x, reading, name)
    reading.only((), f"a {type(x).__name__}")
    return array_pool(x, reading, name)


def _foreign(x: Any, reading: Reading, name: str) -> Pool | None:
    """See what another package made as a pool, where it is more than an array."""
    package = type(x).__module__.partition(".")[0]
    if package == "polars":
        from shortlist.pools.polars_frames import polars_pool

        return polars_pool(x, reading, name)
    if package == "pandas":
        from shortlist.pools.pandas_frames import pandas_pool

        return pandas_pool(x, reading, name)
    if hasattr(x, "__arrow_c_stream__") or hasattr(x, "__arrow_c_array__"):
        from shortlist.pools.arrow import arrow_pool

        return arrow_pool(x, reading, name)
    if package in ("zarr", "h5py"):
        from shortlist.pools.chunked import array_like_pool

        return array_like_pool(x, reading, name)
    if package == "datasets":
        from shortlist.pools.hugging_face import dataset_pool

        return dataset_pool(x, reading, name)
    if hasattr(x, "__dlpack_device__"):
        from shortlist.pools.device import device_pool

        return device_pool(x, reading, name)
    return None


def _chain(items: Iterable[Any], rows: int | None, reading: Reading, name: str) -> ChainPool:
    """Blocks one after the other, each opened when it is reached."""
    pools = (_open(item, reading, f"{name}[{number}]") for number, item in enumerate(items))
    return ChainPool(pools, rows, name)


def _ndim(item: Any) -> int:
    """Dimensions of one item of a list; tables, streams and series of lists or arrays have two."""
    dtype: Any = getattr(item, "dtype", None)
    if dtype is None and hasattr(item, "__arrow_c_stream__"):
        return 2
    if hasattr(dtype, "is_nested"):  # Polars
        return 1 + bool(dtype.is_nested())
    if hasattr(item, "to_frame") and dtype == np.dtype(object):  # pandas
        return 1 + any(np.ndim(cell) for cell in item)
    found = getattr(item, "ndim", None)
    if found is None and hasattr(item, "shape"):
        return len(item.shape)
    if found is None and hasattr(item, "__arrow_c_array__"):
        return 2
    if found is None and isinstance(item, list | tuple) and item:
        return 1 + _ndim(item[0])
    return int(found or 0) if not callable(found) else int(found())


def _total_rows(items: list[Any] | tuple[Any, ...]) -> int | None:
    """Rows of all blocks of a list, or None if one of them does not say."""
    shapes: list[tuple[int, ...]] = [getattr(item, "shape", ()) for item in items]
    return sum(int(shape[-2]) for shape in shapes) if all(len(shape) > 1 for shape in shapes) else None
