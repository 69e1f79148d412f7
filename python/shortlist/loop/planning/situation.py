"""What a round is planned in: the pool, who was asked about what, and what a model says."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from shortlist.loop.errors import LoopError
from shortlist.loop.kept.answers import KeptAnswers
from shortlist.loop.pool.choosing import lowest
from shortlist.loop.pool.hashing import number_of
from shortlist.loop.pool.tables.vectors import Matrix
from shortlist.npy import NpyFile

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from shortlist.arguments import Progress
    from shortlist.loop.pool.features import Features
    from shortlist.loop.pool.rows import LoopPool
    from shortlist.loop.spec.model import Spec

REACH = 20_000
"""Rows that are compared with each other at most;
of a larger pool they are drawn by a hash of their ids.
"""


@dataclass(eq=False)
class Situation:
    """What is known when a round is planned.

    Attributes
    ----------
    closed : ndarray of bool
        Rows that may not be picked: of the stratum, asked before, picked for this round, or like a
        row before them.
    held_out : ndarray of bool
        Rows of the stratum.
    labelled : ndarray of int64
        Rows that have a label and train, ascending.
    scored : int
        Rows that the model has an answer for, from the first on; none of the others is picked by
        what it says.
    probabilities : Path, array, KeptAnswers or None
        What the model says of each of these rows, or of some of them.
    activelab : Path or None
        A ``.npy`` file of ActiveLab's scores of these rows, as rows without a label.
    """

    spec: Spec
    pool: LoopPool
    features: Features
    probabilities: Path | NDArray[np.float32] | KeptAnswers | None
    members: Path | NDArray[np.float32] | None
    seed: int
    round: int
    closed: NDArray[np.bool]
    held_out: NDArray[np.bool]
    labelled: NDArray[np.int64]
    n_threads: int | None = None
    progress: Progress | None = None
    activelab: Path | None = None

    @property
    def kept(self) -> KeptAnswers | None:
        """What the model says of some rows, where that is all there is."""
        return self.probabilities if isinstance(self.probabilities, KeptAnswers) else None

    @property
    def scored(self) -> int:
        """See above."""
        if self.probabilities is None:
            return 0
        rows = self.kept.rows if self.kept is not None else self._shape[0]
        if rows > self.pool.rows:
            raise LoopError(f"the model's answers have {rows:,} rows; accepted are up to {self.pool.rows:,}")
        return rows

    @property
    def columns(self) -> int:
        """How many classes the model knows."""
        return self.kept.classes if self.kept is not None else self._shape[1]

    @property
    def _shape(self) -> tuple[int, int]:
        answers = self.probabilities
        shape = answers.shape if isinstance(answers, np.ndarray) else NpyFile(Path(str(answers))).shape
        if len(shape) != 2:
            raise LoopError(f"the model's answers have shape {shape}; accepted is ({self.pool.rows}, classes)")
        return shape[0], shape[1]

    def number(self, purpose: str) -> int:
        """Return the seed of one draw of this round."""
        return number_of(self.seed, self.round, purpose)

    def open_rows(self) -> int:
        """Return how many rows may be picked."""
        return int(len(self.closed) - np.count_nonzero(self.closed))

    def close(self, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """Let rows not be picked again, and return them."""
        self.closed[rows] = True
        return rows

    def reach(self, purpose: str, closed: NDArray[np.bool]) -> NDArray[np.int64]:
        """Return the open rows, ascending; where they are many those with the lowest numbers."""
        return np.sort(lowest(self.pool, self.number(purpose), REACH, closed))

    def said(self, rows: NDArray[np.int64]) -> NDArray[Any]:
        """Return what the model says of some rows."""
        if self.kept is not None:
            return self.kept.take(rows)
        if isinstance(self.probabilities, np.ndarray):
            return self.probabilities[rows]
        file = NpyFile(Path(str(self.probabilities)))
        return Matrix(file.path, file.dtype, (file.shape[0], file.shape[1]), file.offset).take(rows)
