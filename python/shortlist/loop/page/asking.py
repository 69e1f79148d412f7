"""Which row is whose turn: the rows of the round that is out, and those that a second person is to label."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from shortlist.loop.page.leases import Leases
from shortlist.loop.rounds import ASKED_AGAIN, settle
from shortlist.loop.store.answers import fold

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from shortlist.loop.spec import Spec
    from shortlist.loop.store import Event, Pick, Store

MOST_AHEAD = 5
"""Rows that one page may keep ready beside the one it shows."""
PEOPLE = 2
"""People who label a row of the overlap."""


class Progress(NamedTuple):
    """How far a round is."""

    round: int
    rows: int
    answered: int
    skipped: int
    closed: bool

    @property
    def left(self) -> int:
        """Rows that nobody has answered or skipped."""
        return self.rows - self.answered - self.skipped


class Turn(NamedTuple):
    """The row that somebody is asked for, and the ones kept ready behind it."""

    pick: Pick | None
    ahead: list[str]


class Asking:
    """Hands rows to people by what the store holds, whoever wrote it.

    What it knows of answers is brought up to date by the events that came since, so that asking costs the same in a loop
    of a hundred answers and of a million.
    """

    def __init__(self, store: Store, leases: Leases | None = None) -> None:
        self._store = store
        self.leases = leases or Leases()
        self.spec: Spec = store.spec
        self._position = 0
        self._round = 0
        self._state = ""
        self._main: dict[str, Pick] = {}
        self._again: dict[str, Pick] = {}
        self._said: dict[str, dict[str, Event]] = {}

    def refresh(self) -> None:
        """Take up what has happened since: rounds and answers, of this process or another."""
        database, store = self._store._database, self._store
        last = database.value("SELECT max(number) FROM rounds") or 0
        if last != self._round:
            self._open(last)
        position = store.position
        if position != self._position:
            known = {*self._main, *self._again}
            self._read({event.row for event in store.events(self._position, position)} & known)
            self._position = position
        if last:
            self._settle()

    def progress(self) -> Progress:
        """Return how far the round is."""
        states = [self._state_of(pick) for pick in self._main.values()]
        answered, skipped = states.count("answered"), states.count("skipped")
        return Progress(self._round, len(states), answered, skipped, self._state == "closed")

    def turn(self, annotator: str, have: str | None = None, ahead: int = 0) -> Turn:
        """Return the row that somebody is asked for: the same until it is answered.

        Parameters
        ----------
        annotator : str
            Who asks.
        have : str, optional
            The row that they say they have, as before this server was started anew.
        ahead : int
            How many rows to keep ready for them behind it.
        """
        self.leases.touch(annotator)
        rows = list(islice(self._rows_for(annotator, have), 1 + min(ahead, MOST_AHEAD)))
        for place, row in enumerate(rows):
            self.leases.take(row, annotator, shown=place == 0)
        if not rows:
            return Turn(None, [])
        return Turn(self.pick_for(rows[0], annotator), rows[1:])

    def pick_for(self, row: str, annotator: str) -> Pick | None:
        """Return the pick by which somebody is asked for a row: as a second person, or as the first."""
        again = row in self._again and self._second(row, annotator)
        return self._again[row] if again else self._main.get(row) or self._again.get(row)

    def answered(self, row: str) -> None:
        """Take a row back from whoever had it."""
        self.leases.give_back(row)

    def answer_of(self, row: str, annotator: str) -> Event | None:
        """Return what somebody stands by, of any row."""
        return fold(self._store.events_of([row]), self.spec).current.get((row, annotator))

    def _rows_for(self, annotator: str, have: str | None) -> Iterator[str]:
        """Yield rows for somebody: what they have, what waits for a second person, and the round in its order."""
        wanted = dict.fromkeys(row for row in self._again if self._second(row, annotator))
        wanted |= dict.fromkeys(row for row, pick in self._main.items() if self._state_of(pick) == "open")
        own = self.leases.of(annotator)
        first = [have] if have and self._free(have, annotator) else []
        # What was on the screen comes before what was kept ready.
        first += sorted(own, key=lambda row: not (held := self.leases.holder(row)) or not held.shown)
        given = dict.fromkeys(row for row in first if row in wanted)
        yield from given
        others = [row for row in wanted if row not in given]
        yield from (row for row in others if self._free(row, annotator))
        if not given and not any(self._free(row, annotator) for row in others):
            # Nothing else is left: take one that somebody keeps ready and doesn't see yet.
            kept = (row for row in others if (held := self.leases.holder(row)) is not None and not held.shown)
            yield from list(kept)[-1:]

    def _free(self, row: str, annotator: str) -> bool:
        held = self.leases.holder(row)
        return held is None or held.annotator == annotator

    def _second(self, row: str, annotator: str) -> bool:
        """Return whether somebody is to label a row after somebody else."""
        said = self._said.get(row, {})
        others = sum(event.kind != "skip" for who, event in said.items() if who != annotator)
        return annotator not in said and 0 < others < PEOPLE

    def _state_of(self, pick: Pick) -> str:
        events: Iterable[Event] = self._said.get(pick.row, {}).values()
        if pick.share in ASKED_AGAIN:
            events = [event for event in events if event.payload.get("round") == pick.round]
        kinds = {event.kind for event in events}
        return "open" if not kinds else "skipped" if kinds == {"skip"} else "answered"

    def _open(self, number: int) -> None:
        store = self._store
        self.spec = store.spec
        self._main = {pick.row: pick for pick in store.picks(number) if pick.share != "overlap"}
        self._again = {pick.row: pick for pick in store.picks_of("overlap")}
        self.leases.clear()
        self._said = {}
        self._round, self._state = number, store.round(number).state
        self._position = store.position
        self._read({*self._main, *self._again})

    def _read(self, rows: set[str]) -> None:
        if not rows:
            return
        current: Mapping[tuple[str, str], Event] = fold(self._store.events_of(rows), self.spec).current
        for row in rows:
            self._said.pop(row, None)
        for (row, annotator), event in current.items():
            self._said.setdefault(row, {})[annotator] = event

    def _settle(self) -> None:
        """Close the round where enough of it is answered."""
        if self._state == "closed":
            return
        holding = [pick for pick in self._main.values() if pick.share not in ASKED_AGAIN]
        done = sum(self._state_of(pick) != "open" for pick in holding)
        close = self.spec.round.close
        if done >= close * len(holding) - 1e-9 and (last := settle(self._store)) is not None:
            self._state = last.state
