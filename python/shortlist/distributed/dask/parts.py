"""The parts of a Dask array or dataframe: lazy blocks, and where their rows stand in the whole."""

from __future__ import annotations

import copy
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from shortlist.distributed import states
from shortlist.distributed.dask.asking import computed
from shortlist.pools.arrow import as_own_ids
from shortlist.selecting import refuse_repeats

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from shortlist.own_ids import OwnIds
    from shortlist.selection import Selection


class Parts:
    """The parts of a pool: lazy blocks, and the place of each one's first row if Dask knows it."""

    def __init__(self, x: Any, committee: bool, groups: str | None) -> None:
        self.frame = is_frame(x)
        self.x = x if self.frame else whole_rows(x, committee)
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
        self.starts = np.cumsum([0, *map(_number, computed(counted))], dtype=np.int64)

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


def with_ids(picks: Selection, pool: Parts, id_column: str | None) -> Selection:
    """Look up what the id column holds, in the parts that have picks alone."""
    if id_column is None:
        return picks
    dask = __import__("dask")
    columns = pool.x[id_column].to_delayed()
    part_of = np.searchsorted(pool.starts, picks.indices, side="right") - 1
    wanted = np.unique(part_of).tolist()
    at = dask.delayed(_values_at)
    found = computed([at(columns[part], picks.indices[part_of == part] - pool.starts[part]) for part in wanted])
    ids = np.empty(len(picks), dtype=object)
    for part, values in zip(wanted, found, strict=True):
        ids[part_of == part] = values
    return refuse_repeats(replace(picks, ids=as_own_ids(ids.tolist())), "x")


def own_places(pool: Parts, id_column: str, own: OwnIds) -> NDArray[np.int64]:
    """Return the places of rows that have one of some own ids: a pass over their column."""
    dask = __import__("dask")
    look = dask.delayed(partial(_rows_with, own))
    found = computed(list(map(look, pool.x[id_column].to_delayed())))
    own.merge(seen for _, seen in found)
    return np.concatenate([rows + start for (rows, _), start in zip(found, pool.starts[:-1], strict=True)])


def check_columns(x: Any, **columns: str | None) -> None:
    """Refuse what has no such columns."""
    for name, wanted in columns.items():
        if wanted is not None and not (is_frame(x) and wanted in x.columns):
            raise ValueError(f"{name} is {wanted!r}, and x has no such column; accepted is a column of a dataframe")


def is_frame(x: Any) -> bool:
    """Whether `x` is a dataframe; refuse what is not Dask's."""
    if not hasattr(x, "dask"):
        raise TypeError(f"x is a {type(x).__name__}; accepted are dask arrays and dataframes")
    return hasattr(x, "map_partitions")


def in_memory(groups: Any) -> bool:
    """Whether labels, or what else goes with rows, lie in memory."""
    return groups is not None and not isinstance(groups, str) and not hasattr(groups, "dask")


def whole_rows(x: Any, committee: bool) -> Any:
    """Bring the columns of an array, and the members of a committee, into one chunk."""
    wanted = "(members, rows, classes)" if committee else "(rows, classes)"
    if x.ndim != (3 if committee else 2):
        raise ValueError(f"x has {x.ndim} dimensions, shape {x.shape}; accepted is {wanted}")
    return x.rechunk({0: -1, 2: -1} if committee else {1: -1})


def _number(found: Any) -> int:
    return int(np.sum(found))


def _rows_with(own: OwnIds, column: Any) -> tuple[NDArray[np.int64], OwnIds]:
    own = copy.deepcopy(own)
    return own.positions([as_own_ids(column.tolist())]), own


def _values_at(column: Any, rows: NDArray[np.int64]) -> list[Any]:
    values: list[Any] = column.iloc[rows].tolist()
    return values
