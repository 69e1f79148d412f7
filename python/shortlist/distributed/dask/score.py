"""score(): every row of a Dask array or dataframe, lazily."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from shortlist.distributed import states
from shortlist.distributed.dask.parts import is_frame, whole_rows
from shortlist.pools import Source, open_pool
from shortlist.pools.extras import need
from shortlist.registry import is_committee

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from shortlist.registry import Function, MeasureName


def score(
    x: Any, measure: MeasureName | str | Function, *, column: str | Sequence[str] | None = None, **options: Any
) -> Any:
    """Score every row, lazily.

    Parameters
    ----------
    x : dask array or dataframe
        As in `select`.
    measure : str or callable
        As `shortlist.score` takes it.
    column : str or list of str, optional
        For dataframes, as `Source` takes it.
    **options
        What else `shortlist.score` takes: from_logits, temperature, normalize, invalid, dtype,
        n_threads (1 by default).

    Returns
    -------
    dask array, shape (rows,), or dask series
        Chunked as the rows of `x`. float64 for float64 input and for callables, else float32.

    Examples
    --------
    >>> import dask.array as da, numpy as np
    >>> from shortlist.distributed import dask as sld
    >>> probs = da.from_array(np.array([[0.75, 0.25], [0.5, 0.5]]), chunks=1)
    >>> sld.score(probs, "margin").compute()
    array([0.5, 0. ])
    """
    need("dask", "dask", "shortlist.distributed.dask")
    if unknown := options.keys() - states.DEFAULTS.keys():
        raise TypeError(f"score has no option {min(unknown)!r}; there are {', '.join(states.DEFAULTS)}")
    if is_frame(x):
        source = x._meta if column is None else Source(x._meta, column)
        form = open_pool(source, committee=is_committee(measure), dtype=options.get("dtype"))
        dtype = np.dtype(np.float64) if callable(measure) else form.score_dtype
        return x.map_partitions(_score_frame, measure, options, column, dtype, meta=("score", dtype))
    x = whole_rows(x, is_committee(measure))
    dtype = np.dtype(np.float64 if x.dtype == np.float64 or callable(measure) else np.float32)
    return x.map_blocks(
        _score_block,
        measure,
        options,
        dtype,
        drop_axis=(0, 2) if x.ndim == 3 else (1,),
        dtype=dtype,
        meta=np.empty(0, dtype),
    )


def _score_block(
    block: NDArray[Any], measure: Any, options: dict[str, Any], dtype: np.dtype[Any], block_info: Any = None
) -> NDArray[Any]:
    if not block_info:
        return np.empty(0, dtype)
    axis = block.ndim - 2
    first, number = block_info[0]["array-location"][axis][0], block_info[0]["chunk-location"][axis]
    known = not np.isnan(first)
    scores = states.score_part(block, measure, int(first) if known else 0, None if known else int(number), options)
    return scores.astype(dtype, copy=False)


def _score_frame(
    frame: Any, measure: Any, options: dict[str, Any], column: Any, dtype: np.dtype[Any], partition_info: Any = None
) -> Any:
    part = None if partition_info is None else partition_info["number"]
    scores = states.score_part(frame, measure, 0, part, options, column)
    return frame.iloc[:, 0].__class__(scores.astype(dtype, copy=False), index=frame.index, name="score")
