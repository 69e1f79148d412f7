"""Rows on which rules of stopping compare what models answer, drawn by a hash."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from shortlist.loop.pool.choosing import lowest
from shortlist.loop.pool.hashing import number_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from shortlist.loop.ground import Ground

ROWS = 2_000


def stop_set(ground: Ground) -> NDArray[np.int64]:
    """Return their places, ascending: none is of the validation stratum."""
    return np.sort(lowest(ground.pool, number_of(ground.spec.seed_number, "stop set"), ROWS, ground.held.mask))
