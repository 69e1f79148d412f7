"""Regions of the pool that the model learned nothing from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from shortlist.loop.facts.intervals import FEW
from shortlist.loop.facts.unseen import unseen_cells
from shortlist.loop.pool.choosing import lowest
from shortlist.loop.pool.hashing import number_of

if TYPE_CHECKING:
    from shortlist.loop.auditing.evidence import Evidence

MOST = 20_000
"""Rows that are looked at, and labelled rows that they are compared with, at most."""
CELLS = 50
"""Parts that the rows are divided into, fewer where one would have less than 20 rows."""


@dataclass(frozen=True)
class Region:
    """Rows that lie together, none of them labelled.

    Attributes
    ----------
    share : float
        Of the rows outside the validation stratum.
    rows : int
        About so many.
    distance : float
        Median distance of its rows to the nearest labelled one, as a multiple of that of all rows.
    examples : list of str
        Ids of the rows nearest to its middle.
    """

    share: float
    rows: int
    distance: float
    examples: list[str]

    @property
    def said(self) -> str:
        """As ``"about 180 rows (3.1%), 1.4 times as far as usual; such as T-3, T-18"``."""
        return (
            f"about {self.rows:,} rows ({self.share:.1%}), {self.distance:.1f} times as far from a label as usual; such as "
            f"{', '.join(self.examples[:3])}"
        )


def regions_of(of: Evidence) -> tuple[list[Region], int]:
    """Return the regions without a label that trains, the largest first,
    and how many rows were looked at.
    """
    ground, pool = of.ground, of.ground.pool
    places, _ = ground.places(of.answers.labels)
    labelled = np.unique(pool.first_of(places[~ground.held.mask[places]]))
    if not len(labelled):
        return [], 0
    closed = ground.held.mask.copy()
    closed[pool.repeated[0]] = True
    seed = ground.spec.seed_number
    sample = np.sort(lowest(pool, number_of(seed, "regions"), MOST, closed))
    if len(labelled) > MOST:
        order = np.argsort(pool.numbers_of(number_of(seed, "labelled regions"), labelled), kind="stable")
        labelled = labelled[order[:MOST]]
    rows = np.union1d(sample, labelled)
    open_rows = int(len(closed) - np.count_nonzero(closed))
    cells = unseen_cells(
        ground.features.dense(rows),
        np.searchsorted(rows, labelled),
        cells=max(2, min(CELLS, len(sample) // FEW)),
        random_state=number_of(seed, "cells") % (1 << 31),
    )
    found = []
    for cell in cells:
        # No row of such a cell is labelled, so all of them are of the sample.
        share = cell.rows / len(sample)
        found.append(Region(share, round(share * open_rows), cell.distance, pool.id_of(rows[list(cell.examples)])))
    return found, len(rows)
