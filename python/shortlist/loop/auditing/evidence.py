"""What an audit is made from: the log folded once, the picks of all rounds,
and the last model on the validation rows.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from shortlist.loop.store.answers import fold
from shortlist.loop.validated import validated

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from numpy.typing import NDArray

    from shortlist.loop.ground import Ground
    from shortlist.loop.store import Model, Pick, Round, Store
    from shortlist.loop.store.answers import Answers
    from shortlist.loop.store.summary import Summary
    from shortlist.loop.validated import Validated

BY_STRATEGY = ("strategy", "floor", "rare")
"""Shares of a round that are no draw: rows drawn at random belong to every group in proportion."""


class Evidence:
    """A loop as it is now; what is asked for twice is read once."""

    def __init__(self, store: Store, ground: Ground, said: Summary) -> None:
        self.store, self.ground, self.said = store, ground, said

    @cached_property
    def answers(self) -> Answers:
        """What people have said."""
        return fold(self.store.events(), self.ground.spec)

    @cached_property
    def table(self) -> dict[str, dict[str, str | None]]:
        """For each row what each person gave it."""
        return self.answers.by_row()

    @cached_property
    def rounds(self) -> list[Round]:
        """All rounds."""
        return self.store.rounds()

    @cached_property
    def picks(self) -> dict[int, list[Pick]]:
        """The picks of each round."""
        return {each.number: self.store.picks(each.number) for each in self.rounds}

    @cached_property
    def models(self) -> list[Model]:
        """All models."""
        return self.store.models()

    @property
    def model(self) -> Model | None:
        """The last model."""
        return self.models[-1] if self.models else None

    @cached_property
    def rows(self) -> Validated:
        """Validation rows with an answer that the last model answers for too,
        or all of them before there is one.
        """
        return validated(self.store, self.ground, self.said, *self.models[-1:])

    @cached_property
    def right(self) -> NDArray[np.bool]:
        """Whether the last model is right on each of these; empty before there is one."""
        return np.empty(0, np.bool) if self.model is None else self.rows.right(self.store, self.ground, self.model)

    def picked(self, *shares: str, rounds: Collection[int] | None = None) -> NDArray[np.int64]:
        """Return the places of rows picked in some shares, or in any, each once."""
        numbers = self.picks if rounds is None else rounds
        found = {pick.index for number in numbers for pick in self.picks[number] if not shares or pick.share in shares}
        return np.array(sorted(found), dtype=np.int64)

    def places(self, ids: Iterable[str]) -> NDArray[np.int64]:
        """Return the places of rows that are in the pool."""
        found = self.ground.pool.index_of(list(ids))
        return found[found >= 0]

    def shown(self, ids: Iterable[str]) -> dict[str, dict[str, Any]]:
        """Return what people are shown of rows, by id."""
        rows = list(dict.fromkeys(ids))
        places = self.ground.pool.index_of(rows)
        known = [row for row, place in zip(rows, places.tolist(), strict=True) if place >= 0]
        return dict(zip(known, self.ground.pool.show(places[places >= 0]), strict=True))
