"""A loop that is read in a thread of its own, so that no answer waits for it."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from shortlist.loop.loop import Loop

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from typing import TypeVar

    T = TypeVar("T")


class Reader:
    """A loop, opened anew with each round, as its pool and specification may have changed then.

    Parameters
    ----------
    folder : Path
        The loop's.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._thread = ThreadPoolExecutor(1, type(self).__name__.lower())
        self._loop: Loop | None = None
        self._round = -1

    def close(self) -> None:
        """Close the loop."""
        self._thread.shutdown()
        if self._loop is not None:
            self._loop.close()

    def _opened(self, number: int) -> Loop:
        """Return the loop, where `number` is the round that is out."""
        if self._loop is None or number != self._round:
            if self._loop is not None:
                self._loop.close()
            self._loop, self._round = Loop(self._folder), number
            self._renewed()
        return self._loop

    def _renewed(self) -> None:
        """Forget what was kept of the loop before."""

    async def _in_thread(self, call: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, call)
