"""Shares of a round as whole rows; what is left of a fraction is carried over to the next round."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

DIGITS = 9


class Shares:
    """Turns shares of rows into whole numbers, round after round.

    Parameters
    ----------
    rows : int
        Rows of the round.
    carry : mapping of str to float
        What the round before left over, by name.
    """

    def __init__(self, rows: int, carry: Mapping[str, float]) -> None:
        self._rows = rows
        self.carry: dict[str, float] = dict(carry)

    def take(self, name: str, share: float) -> int:
        """Return the whole rows of a share, and keep the fraction for the next round."""
        exact = round(share * self._rows + self.carry.get(name, 0.0), DIGITS)
        whole = math.floor(exact)
        self.carry[name] = round(exact - whole, DIGITS)
        if not self.carry[name]:
            del self.carry[name]
        return whole
