"""The validation stratum: rows that are fixed before round 1 by a hash of their ids,
and that no model is fitted to.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from shortlist.loop.pool.disk_array import PIECE
from shortlist.loop.pool.hashing import number_of
from shortlist.writing import write_bytes

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from shortlist.loop.pool.rows import LoopPool


@dataclass(frozen=True, eq=False)
class Stratum:
    """Which rows validate.

    Attributes
    ----------
    mask : ndarray of bool, shape (rows,)
        Rows of the stratum, with all that have the content of one of them.
    order : ndarray of int64
        Those to be asked, in the order of their hashes: the first of each content.
    weights : ndarray of int64
        How many rows have the content of each.
    """

    mask: NDArray[np.bool]
    order: NDArray[np.int64]
    weights: NDArray[np.int64]


def stratum(pool: LoopPool, seed: int, share: float, cap: int) -> Stratum:
    """Return the rows whose hash of (seed, id) is below `share`, the lowest `cap` of them.

    Rows with the content of an earlier one follow that one, so that no text is trained on and
    validated with. A pool that grows keeps its stratum: rows only leave it that come last in its
    order, and only for new rows.
    """
    later, firsts = pool.repeated
    rows = _order(pool, seed, share, cap, later)
    mask = np.zeros(pool.rows, dtype=np.bool)
    mask[rows] = True
    twins = mask[firsts]
    mask[later[twins]] = True
    ascending = np.argsort(rows)
    spots = np.searchsorted(rows[ascending], firsts[twins])
    weights = np.ones(len(rows), dtype=np.int64)
    np.add.at(weights, ascending[spots], 1)
    return Stratum(mask, rows, weights)


def _order(pool: LoopPool, seed: int, share: float, cap: int, later: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the rows to be asked in their order. It is kept with the pool,
    so that all ids are looked at once.
    """
    kept = pool.folder / f"stratum-{number_of(seed, share, cap, pool.rows):016x}"
    if kept.exists():
        return np.fromfile(kept, np.int64)
    salt = number_of(seed, "stratum")
    values, rows = np.empty(0), np.empty(0, np.int64)
    for start in range(0, pool.rows if cap and share > 0 else 0, PIECE):
        stop = min(start + PIECE, pool.rows)
        numbers = pool.numbers(salt, start, stop)
        low, high = np.searchsorted(later, [start, stop])
        numbers[later[low:high] - start] = np.inf
        mine = np.flatnonzero(numbers < share)
        values, rows = np.concatenate([values, numbers[mine]]), np.concatenate([rows, mine + start])
        if len(rows) > cap:
            order = np.lexsort((rows, values))[:cap]
            values, rows = values[order], rows[order]
    rows = rows[np.lexsort((rows, values))]
    # Where it can't be written, it is looked for another time.
    with contextlib.suppress(OSError):
        write_bytes(kept, [rows.tobytes()])
    return rows
