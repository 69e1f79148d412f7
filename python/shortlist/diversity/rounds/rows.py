"""The rows of a part of a pool, and the truth about how far they are from points."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from shortlist import _core

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True)
class Rows:
    """The rows of one part, as the core reads them.

    Attributes
    ----------
    features : ndarray, shape (rows, columns)
        Any accepted dtype.
    ids : ndarray of int64, shape (rows,)
        Which rows they are in the pool.
    uncertainty : ndarray of float64, shape (rows,), or None
        For rules that weigh it.
    bfloat16 : bool
        The features are uint16 and hold bfloat16.
    """

    features: NDArray[Any]
    ids: NDArray[np.int64]
    uncertainty: NDArray[np.float64] | None = None
    bfloat16: bool = False

    def __len__(self) -> int:
        return len(self.ids)

    def distances(
        self, points: NDArray[np.float64], metric: str, which: NDArray[np.int64] | None, threads: int
    ) -> NDArray[np.float64]:
        """Return the distance of some rows to the nearest of some points:
        the truth, a function of two rows.
        """
        found: NDArray[np.float64]
        try:
            found, _ = _core.min_distances(
                aligned(self.features),
                aligned(points),
                metric=metric,
                among=which,
                bfloat16=(self.bfloat16, False),
                n_threads=threads,
            )
        except ValueError as error:
            raise named(error, self.ids) from None
        return found

    def point(self, position: int) -> NDArray[np.float64]:
        """Return one row as a point."""
        found: NDArray[np.float64] = points_of(self.features[position : position + 1], self.bfloat16)[0]
        return found


def aligned(array: NDArray[Any]) -> NDArray[Any]:
    """Return an array that the core reads: what comes over a network may lie at odd addresses."""
    found: NDArray[Any] = np.require(array, requirements="A" if array.ndim > 1 else ["A", "C"])
    return found


def points_of(features: NDArray[Any], bfloat16: bool) -> NDArray[np.float64]:
    """Return rows as float64, which every accepted dtype fits into."""
    array = (features.astype(np.uint32) << 16).view(np.float32) if bfloat16 else features
    return np.ascontiguousarray(array, dtype=np.float64)


def named(error: ValueError, ids: NDArray[np.int64]) -> ValueError:
    """Return an error about a row of a part as one about that row of the pool."""

    def name(found: re.Match[str]) -> str:
        return f"row {ids[int(found[1].replace(',', ''))]}"

    return ValueError(re.sub(r"\brow ([\d,]*\d)", name, str(error), count=1))
