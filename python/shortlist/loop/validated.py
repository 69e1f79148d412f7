"""The validation rows that people have labelled, and what models answer for them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from shortlist.loop.said import rows_of, said_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from shortlist.loop.ground import Ground
    from shortlist.loop.store import Model, Store
    from shortlist.loop.store.summary import Summary


@dataclass(frozen=True, eq=False)
class Validated:
    """Validation rows with an answer, in the order in which rounds asked for them.

    Attributes
    ----------
    ids : list of str
    places : ndarray of int64
        Where they are in the pool.
    weights : ndarray of int64
        How many rows of the pool have the content of each.
    truth : list of str or None
        Their labels, as resolved; None where people said "none of these".
    """

    ids: list[str]
    places: NDArray[np.int64]
    weights: NDArray[np.int64]
    truth: list[str | None]

    def __len__(self) -> int:
        return len(self.ids)

    def predicted(self, store: Store, ground: Ground, model: Model) -> list[str]:
        """Return the class that a model gives each row."""
        answers = said_of(store, model, self.places).argmax(axis=1)
        return [ground.spec.classes[code] for code in answers.tolist()]

    def right(self, store: Store, ground: Ground, model: Model) -> NDArray[np.bool]:
        """Return whether a model is right on each row."""
        pairs = zip(self.truth, self.predicted(store, ground, model), strict=True)
        return np.array([truth == predicted for truth, predicted in pairs], dtype=np.bool)


def validated(store: Store, ground: Ground, said: Summary, *models: Model) -> Validated:
    """Return the validation rows with an answer that some models all have answered for too."""
    opened = {pick.row: pick.index for pick in store.picks_of("validation")}
    rejected = set(said.rejected)
    known = min((rows_of(store, model) for model in models), default=ground.pool.rows)
    rows = [row for row, place in opened.items() if (row in said.labels or row in rejected) and place < known]
    places = np.array([opened[row] for row in rows], dtype=np.int64)
    if not rows:
        return Validated([], places, np.empty(0, np.int64), [])
    order = np.argsort(ground.held.order)
    spots = np.minimum(np.searchsorted(ground.held.order, places, sorter=order), len(order) - 1)
    # A row that left the stratum when the pool grew still stands for itself.
    inside = ground.held.order[order[spots]] == places
    weights = np.where(inside, ground.held.weights[order[spots]], 1)
    return Validated(rows, places, weights, [said.labels.get(row) for row in rows])
