"""select(): each chunk becomes the state of a selection where it lies,
and states are merged in a tree.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from shortlist.arguments import Exclusion, own_ids_of
from shortlist.distributed import states
from shortlist.distributed.dask.asking import computed
from shortlist.distributed.dask.parts import Parts, check_columns, in_memory, own_places, with_ids
from shortlist.distributed.dask.score import score
from shortlist.groups import Labels, as_labels, count, distinct
from shortlist.pools.extras import need
from shortlist.registry import is_committee, make_scorer, name_of
from shortlist.selecting import softrank_picks

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
        What else `shortlist.select` takes: order, from_logits, temperature, normalize, invalid,
        dtype, ties, random_state, perturb, coldness, strict.

    Returns
    -------
    Selection
        ``.indices`` are places in the whole array or dataframe; with `id_column` there are
        ``.ids``. ``.report.seconds`` is what all tasks took together.

    Raises
    ------
    ValueError, TypeError
        As `shortlist.select`. A bad row is named, or where its place is not known, its place in its
        partition.

    Notes
    -----
    One pass over the data. Where Dask does not know how many rows a partition has, and ids are
    looked up (`exclude`, groups in memory) or drawn from (`ties`, `perturb`, ``"random"``), there
    is a pass before it that counts them. Labels in Dask take a pass over them alone.
    ``perturb="softrank"`` brings the scores to the client.

    Examples
    --------
    >>> import dask.array as da, numpy as np, shortlist as sl
    >>> from shortlist.distributed import dask as sld
    >>> probs = np.random.default_rng(0).dirichlet(np.ones(5), size=1000)
    >>> lazy = da.from_array(probs, chunks=(300, 2))
    >>> sld.select(lazy, "margin", k=10) == sl.select(probs, "margin", k=10)
    True
    """
    dask = need("dask", "dask", "shortlist.distributed.dask")
    check_columns(x, id_column=id_column, groups=groups if isinstance(groups, str) else None)
    pool = Parts(x, is_committee(measure), groups if isinstance(groups, str) and column is None else None)
    if pool.starts is None and (exclude is not None or states.takes_ids(measure, options) or in_memory(groups)):
        pool.count()
    own = None if id_column is None else own_ids_of(exclude, "exclude")
    if own is not None:
        exclude = own_places(pool, str(id_column), own)
    if options.get("perturb") == "softrank":
        picks = _softrank(pool, measure, k, column, id_column, exclude, groups, per_group, quotas, n_threads, options)
        return picks if own is None else replace(picks, report=replace(picks.report, missing_ids=own.missing))
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
    # Reading a chunk and taking note of it become one task, so that no chunk is ever sent to
    # another worker.
    with dask.config.set({"optimization.fuse.delayed": True}):
        state, *sizes = computed([dask.delayed(_together)(whole, *sizes)])[0]
    picks = state.finish()
    if own is not None:
        picks = replace(picks, report=replace(picks.report, missing_ids=own.missing))
    if sizes:
        picks = replace(picks, indices=pool.places(picks.indices, sizes))
    return with_ids(picks, pool, id_column)


def _labels(
    pool: Parts, groups: Any, exclusion: Exclusion, excluded: list[NDArray[np.int64] | None]
) -> tuple[tuple[Labels, NDArray[np.int64]] | None, list[Any]]:
    """Return the labels of all rows with their counts, and the labels of each part."""
    if groups is None:
        return None, [None] * len(pool.blocks)
    if in_memory(groups):
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
    counted = computed(list(map(dask.delayed(states.count_labels), only, excluded)))
    return states.merge_labels(counted), [dask.delayed(states.plain)(part) for part in parts]


def _softrank(
    pool: Parts,
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
    scores = np.asarray(computed([score(pool.x, measure, column=column, n_threads=n_threads, **how)])[0])
    labels = (
        groups
        if groups is None or in_memory(groups)
        else computed([pool.x[groups] if isinstance(groups, str) else groups])[0]
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
    return with_ids(picks, pool, id_column)


_SCORER = ("from_logits", "temperature", "normalize", "invalid")


def _together(*found: Any) -> tuple[Any, ...]:
    return found
