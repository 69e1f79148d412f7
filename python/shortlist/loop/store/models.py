"""Models that were trained: what each saw, when, and where its numbers are."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from shortlist.loop.errors import LoopError
from shortlist.loop.store.times import now

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shortlist.loop.store.database import Database


@dataclass(frozen=True)
class Model:
    """A model.

    Attributes
    ----------
    number, round : int
        Its number, counted from 1, and the round after which it was trained.
    position : int
        The place in the log up to which it has seen answers.
    labels : int
        Rows that it was trained on.
    time, why : str
        When, and what made it due.
    seed : int
        Seed of its training.
    blob : str or None
        Hash of the model's file.
    probabilities : str or None
        Hash of its probabilities over the pool, or a path to them; with ``kept`` in `estimate`,
        over the rows named there.
    seconds : float
        How long the training took.
    estimate : mapping
        Whatever was found out about it.
    """

    number: int
    round: int
    position: int
    labels: int
    time: str = ""
    why: str = ""
    seed: int = 0
    blob: str | None = None
    probabilities: str | None = None
    seconds: float = 0.0
    estimate: Mapping[str, Any] = field(default_factory=dict)


class Models:
    """The part of a store that holds models."""

    _database: Database

    def add_model(self, model: Model) -> None:
        """Keep a model.

        Raises
        ------
        LoopError
            It isn't the next one, as when another process has trained it meanwhile.
        """
        with self._database.transaction() as connection:
            last = self._database.value("SELECT max(number) FROM models") or 0
            if model.number != last + 1:
                raise LoopError(f"model {model.number} can't follow model {last}; accepted is {last + 1}")
            connection.execute(
                "INSERT INTO models (number, round, position, labels, time, why, seed, blob, probabilities, seconds, estimate) "
                "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (model.number, model.round, model.position, model.labels, model.time or now(), model.why, model.seed,
                 model.blob, model.probabilities, model.seconds, json.dumps(model.estimate)),
            )  # fmt: skip

    def models(self) -> list[Model]:
        """Return all models, the first one first."""
        rows = self._database.read(
            "SELECT number, round, position, labels, time, why, seed, blob, probabilities, seconds, estimate FROM models "
            "ORDER BY number"
        )
        whole = ((*row[:10], json.loads(row[10])) for row in rows)
        return [Model(*row) for row in whole]
