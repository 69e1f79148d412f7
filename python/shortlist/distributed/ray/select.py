"""select(): each block becomes the state of a selection, and tasks merge the states in a tree."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from shortlist.arguments import as_ids, by_places, own_ids_of
from shortlist.distributed import states
from shortlist.distributed.ray.blocks import ray_for
from shortlist.distributed.ray.pickled import got, noting, received, sent
from shortlist.own_ids import OwnIds
from shortlist.pools.extras import need
from shortlist.selection import Selection

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import ArrayLike, NDArray

    from shortlist.groups import Labels
    from shortlist.registry import Function, MeasureName
    from shortlist.selector import Selector


def select(
    dataset: Any,
    measure: MeasureName | str | Function,
    k: int | None = None,
    *,
    id_column: str,
    column: str | Sequence[str] | None = None,
    exclude: ArrayLike | set[int] | None = None,
    groups: str | None = None,
    per_group: int | None = None,
    quotas: str | Mapping[Any, int] | None = None,
    n_threads: int | None = None,
    **options: Any,
) -> Selection:
    """Pick the k most informative rows of a Ray Dataset.

    Parameters
    ----------
    dataset : ray.data.Dataset
        With a column of lists of one length or of tensors, or numeric columns, and a column of ids.
    measure, k, per_group, quotas
        As `shortlist.select` takes them.
    id_column : str
        Column of whole numbers, 0 or more, each once. They decide between equal scores, and are
        what random draws hash.
    column : str or list of str, optional
        As `Source` takes it.
    exclude : array of int or set, optional
        Ids never to pick.
    groups : str, optional
        Name of a column of labels.
    n_threads : int, optional
        Threads of each task; by default 1.
    **options
        What else `shortlist.select` takes: order, from_logits, temperature, normalize, invalid,
        dtype, ties, random_state, perturb ("power" and "softmax"), coldness, strict.

    Returns
    -------
    Selection
        ``.indices`` are ids. ``.report.seconds`` is what all tasks took together.

    Raises
    ------
    ValueError, TypeError
        As `shortlist.select`; a bad row is named by its id.

    Notes
    -----
    One pass over the data; groups take one over their column before it.
    """
    ray = ray_for(dataset, id_column=id_column, groups=groups)
    own = own_ids_of(exclude, "exclude")
    if own is None and exclude is not None:
        what = "has positions" if by_places(exclude) else "is a mask"
        if not isinstance(exclude, Selection):
            raise ValueError(f"exclude {what}, and a Dataset has no order of rows; accepted are ids")
        own = OwnIds(exclude, "exclude")  # picks of a Dataset, whose indices are ids
    gone = None if own is None else own.whole_numbers()
    labels = None if groups is None else _labels(dataset, groups, id_column, gone)
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
    note = partial(_note, plan=ray.put(plan), excluded=ray.put(gone), groups=groups)
    lazy = dataset.map_batches(note, batch_size=None, batch_format="pyarrow", zero_copy_batch=True)
    merge = ray.remote(_merge).options(num_cpus=1)
    whole: Selector = got(ray, merge.remote(states.tree(lazy.to_arrow_refs(), merge.remote)))
    picks = whole.finish()
    if own is None:
        return picks
    # Ids are in the column once each, so as many of them were met as rows were excluded.
    return replace(picks, report=replace(picks.report, missing_ids=len(own) - picks.report.excluded))


@noting
def _note(table: Any, *, plan: Any, excluded: Any, groups: str | None) -> Any:
    """Turn a block of rows into a block of one state: a task."""
    ray = need("ray", "ray", "shortlist.distributed.ray")
    plan, excluded = ray.get(plan), ray.get(excluded)
    return sent(states.take_note_of_ids(plan, table, excluded, groups)) if table.num_rows else sent()


def _merge(*blocks: Any) -> Any:
    """Merge blocks of states, and states, into one: a task. None where there were none."""
    found: list[Selector] = []
    for block in blocks:
        if block is not None:
            found += received(block) if hasattr(block, "column") else [block]
    return states.merge(*found) if found else None


def _labels(
    dataset: Any, groups: str, id_column: str, excluded: NDArray[np.int64] | None
) -> tuple[Labels, NDArray[np.int64]]:
    """Count the labels of all rows, those of rows that may be picked."""
    counted = dataset.select_columns([groups, id_column]).map_batches(
        partial(_count, groups=groups, id_column=id_column, excluded=excluded), batch_size=None, batch_format="pyarrow"
    )
    return states.merge_labels(received(counted.take_all()))


@noting
def _count(table: Any, *, groups: str, id_column: str, excluded: NDArray[np.int64] | None) -> Any:
    gone = None
    if excluded is not None:
        gone = np.flatnonzero(np.isin(as_ids(np.asarray(table.column(id_column)), id_column), excluded))
    return sent(states.count_labels(table.column(groups), gone))
