"""Selection from Dask arrays and dataframes: the picks and scores of one machine, for any chunks and any workers.

Each chunk becomes the state of a selection where it lies; states of a few kilobytes travel and are merged in a tree. Tasks
of a worker that dies are run again by Dask, with the same result.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from shortlist.arguments import Exclusion
from shortlist.distributed import states
from shortlist.groups import Labels, as_labels, count, distinct
from shortlist.pools import Source, open_pool
from shortlist.pools.arrow import as_own_ids
from shortlist.pools.extras import need
from shortlist.registry import is_committee, make_scorer, name_of
from shortlist.selecting import refuse_repeats, softrank_picks

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import ArrayLike, NDArray

    from shortlist.registry import Function, MeasureName
    from shortlist.selection import Selection


def select(
    x: Any,
    measure: MeasureName | str | Function,
    k: int | None = None,
    *,
    column: str | Sequence[str] | None = None,
    id_column: str | None = None,
    exclude: ArrayLike | set[int] | None = None,
    groups: Any = None,
    per_group: int | None = None,
    quotas: str | Mapping[Any, int] | None = None,
    n_threads: int | None = None,
    **options: Any,
) -> Selection:
    """Pick the k most informative rows of a Dask array or dataframe.

    Parameters
    ----------
    x : dask array, shape (rows, classes) or (members, rows, classes), or dask dataframe
        Chunks may have any sizes; columns that are in several chunks are brought together.
    measure, k, exclude, per_group, quotas
        As `shortlist.select` takes them.
    column, id_column : str, optional
        For dataframes, as `Source` takes them.
    groups : array of numpy or dask, or str, optional
        Label of each row; for dataframes also the name of a column.
    n_threads : int, optional
        Threads of each task; by default 1, as the workers have a task for each core already.
    **options
        What else `shortlist.select` takes: order, from_logits, temperature, normalize, invalid, dtype, ties, random_state,
        perturb, coldness, strict.

    Returns
    -------
    Selection
        ``.indices`` are places in the whole array or dataframe; with `id_column` there are ``.ids``.
        ``.report.seconds`` is what all tasks took together.

    Raises
    ------
    ValueError, TypeError
        As `shortlist.select`. A bad row is named, or where its place is not known, its place in its partition.

    Notes
    -----
    One pass over the data. Where Dask does not know how many rows a partition has, and ids are looked up (`exclude`, groups
    in memory) or drawn from (`ties`, `perturb`, ``"random"``), there is a pass before it that counts them. Labels in Dask
    take a pass over them alone. ``perturb="softrank"`` brings the scores to the client.

    Examples
    --------
    >>> import dask.array as da, numpy as np, shortlist as sl
    >>> from shortlist.distributed import dask as sld
    >>> probs = np.random.default_rng(0).dirichlet(np.ones(5), size=1000)
    >>> sld.select(da.from_array(probs, chunks=(300, 2)), "margin", k=10) == sl.select(probs, "margin", k=10)
    True
    """
    dask = need("dask", "dask", "shortlist.distributed.dask")
    for name, wanted in (("id_column", id_column), ("groups", groups if isinstance(groups, str) else None)):
        if wanted is not None and not (_is_frame(x) and wanted in x.columns):
            raise ValueError(f"{name} is {wanted!r}, and x has no such column; accepted is a column of a dataframe")
    pool = _Parts(x, is_committee(measure), groups if isinstance(groups, str) and column is None else None)
    if pool.starts is None and (exclude is not None or states.takes_ids(measure, options) or _in_memory(groups)):
        pool.count()
    if options.get("perturb") == "softrank":
        return _softrank(pool, measure, k, column, id_column, exclude, groups, per_group, quotas, n_threads, options)
    exclusion = Exclusion(exclude, pool.rows)
    excluded = states.parts_of(exclusion, pool.starts, len(pool.blocks))
    labels, group_parts = _labels(pool, groups, exclusion, excluded)
    plan = states.make_plan(
        measure,
        k,
        labels=labels,
        per_group=per_group,
        quotas=quotas,
        column=column,
        id_column=id_column,
        n_threads=n_threads,
        options=options,
    )
    note = dask.delayed(partial(states.take_note, plan))
    lazy = [
        note(block, first, gone, group, None if pool.starts is not None else part)
        for part, (block, first, gone, group) in enumerate(
            zip(pool.blocks, pool.first_ids(), excluded, group_parts, strict=True)
        )
    ]
    whole = states.tree(lazy, dask.delayed(states.merge))
    sizes = [] if pool.starts is not None else [dask.delayed(states.rows_of_part)(block) for block in pool.blocks]
    # Reading a chunk and taking note of it become one task, so that no chunk is ever sent to another worker.
    with dask.config.set({"optimization.fuse.delayed": True}):
        state, *sizes = dask.delayed(_together)(whole, *sizes).compute()
    picks = state.finish()
    if sizes:
        picks = replace(picks, indices=pool.places(picks.indices, sizes))
    return _with_ids(picks, pool, id_column)


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
        What else `shortlist.score` takes: from_logits, temperature, normalize, invalid, dtype, n_threads (1 by default).

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
    if _is_frame(x):
        source = x._meta if column is None else Source(x._meta, column)
        form = open_pool(source, committee=is_committee(measure), dtype=options.get("dtype"))
        dtype = np.dtype(np.float64) if callable(measure) else form.score_dtype
        return x.map_partitions(_score_frame, measure, options, column, dtype, meta=("score", dtype))
    x = _whole_rows(x, is_committee(measure))
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


class _Parts:
    """The parts of a pool: lazy blocks, and the place of the first row of each where Dask knows it."""

    def __init__(self, x: Any, committee: bool, groups: str | None) -> None:
        self.frame = _is_frame(x)
        self.x = x if self.frame else _whole_rows(x, committee)
        rows = self.x if groups is None else self.x.drop(columns=[groups])
        self.blocks: list[Any] = np.ravel(rows.to_delayed()).tolist()
        self.starts: Any = None
        if not self.frame:
            sizes = self.x.chunks[-2]
            if not np.isnan(sizes).any():
                self.starts = np.cumsum([0, *sizes], dtype=np.int64)

    @property
    def rows(self) -> int | None:
        """Rows of all parts, where known."""
        return None if self.starts is None else int(self.starts[-1])

    def count(self) -> None:
        """Count the rows of every part: a pass."""
        dask = __import__("dask")
        blocks = self.x.map_partitions(len).to_delayed() if self.frame else self.blocks
        counted = blocks if self.frame else [dask.delayed(states.rows_of_part)(block) for block in blocks]
        self.starts = np.cumsum([0, *map(_number, dask.compute(*counted))], dtype=np.int64)

    def first_ids(self) -> list[int]:
        """Id of the first row of each part."""
        if self.starts is not None:
            return [int(start) for start in self.starts[:-1]]
        return [part << states.LOCAL_BITS for part in range(len(self.blocks))]

    def places(self, ids: NDArray[np.int64], sizes: Sequence[int]) -> NDArray[np.int64]:
        """Return the places of rows in the whole pool, once the sizes of parts are known."""
        self.starts = np.cumsum([0, *sizes], dtype=np.int64)
        places: NDArray[np.int64] = self.starts[ids >> states.LOCAL_BITS] + (ids & ((1 << states.LOCAL_BITS) - 1))
        return places


def _with_ids(picks: Selection, pool: _Parts, id_column: str | None) -> Selection:
    """Look up what the id column holds, in the parts that have picks alone."""
    if id_column is None:
        return picks
    dask = __import__("dask")
    columns = pool.x[id_column].to_delayed()
    part_of = np.searchsorted(pool.starts, picks.indices, side="right") - 1
    wanted = np.unique(part_of).tolist()
    at = dask.delayed(_values_at)
    found = dask.compute(*(at(columns[part], picks.indices[part_of == part] - pool.starts[part]) for part in wanted))
    ids = np.empty(len(picks), dtype=object)
    for part, values in zip(wanted, found, strict=True):
        ids[part_of == part] = values
    return refuse_repeats(replace(picks, ids=as_own_ids(ids.tolist())), "x")


def _labels(
    pool: _Parts, groups: Any, exclusion: Exclusion, excluded: list[NDArray[np.int64] | None]
) -> tuple[tuple[Labels, NDArray[np.int64]] | None, list[Any]]:
    """Return the labels of all rows with their counts, and the labels of each part."""
    if groups is None:
        return None, [None] * len(pool.blocks)
    if _in_memory(groups):
        array = as_labels(groups, pool.rows)
        known = distinct(array)
        parts = [array[a:b] for a, b in zip(pool.starts[:-1], pool.starts[1:], strict=True)]
        return (known, count(known, array, exclusion)), parts
    dask = __import__("dask")
    if isinstance(groups, str):
        only = parts = pool.x[groups].to_delayed()
    else:
        if pool.starts is not None and hasattr(groups, "rechunk"):
            groups = groups.rechunk((tuple(np.diff(pool.starts).tolist()),))
        only = parts = np.ravel(groups.to_delayed()).tolist()
        if len(parts) != len(pool.blocks):
            raise ValueError(f"groups has {len(parts)} partitions, and x has {len(pool.blocks)}; they must be the same")
    counted = dask.compute(*map(dask.delayed(states.count_labels), only, excluded))
    return states.merge_labels(counted), [dask.delayed(states.plain)(part) for part in parts]


def _softrank(
    pool: _Parts,
    measure: Any,
    k: int | None,
    column: Any,
    id_column: str | None,
    exclude: Any,
    groups: Any,
    per_group: int | None,
    quotas: Any,
    n_threads: int | None,
    options: dict[str, Any],
) -> Selection:
    """Draw by rank: the scores of all rows come to the client."""
    draw = {
        name: options[name] for name in ("ties", "random_state", "coldness", "strict", "invalid") if name in options
    }
    how = {name: value for name, value in options.items() if name in states.DEFAULTS}
    scorer = make_scorer(measure, options.get("order"), **{n: how.get(n, states.DEFAULTS[n]) for n in _SCORER})
    scores = np.asarray(score(pool.x, measure, column=column, n_threads=n_threads, **how).compute())
    labels = (
        groups
        if groups is None or _in_memory(groups)
        else (pool.x[groups] if isinstance(groups, str) else groups).compute()
    )
    picks = softrank_picks(
        scores,
        name_of(measure),
        getattr(scorer, "order", None) or options.get("order") or "highest",
        k,
        exclude=exclude,
        groups=None if labels is None else states.plain(labels),
        per_group=per_group,
        quotas=quotas,
        **draw,
    )
    return _with_ids(picks, pool, id_column)


_SCORER = ("from_logits", "temperature", "normalize", "invalid")


def _is_frame(x: Any) -> bool:
    if not hasattr(x, "dask"):
        raise TypeError(f"x is a {type(x).__name__}; accepted are dask arrays and dataframes")
    return hasattr(x, "map_partitions")


def _in_memory(groups: Any) -> bool:
    return groups is not None and not isinstance(groups, str) and not hasattr(groups, "dask")


def _whole_rows(x: Any, committee: bool) -> Any:
    """Bring the columns of an array, and the members of a committee, into one chunk."""
    wanted = "(members, rows, classes)" if committee else "(rows, classes)"
    if x.ndim != (3 if committee else 2):
        raise ValueError(f"x has {x.ndim} dimensions, shape {x.shape}; accepted is {wanted}")
    return x.rechunk({0: -1, 2: -1} if committee else {1: -1})


def _together(*found: Any) -> tuple[Any, ...]:
    return found


def _number(found: Any) -> int:
    return int(np.sum(found))


def _values_at(column: Any, rows: NDArray[np.int64]) -> list[Any]:
    values: list[Any] = column.iloc[rows].tolist()
    return values


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
