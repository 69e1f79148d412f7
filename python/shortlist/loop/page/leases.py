"""Who has which row on the screen, so that two people are not asked for the same one."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

STAY = 600.0
"""Seconds after which a row comes back from somebody who has shown no sign of life."""
LONG = 60.0
"""Seconds after which a row that somebody has may go to another who has nothing else to do."""
LEAVE = 15.0
"""Seconds after which it comes back from somebody who has left:
long enough for a page that is loaded again.
"""


@dataclass
class Lease:
    """A row that somebody has from one time until another;
    `shown` unless it is kept ready for later.
    """

    annotator: str
    since: float
    until: float
    shown: bool


class Leases:
    """Rows by who has them. They are advice: an answer to a row that somebody else
    has is taken all the same.

    Parameters
    ----------
    clock : callable
        Returns seconds that only ever grow.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._of_row: dict[str, Lease] = {}

    def of(self, annotator: str) -> list[str]:
        """Return the rows that somebody has, the first one first."""
        return [row for row, lease in self._live().items() if lease.annotator == annotator]

    def holder(self, row: str) -> Lease | None:
        """Return who has a row."""
        lease = self._of_row.get(row)
        return lease if lease is not None and lease.until > self._clock() else None

    def take(self, row: str, annotator: str, *, shown: bool) -> None:
        """Give a row to somebody, whoever had it."""
        now, lease = self._clock(), self.holder(row)
        if lease is None or lease.annotator != annotator:
            self._of_row.pop(row, None)  # its place in the order is that of who has it now
            lease = self._of_row[row] = Lease(annotator, now, now, shown)
        if shown and not lease.shown:
            lease.since = now
        lease.until, lease.shown = now + STAY, shown

    def spare(self, rows: Iterable[str]) -> str | None:
        """Return the row that its holder would miss least:
        one they don't see yet, or have had for long.
        """
        held = [(row, lease) for row in rows if (lease := self.holder(row)) is not None]
        unseen = [row for row, lease in held if not lease.shown]
        if unseen:
            return unseen[-1]
        old = [(lease.since, row) for row, lease in held if lease.since <= self._clock() - LONG]
        return min(old)[1] if old else None

    def give_back(self, row: str) -> None:
        """Take a row back, as it was answered."""
        self._of_row.pop(row, None)

    def touch(self, annotator: str) -> None:
        """Note a sign of life."""
        until = self._clock() + STAY
        for lease in self._live().values():
            if lease.annotator == annotator:
                lease.until = until

    def leave(self, annotator: str) -> None:
        """Note that somebody has closed the page: what they had comes back soon."""
        until = self._clock() + LEAVE
        for row in self.of(annotator):
            lease = self._of_row[row]
            lease.until = min(lease.until, until)

    def clear(self) -> None:
        """Forget all, as a new round is out."""
        self._of_row.clear()

    def _live(self) -> dict[str, Lease]:
        now = self._clock()
        self._of_row = {row: lease for row, lease in self._of_row.items() if lease.until > now}
        return self._of_row
