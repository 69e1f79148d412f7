"""What goes between the coordinator and the parts of a round,
and what a part remembers from one to the next.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

VERSION = 1
"""Of what parts are asked, remember and answer; another one is refused."""


@dataclass(frozen=True)
class Rule:
    """What rows are worth: k-centre's distances, or ranked batch's mix of distance and uncertainty.
    The core computes it.

    Attributes
    ----------
    metric : str
        What distance means.
    all : int
        Of ranked batch: rows of the pool and labelled rows, which are as many at every step. 0 for
        k-centre.
    """

    metric: str
    all: int = 0


@dataclass(frozen=True)
class State:
    """What a part remembers between rounds: 12 bytes a row.

    Attributes
    ----------
    nearest : ndarray of float64, shape (rows,)
        Distance to the nearest of the points seen; infinite before the first, -inf for rows that
        are picked.
    seen : ndarray of uint32, shape (rows,)
        How many points each row was compared with.
    """

    nearest: NDArray[np.float64]
    seen: NDArray[np.uint32]


@dataclass(frozen=True)
class Question:
    """What a round asks all parts.

    Attributes
    ----------
    rule : Rule
        What rows are worth.
    points : ndarray of float64, shape (step, columns)
        All labelled and picked rows, in order.
    ahead : int
        Steps that bounds are wanted for.
    share : float
        Rows to offer, as a share of the rows of a part, where no number is given.
    threads : int
        Threads of each task.
    version : int
        That of the Shortlist which asks.
    """

    rule: Rule
    points: NDArray[np.float64]
    ahead: int
    share: float
    threads: int
    version: int = VERSION


@dataclass(frozen=True)
class Offer:
    """The best rows of a part with exact distances, and what bounds all its other rows.

    Attributes
    ----------
    positions, ids : ndarray of int64, shape (rows,)
        Which rows: in the part, and in the pool.
    nearest : ndarray of float64, shape (rows,)
        Their distance to the nearest of all points.
    features, bfloat16, uncertainty
        As in `Rows`.
    bound_keys : ndarray of float64, shape (1,) or (ahead,)
        The best key that a row which is not offered can have, at each of the next steps; -inf where
        there is no such row.
    bound_ids : ndarray of int64
        An id that no row with that key goes below.
    computed : int
        Distances that it took.
    """

    positions: NDArray[np.int64]
    ids: NDArray[np.int64]
    nearest: NDArray[np.float64]
    features: NDArray[Any]
    bfloat16: bool
    uncertainty: NDArray[np.float64] | None
    bound_keys: NDArray[np.float64]
    bound_ids: NDArray[np.int64]
    computed: int


def same_version(asked: int, own: int, what: str) -> None:
    """Refuse what a Shortlist of another version asks for."""
    if asked != own:
        raise ValueError(
            f"this worker's Shortlist knows version {own} of {what}, and the client's version {asked}; accepted is the same "
            "Shortlist on the client and on all workers"
        )
