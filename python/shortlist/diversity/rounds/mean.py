"""The mean of all rows, added up part by part with the bits that one pass over all of them gives.

The core adds up `TERM` rows at a time, and then those sums. A part adds up its terms in parallel
with the others; terms that go from one part into the next are finished in the order of parts, from
rows that are kept for that.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from shortlist import _core
from shortlist.diversity.rounds.rows import Rows, aligned, named

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True)
class Piece:
    """What one part adds to the mean.

    Attributes
    ----------
    head : Rows
        Rows of a term that an earlier part has begun.
    terms : ndarray of float64, shape (terms, columns)
        Sums of the terms that begin in the part; the last may go on.
    rows : int
        Rows behind `terms`.
    """

    head: Rows
    terms: NDArray[np.float64]
    rows: int


@dataclass(frozen=True)
class Total:
    """Sum of the rows up to some row.

    Attributes
    ----------
    rows : int
        How many.
    finished : ndarray of float64, shape (columns,)
        Sum of all terms that are finished.
    open : ndarray of float64, shape (columns,)
        Sum of the term that is not.
    mean : ndarray of float64, shape (columns,)
        The mean, if these are all rows.
    """

    rows: int
    finished: NDArray[np.float64]
    open: NDArray[np.float64]
    mean: NDArray[np.float64]


def piece_of(rows: Rows, first: int, metric: str, threads: int) -> Piece:
    """Return what a part adds, whose first row is row `first` of the pool: a task."""
    head = min(-first % _core.TERM, len(rows))
    return Piece(_part(rows, 0, head), _sums(_part(rows, head, len(rows)), metric, 0, None, threads), len(rows) - head)


def add(total: Total, piece: Piece, metric: str) -> Total:
    """Return the total with one more part: a task, one after the other in the order of parts."""
    head = _sums(piece.head, metric, total.rows % _core.TERM, total.open, 1)
    for terms, rows in ((head, len(piece.head)), (piece.terms, piece.rows)):
        added = _core.add_terms(
            total.rows, aligned(total.finished), aligned(total.open), np.ascontiguousarray(terms), rows
        )
        total = Total(total.rows + rows, *added)
    return total


def nothing(columns: int) -> Total:
    """Return the total of no rows."""
    return Total(0, *np.zeros((3, columns)))


def _part(rows: Rows, start: int, stop: int) -> Rows:
    # A copy: a view would keep the whole part in memory.
    features = rows.features[start:stop]
    return Rows(features.copy() if stop < len(rows) else features, rows.ids[start:stop], None, rows.bfloat16)


def _sums(rows: Rows, metric: str, before: int, open_: NDArray[Any] | None, threads: int) -> NDArray[np.float64]:
    if not len(rows):
        return np.empty((0, rows.features.shape[1]))
    try:
        return _core.part_sums(
            aligned(rows.features),
            metric=metric,
            before=before,
            open=aligned(open_) if before and open_ is not None else None,
            bfloat16=rows.bfloat16,
            n_threads=threads,
        )
    except ValueError as error:
        raise named(error, rows.ids) from None
