"""Which row is whose turn: the rows of the round that is out,
and those that a second person is to label.
"""

from __future__ import annotations

from collections import Counter
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

    What it knows of answers is brought up to date by the events that came since, so that asking
    costs the same in a loop of a hundred answers and of a million.
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
        # What follows from these, kept up to date with them: asking must not go through a whole
        # round.
        self._states: dict[str, str] = {}
        self._open_rows: dict[str, None] = {}
        self._half: dict[str, None] = {}
        self._counts: Counter[str] = Counter()
        self._holding: Counter[str] = Counter()
        self._holders = 0

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
        answered, skipped = self._counts["answered"], self._counts["skipped"]
        return Progress(self._round, len(self._main), answered, skipped, self._state == "closed")

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
        """Return the pick by which somebody is asked for a row:
        as a second person, or as the first.
        """
        again = row in self._again and self._second(row, annotator)
        return self._again[row] if again else self._main.get(row) or self._again.get(row)

    def answered(self, row: str) -> None:
        """Take a row back from whoever had it."""
        self.leases.give_back(row)

    def answer_of(self, row: str, annotator: str) -> Event | None:
        """Return what somebody stands by, of any row."""
        return fold(self._store.events_of([row]), self.spec).current.get((row, annotator))

    def _rows_for(self, annotator: str, have: str | None) -> Iterator[str]:
        """Yield rows for somebody: what they have, what waits for a second person,
        and the round in its order.
        """
        wanted = dict.fromkeys(row for row in self._half if self._second(row, annotator))
        wanted |= self._open_rows
        own = self.leases.of(annotator)
        first = [have] if have and self._free(have, annotator) else []
        # What was on the screen comes before what was kept ready.
        first += sorted(own, key=lambda row: not (held := self.leases.holder(row)) or not held.shown)
        given = dict.fromkeys(row for row in first if row in wanted)
        yield from given
        others = [row for row in wanted if row not in given]
        yield from (row for row in others if self._free(row, annotator))
        if not given and not any(self._free(row, annotator) for row in others):
            # Nothing else is left, and nobody is to wait for somebody who may have gone.
            spare = self.leases.spare(others)
            yield from [] if spare is None else [spare]

    def _free(self, row: str, annotator: str) -> bool:
        held = self.leases.holder(row)
        return held is None or held.annotator == annotator

    def _second(self, row: str, annotator: str) -> bool:
        """Return whether somebody is to label a row after somebody else: two people do."""
        return row in self._half and annotator not in self._said[row]

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
        self._said, self._states, self._half = {}, {}, {}
        self._open_rows = dict.fromkeys(self._main)
        self._counts, self._holding = Counter(), Counter()
        self._holders = sum(pick.share not in ASKED_AGAIN for pick in self._main.values())
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
        reopened = False
        for row in rows:
            reopened |= self._enter(row)
        if reopened:  # they come back in the order of the round
            self._open_rows = {row: None for row in self._main if self._states.get(row, "open") == "open"}

    def _enter(self, row: str) -> bool:
        """Note what a row has come to; return whether it is open again."""
        said = self._said.get(row, {})
        labels = sum(event.kind != "skip" for event in said.values())
        if row in self._again and labels == 1:
            self._half[row] = None
        else:
            self._half.pop(row, None)
        pick = self._main.get(row)
        if pick is None:
            return False
        before, after = self._states.get(row, "open"), self._state_of(pick)
        self._states[row] = after
        for counts in (self._counts, *([] if pick.share in ASKED_AGAIN else [self._holding])):
            counts[before] -= 1
            counts[after] += 1
        if after != "open":
            self._open_rows.pop(row, None)
        return after == "open" != before

    def _settle(self) -> None:
        """Close the round where enough of it is answered."""
        if self._state == "closed":
            return
        done = self._holding["answered"] + self._holding["skipped"]
        if done >= self.spec.round.close * self._holders - 1e-9 and (last := settle(self._store)) is not None:
            self._state = last.state
