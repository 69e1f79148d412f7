"""Several threads over one pool: each reads a part, works on it while it is in cache,
and takes the next.
"""

from __future__ import annotations

import threading
from itertools import chain, islice
from typing import TYPE_CHECKING

from shortlist.pools.ahead import FAREWELL, LOOK_UP, started
from shortlist.pools.pool import rows_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from shortlist.pools.pool import Block, Part, Pool


class Crew:
    """The threads of one run over the parts of a pool, each with a reader of its own.

    Attributes
    ----------
    size : int
        How many threads, the calling one among them; no more than there are parts.
    """

    def __init__(self, pool: Pool, parts: Iterable[Part], threads: int, limit: int | None) -> None:
        self._pool, self._limit = pool, limit
        rest = iter(parts)
        first = list(islice(rest, threads))
        self.size = max(1, len(first))
        self._parts = chain(first, rest)
        self._lock = threading.Lock()
        self._stop = False
        self._failed: tuple[int, BaseException] | None = None
        self._done = 0

    def run(self, work: Callable[[int, int, Block], None], told: Callable[[int], None]) -> int:
        """Run `work(member, first row, block)` on every block; return the rows there were.

        The calling thread is member 0, and calls `told(rows done)` between blocks. Parts are begun
        in order; when some fail, the error of the first of them is raised. Where the system gives
        no more threads, those there are read all.
        """

        def act(member: int) -> None:
            self._act(member, work, told if member == 0 else None)

        threads: list[threading.Thread] = []
        try:
            for member in range(1, self.size):
                if (thread := started(act, member)) is None:
                    break
                threads.append(thread)
            act(0)
            for thread in threads:
                while thread.is_alive():
                    thread.join(LOOK_UP)
                    told(self._done)
        finally:
            self._stop = True
            for thread in threads:
                thread.join(FAREWELL)
        if self._failed is not None:
            raise self._failed[1]
        told(self._done)
        return self._done

    def _act(self, member: int, work: Callable[[int, int, Block], None], told: Callable[[int], None] | None) -> None:
        row = 0
        try:
            with self._pool.reader(self._limit) as read:
                while (part := self._next()) is not None:
                    row = part[0]
                    for block in read(part):
                        work(member, row, block)
                        rows = rows_of(block)
                        row += rows
                        self._finished(rows, told)
        except BaseException as error:  # a reader that dies in silence would lose its rows
            if member == 0 and not isinstance(error, Exception):
                raise  # Ctrl-C waits for nobody
            with self._lock:
                self._stop = True
                if self._failed is None or row < self._failed[0]:
                    self._failed = row, error

    def _next(self) -> Part | None:
        # Parts are begun in order, so once one fails all earlier ones have been begun and will be
        # finished.
        with self._lock:
            return None if self._stop else next(self._parts, None)

    def _finished(self, rows: int, told: Callable[[int], None] | None) -> None:
        with self._lock:
            self._done += rows
            self._pool.bytes_read += rows * self._pool.row_bytes
        if told is not None:
            told(self._done)


def crew_of(pool: Pool, threads: int, limit: int | None = None) -> Crew | None:
    """Return so many threads for a pool; None for one thread,
    and where one has to read all rows.
    """
    parts = pool.parts(threads) if threads > 1 else None
    return None if parts is None else Crew(pool, parts, threads, limit)
