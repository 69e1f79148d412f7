"""A model's answers for some rows of the pool, and how far they reach."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from shortlist.loop.errors import LoopError
from shortlist.npy import NpyFile

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray


STRATEGY = "strategy"
"""What rows are kept for that the strategy puts first; names of the others are made below."""


def floor_of(column: str, label: str | None = None) -> str:
    """Return the name of the best rows of each group of a column, or of one group."""
    return f"floor:{column}" if label is None else f"floor:{column}={label}"


def rare_of(score: object, name: str) -> str:
    """Return the name of the best rows for a rare class, by how likely or how near they are."""
    return f"{type(score).__name__.lower()}:{name}"


class TooFewKeptError(LoopError):
    """A round reaches further than the answers that were kept: the pool has to be scored once more.

    Attributes
    ----------
    rows : list of int
        Rows whose answers are needed by name.
    """

    def __init__(self, why: str, rows: list[int] | None = None) -> None:
        super().__init__(why)
        self.rows = rows or []


@dataclass(frozen=True)
class Cut:
    """How far the kept rows reach down the order of one measure.

    Attributes
    ----------
    measure : str
    row : int or None
        The last row that was kept for the measure: all rows before it are kept. None where no row
        was left out.
    score : float
        Its score.
    """

    measure: str
    row: int | None = None
    score: float = 0.0


@dataclass(frozen=True, eq=False)
class KeptAnswers:
    """What a model says of some rows.

    Attributes
    ----------
    file : Path
        A ``.npy`` file of float32, (kept rows, classes).
    places : ndarray of int64
        Where these rows are in the pool, ascending.
    rows : int
        How many rows were scored: the first ones of the pool.
    ties : int
        The seed by which rows of the same score were ordered.
    cuts : mapping of str to Cut
        By what the rows were kept for, as "strategy".
    """

    file: Path
    places: NDArray[np.int64]
    rows: int
    ties: int
    cuts: Mapping[str, Cut]

    @cached_property
    def array(self) -> NDArray[np.float32]:
        """What the model says of the kept rows."""
        found: NDArray[np.float32] = np.array(NpyFile(self.file).array)
        return found

    @property
    def classes(self) -> int:
        """How many columns the answers have."""
        return int(NpyFile(self.file).shape[1])

    def holds(self, rows: NDArray[np.int64]) -> NDArray[np.bool]:
        """Return which of some rows of the pool are kept."""
        return np.isin(rows, self.places)

    def take(self, rows: NDArray[np.int64]) -> NDArray[np.float32]:
        """Return what the model says of some rows, in the order of these.

        Raises
        ------
        TooFewKeptError
            One of them is not kept.
        """
        lacking = rows[~self.holds(rows)]
        if len(lacking):
            raise TooFewKeptError(f"the model's answers for {len(lacking):,} rows were not kept", lacking.tolist())
        return self.array[np.searchsorted(self.places, rows)]


def cuts_of(about: Mapping[str, Any]) -> dict[str, Cut]:
    """Return cuts as a model's estimate has them."""
    return {name: Cut(**cut) for name, cut in about.items()}
