"""A row that a round asks people for."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Pick:
    """One row of a round, and why it is in it.

    Attributes
    ----------
    round, rank : int
        The round, and the place in it from 1.
    row : str
        The row's id.
    index : int
        Its place in the pool.
    share : {"seed", "strategy", "explore", "validation", "relabel", "rare", "floor", "overlap"}
        Which part of the round it belongs to.
    why : str
        Why it was picked.
    propensity : float or None
        How probable it was to be picked at its turn; None where nothing was left to chance.
    score : float or None
        What the strategy gave it.
    """

    round: int
    rank: int
    row: str
    index: int
    share: str
    why: str = ""
    propensity: float | None = None
    score: float | None = None
