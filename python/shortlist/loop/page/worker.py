"""A process beside the page: it trains when a model is due and opens the next round,
while people go on labelling.

Each line that it reads makes it look once; what it does and what came of it are lines of JSON. It
ends with the page.
"""

from __future__ import annotations

import json
import os
import queue
import signal
import sys
import threading
import traceback
from typing import TYPE_CHECKING, Any

from shortlist.loop.errors import LoopError
from shortlist.loop.loop import Loop
from shortlist.loop.rounds import settle
from shortlist.loop.store.jobs import is_over

if TYPE_CHECKING:
    from collections.abc import Callable


class Turns:
    """What is to be done in a loop, each time somebody asks."""

    def __init__(self, folder: str, tell: Callable[[dict[str, Any]], None]) -> None:
        self._folder, self._tell = folder, tell

    def look(self) -> None:
        """Train if a model is due, open the next round once the last is closed,
        and tell what was done.
        """
        said: dict[str, Any] = {"doing": None, "done": [], "failed": None, "ended": None}
        try:
            with Loop(self._folder) as loop:
                self._work(loop, said)
                if said["doing"] is None and _is_over(loop):
                    stop = loop.stop()
                    said["ended"] = stop.sentence if stop else "no row is left to ask for"
        except LoopError as error:
            said["failed"] = str(error)
        except Exception as error:  # of an estimator of the user's own, say: people go on labelling
            traceback.print_exc()
            said["failed"] = f"{type(error).__name__}: {error}"
        self._tell(said)

    def _work(self, loop: Loop, said: dict[str, Any]) -> None:
        over = _is_over(loop)
        job = loop._store.job("train")
        if job is not None and not is_over(job):
            # Another process trains, as one of a page that was killed just now: the next round
            # waits for its model.
            said["doing"] = "training"
            return
        if loop.due() and not loop.postponed():
            self._tell({"doing": "training"})
        elif over:
            self._tell({"doing": "opening"})
        try:
            said["done"] = loop.run_once()
        except LoopError as error:
            said["failed"] = str(error)


def _is_over(loop: Loop) -> bool:
    last = settle(loop._store)
    return last is None or last.state == "closed"


def main(folder: str) -> None:
    """Work until standard input ends."""
    # What a training prints must not come between the lines for the page.
    out = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    asked: queue.Queue[None] = queue.Queue()
    threading.Thread(target=_listen, args=(asked,), daemon=True).start()

    def tell(said: dict[str, Any]) -> None:
        out.write(json.dumps(said) + "\n")
        out.flush()

    turns = Turns(folder, tell)
    while True:
        asked.get()
        while not asked.empty():
            asked.get_nowait()
        turns.look()


def _listen(asked: queue.Queue[None]) -> None:
    for _ in sys.stdin:
        asked.put(None)
    # The page has ended, by itself or by a kill: so does all that was begun here.
    if hasattr(os, "killpg") and os.getpgid(0) == os.getpid():
        os.killpg(0, signal.SIGKILL)
    os._exit(0)


if __name__ == "__main__":
    main(sys.argv[1])
