"""The coordinator: greedy on what the parts offer,
for as long as no row that stayed behind can be better.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from shortlist import _core
from shortlist.diversity.rounds.messages import Offer, Question
from shortlist.diversity.rounds.rows import Rows, points_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from shortlist.diversity.rounds.messages import Rule

HELD_BYTES = 32 << 20
"""Bytes of features that a round brings together."""
MOST = 1 << 14
"""Rows that a round brings together at most."""
AHEAD = 1024
"""Steps that bounds are told for, where they are other ones at each step."""


class Greedy:
    """A greedy selection between rounds.

    Parameters
    ----------
    rule : Rule
        What rows are worth.
    k : int
        Rows to pick, at most as many as there are.
    points : ndarray of float64, shape (m, columns)
        Labelled rows, or the first pick: at least one.
    rows : int
        Rows of all parts.
    candidates : int
        Rows that a round brings together.
    threads : int
        Threads of each task.
    """

    def __init__(
        self, rule: Rule, k: int, points: NDArray[np.float64], rows: int, candidates: int, threads: int
    ) -> None:
        self.rule, self.k, self.threads, self.candidates = rule, k, threads, candidates
        self.share = candidates / max(1, rows)
        self.points = points
        self.ids: list[int] = []
        self.values: list[float] = []
        self.radius = 0.0
        self.computed = 0
        self.done = k == 0
        self.gone: dict[int, NDArray[np.int64]] = {}
        self.amounts: list[int] | None = None

    def begin(self, row: int, part: int, position: int) -> None:
        """Take note of a first pick, which is the only point so far."""
        self.ids, self.values = [row], [float("inf")]
        self.gone = {part: np.array([position])}

    def question(self) -> Question:
        """Return what to ask the parts next, together with `amounts` and `gone`."""
        return Question(self.rule, self.points, min(self.k - len(self.ids) + 1, AHEAD), self.share, self.threads)

    def take(self, offers: Sequence[Offer]) -> None:
        """Pick all rows that are certain to be the best of all.

        There is at least one, as the best row of every part is among those offered.
        """
        self.computed += sum(offer.computed for offer in offers)
        bound_keys, bound_ids = _bounds(offers)
        union, nearest, (part, position) = _together(offers, self.points.shape[1])
        reaching, picked, values, self.done, self.radius, computed = _core.pick_offered(
            union.features,
            union.ids,
            nearest,
            len(self.points),
            bound_keys,
            bound_ids,
            self.k - len(self.ids),
            metric=self.rule.metric,
            uncertainty=union.uncertainty,
            all=self.rule.all,
            bfloat16=union.bfloat16,
            n_threads=self.threads,
        )
        found = np.bincount(part[reaching], minlength=len(offers)) + 1
        # Most is asked next of the parts that had most of the rows no bound reaches.
        self.amounts = [int(rows) for rows in self.candidates * found / found.sum()]
        self.ids += union.ids[picked].tolist()
        self.values += values.tolist()
        self.points = np.concatenate([self.points, points_of(union.features[picked], union.bfloat16)])
        self.computed += computed
        self.gone = {int(number): position[picked[part[picked] == number]] for number in np.unique(part[picked])}


def _bounds(offers: Sequence[Offer]) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Return the best key of all rows that stayed behind and the lowest id that may have it,
    for each step that was told.
    """
    told = max(len(offer.bound_keys) for offer in offers)
    keys = np.stack([np.broadcast_to(offer.bound_keys, told) for offer in offers])
    ids = np.stack([np.broadcast_to(offer.bound_ids, told) for offer in offers])
    best = keys.max(axis=0)
    return best, np.where(keys == best, ids, np.iinfo(np.int64).max).min(axis=0)


def _together(
    offers: Sequence[Offer], columns: int
) -> tuple[Rows, NDArray[np.float64], tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Return all rows offered by ascending id, their distances,
    and which part and position each comes from.
    """
    ids = np.concatenate([offer.ids for offer in offers])
    part = np.repeat(np.arange(len(offers)), [len(offer.ids) for offer in offers])
    order = np.argsort(ids)
    repeated = np.flatnonzero(ids[order][1:] == ids[order][:-1])
    if len(repeated):
        raise ValueError(f"two rows have the id {ids[order][repeated[0]]}; accepted is each id once")
    # Written where it belongs, as this is most of the memory.
    place = np.empty_like(order)
    place[order] = np.arange(len(order))
    some = [offer for offer in offers if len(offer.ids)]
    dtypes = {offer.features.dtype for offer in some}
    features = np.empty((len(ids), columns), np.result_type(*dtypes) if dtypes else np.float64)
    start = 0
    for offer in some:
        features[place[start : start + len(offer.ids)]] = offer.features
        start += len(offer.ids)
    nearest = np.concatenate([offer.nearest for offer in offers])[order]
    position = np.concatenate([offer.positions for offer in offers])[order]
    known = [offer.uncertainty for offer in offers if offer.uncertainty is not None]
    uncertainty = np.concatenate(known)[order] if known else None
    return (
        Rows(features, ids[order], uncertainty, any(offer.bfloat16 for offer in some)),
        nearest,
        (part[order], position),
    )
