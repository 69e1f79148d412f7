"""Where the loop stands, and what waits for whoever decides."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from shortlist.loop.page.deciding import to_decide
from shortlist.loop.page.reading import Reader

if TYPE_CHECKING:
    from pathlib import Path

    from shortlist.loop.loop import Loop

OLD = 30.0
"""Seconds after which it is found out again although nothing was written:
triggers may wait for days to pass.
"""


class Standing(Reader):
    """Where the loop stands, found out once for all who ask before something changes."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._last: tuple[object, float, dict[str, Any]] | None = None

    async def status(self, number: int) -> dict[str, Any]:
        """Return what ``status --json`` says, where `number` is the round that is out."""
        return await self._in_thread(lambda: self._status(number))

    async def to_decide(self, number: int) -> dict[str, Any]:
        """Return the rows that wait for whoever decides."""

        def find() -> dict[str, Any]:
            loop = self._opened(number)
            return to_decide(loop._store, loop.spec)

        return await self._in_thread(find)

    def _renewed(self) -> None:
        self._last = None

    def _status(self, number: int) -> dict[str, Any]:
        loop = self._opened(number)
        key = _written(loop)
        if self._last is None or self._last[0] != key or time.monotonic() - self._last[1] > OLD:
            self._last = key, time.monotonic(), loop.status()
        return self._last[2]


def _written(loop: Loop) -> object:
    """Return what changes whenever something is written that a status tells of."""
    tables = ("SELECT max(seq) FROM events", "SELECT max(seq) FROM states", "SELECT max(number) FROM models")
    return [loop._store._database.value(query) for query in (*tables, "SELECT count(*), max(ended) FROM jobs")]
