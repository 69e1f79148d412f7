"""Rounds, their picks, and how far each has come. A round is never changed;
its states are appended.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from shortlist.loop.errors import LoopError
from shortlist.loop.store.events import some_of
from shortlist.loop.store.times import now

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from shortlist.loop.store.database import Database

STATES = ("planned", "picked", "handed", "labelling", "closed")
"""What a round goes through, in this order; a state may be left out."""


@dataclass(frozen=True)
class Round:
    """A round: what it was planned from, and what decided its picks.

    Attributes
    ----------
    number : int
        Counted from 1.
    state : str
        How far it has come: one of `STATES`.
    spec, pool : str
        Version of the spec, and hash of the pool's fingerprint.
    position : int
        The place in the log up to which its plan has read.
    model : int or None
        Number of the model that scored the pool.
    seed : int
        Seed of all that was drawn.
    opened : str
        When it was planned.
    why : str
        What made it open.
    decided : mapping
        What a replay compares with.
    """

    number: int
    state: str
    spec: str
    pool: str
    position: int
    model: int | None
    seed: int
    opened: str = ""
    why: str = ""
    decided: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Pick:
    """A row that a round asks people for.

    Attributes
    ----------
    round, rank : int
        The round, and the place in it; plans count places from 1.
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


class Rounds:
    """The part of a store that holds rounds."""

    _database: Database

    def add_round(self, planned: Round, picks: Iterable[Pick] = ()) -> None:
        """Keep a round and its picks in one transaction.

        Raises
        ------
        LoopError
            It isn't the next one, as when another process has planned it meanwhile.
        """
        rows = [(p.round, p.rank, p.row, p.index, p.share, p.why, p.propensity, p.score) for p in picks]
        strange = next((row[0] for row in rows if row[0] != planned.number), None)
        if strange is not None:
            raise LoopError(f"a pick of round {strange} was given for round {planned.number}")
        with self._database.transaction() as connection:
            last = self._database.value("SELECT max(number) FROM rounds") or 0
            if planned.number <= last:
                raise LoopError(
                    f"round {planned.number} is there already, planned by another process; look at it again"
                )
            if planned.number != last + 1:
                raise LoopError(f"round {planned.number} can't follow round {last}; accepted is {last + 1}")
            opened = planned.opened or now()
            connection.execute(
                "INSERT INTO rounds (number, spec, pool, position, model, seed, opened, why, decided) "
                "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (planned.number, planned.spec, planned.pool, planned.position, planned.model, planned.seed, opened, planned.why,
                 json.dumps(planned.decided)),
            )  # fmt: skip
            connection.executemany(
                "INSERT INTO picks (round, rank, row, place, share, why, propensity, score) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                rows,
            )
            self._enter(planned.number, planned.state)

    def rounds(self) -> list[Round]:
        """Return all rounds, the first one first."""
        return self._rounds_where("ORDER BY number")

    def round(self, number: int) -> Round:
        """Return one round."""
        found = self._rounds_where("WHERE number = ?", number)
        if not found:
            last = self._database.value("SELECT max(number) FROM rounds")
            raise LoopError(f"there is no round {number}; {f'the last is {last}' if last else 'there is none yet'}")
        return found[0]

    def picks(self, number: int) -> list[Pick]:
        """Return the picks of a round, by rank."""
        return [Pick(*row) for row in self._database.read(f"{PICKS} WHERE round = ? ORDER BY rank", (number,))]

    def picks_of(self, *shares: str) -> list[Pick]:
        """Return the picks of some shares in all rounds, by round and rank."""
        marks = ", ".join("?" * len(shares))
        return [
            Pick(*row) for row in self._database.read(f"{PICKS} WHERE share IN ({marks}) ORDER BY round, rank", shares)
        ]

    def picked(self, rows: Iterable[str] | None = None) -> dict[str, list[Pick]]:
        """Return the picks of all rows that were ever picked, or of some, by row:
        the first round first.
        """
        found: dict[str, list[Pick]] = {}
        if rows is None:
            listed = self._database.read(f"{PICKS} ORDER BY round, rank")
        else:
            listed = sorted(some_of(self._database, f"{PICKS} WHERE row", rows), key=lambda pick: pick[:2])
        for row in listed:
            found.setdefault(row[2], []).append(Pick(*row))
        return found

    def set_state(self, number: int, state: str) -> None:
        """Note that a round has come to a state; nothing happens where it is there already.

        Raises
        ------
        LoopError
            It has come further.
        """
        with self._database.transaction():
            before = self.round(number).state
            if state not in STATES or STATES.index(state) < STATES.index(before):
                raise LoopError(
                    f"round {number} is {before} and can't become {state}; the order is {', '.join(STATES)}"
                )
            if state != before:
                self._enter(number, state)

    def states(self, number: int) -> dict[str, str]:
        """Return when a round came to each of its states."""
        rows = self._database.read("SELECT state, time FROM states WHERE round = ? ORDER BY seq", (number,))
        return dict(rows)

    def add_handoff(self, number: int, phase: str, detail: Mapping[str, Any]) -> None:
        """Note a step of handing a round to people, as "intent" before a tool is asked and
        "done" after it answered.
        """
        with self._database.transaction() as connection:
            connection.execute(
                "INSERT INTO handoffs (round, phase, detail, time) VALUES (?, ?, ?, ?)",
                (number, phase, json.dumps(detail), now()),
            )

    def handoffs(self, number: int) -> list[dict[str, Any]]:
        """Return the steps of handing a round to people: phase, time, and what else was noted."""
        rows = self._database.read("SELECT phase, detail, time FROM handoffs WHERE round = ? ORDER BY seq", (number,))
        return [{**json.loads(detail), "phase": phase, "time": time} for phase, detail, time in rows]

    def _enter(self, number: int, state: str) -> None:
        self._database.connection().execute(
            "INSERT INTO states (round, state, time) VALUES (?, ?, ?)", (number, state, now())
        )

    def _rounds_where(self, condition: str, *values: int) -> list[Round]:
        rows = self._database.read(f"{ROUNDS} {condition}", values)
        whole = ((*row[:9], json.loads(row[9])) for row in rows)
        return [Round(*row) for row in whole]


ROUNDS = (
    "SELECT number, (SELECT state FROM states WHERE round = number ORDER BY seq DESC LIMIT 1), spec, pool, position, "
    "model, seed, opened, why, decided FROM rounds"
)
PICKS = "SELECT round, rank, row, place, share, why, propensity, score FROM picks"
