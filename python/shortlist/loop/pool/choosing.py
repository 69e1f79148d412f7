"""Rows drawn by a hash of their ids: what is drawn depends on the seed and on the ids alone,
never on places or blocks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from shortlist.groups import apportion
from shortlist.loop.pool.disk_array import PIECE

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from shortlist.loop.pool.rows import LoopPool


def lowest(pool: LoopPool, seed: int, count: int, exclude: NDArray[np.bool] | None = None) -> NDArray[np.int64]:
    """Return so many rows with the lowest numbers of (seed, id), ascending by these;
    fewer where there are fewer.
    """
    values, rows = np.empty(0), np.empty(0, np.int64)
    for start in range(0, pool.rows if count else 0, PIECE):
        numbers = pool.numbers(seed, start, min(start + PIECE, pool.rows))
        if exclude is not None:
            numbers[exclude[start : start + len(numbers)]] = np.inf
        # Nothing above the worst of those held can get in.
        bound = values[-1] if len(values) == count else np.inf
        mine = np.flatnonzero(numbers < bound)
        if len(mine) > count:
            mine = np.sort(mine[np.argpartition(numbers[mine], count - 1)[:count]])
        values, rows = np.concatenate([values, numbers[mine]]), np.concatenate([rows, mine + start])
        order = np.lexsort((rows, values))[:count]
        values, rows = values[order], rows[order]
    return rows


def lowest_of(
    pool: LoopPool, seed: int, count: int, codes: NDArray[np.int32], exclude: NDArray[np.bool]
) -> NDArray[np.int64]:
    """Return rows drawn from each group in proportion to its rows, by largest remainders."""
    sizes = np.bincount(codes[~exclude[: len(codes)]])
    count = min(count, int(sizes.sum()))
    found = [
        lowest(pool, seed, quota, exclude | (codes != code))
        for code, quota in enumerate(apportion(count, sizes.tolist()))
        if quota
    ]
    rows = np.concatenate([np.empty(0, np.int64), *found])
    return rows[np.lexsort((rows, pool.numbers_of(seed, rows)))]
