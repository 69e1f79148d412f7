"""The one thread that hands out rows and takes answers in:
many answers that come at once go to disk together.
"""

from __future__ import annotations

import asyncio
import functools
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, NamedTuple

from shortlist.loop.page.asking import Asking
from shortlist.loop.page.posts import PostError
from shortlist.loop.page.taking import take
from shortlist.loop.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from typing import TypeVar

    from shortlist.loop.page.asking import Progress, Turn
    from shortlist.loop.page.posts import Post
    from shortlist.loop.page.taking import Taken
    from shortlist.loop.spec import Spec
    from shortlist.loop.store import Event, Pick

    T = TypeVar("T")

MOST_AT_ONCE = 200
"""Answers that one transaction takes in."""


class Looked(NamedTuple):
    """A row that somebody looks at again: its last pick, and what they stand by."""

    pick: Pick
    answer: Event | None


class Desk:
    """Rows out and answers in, for any number of people at once.

    All that touches the store is done in one thread of its own, so that nothing has to be locked;
    answers that came while others were written go together into the next transaction, and each is
    acknowledged once it is on disk.

    Parameters
    ----------
    folder : Path
        The loop's.
    """

    def __init__(self, folder: Path) -> None:
        self._thread = ThreadPoolExecutor(1, "desk")
        self._store = Store.open(folder)
        self._asking = Asking(self._store)
        self._waiting: asyncio.Queue[tuple[Post, asyncio.Future[tuple[Taken, Progress]]]] = asyncio.Queue()
        self._writer: asyncio.Task[None] | None = None
        self.changes = asyncio.Event()
        """Set whenever something was taken in."""
        self.through = asyncio.Event()
        """Set when a round is through, once for each: then people wait."""
        self._through = 0

    @property
    def loop_id(self) -> str:
        """What tells the loop from every other one."""
        return self._store.id

    @property
    def spec(self) -> Spec:
        """The specification as it was when the round was opened."""
        return self._asking.spec

    async def open(self) -> None:
        """Begin to take answers in."""
        await self._in_thread(self._asking.refresh)
        self._writer = asyncio.create_task(self._write())

    async def close(self) -> None:
        """Take in what has come, and end."""
        if self._writer is not None:
            await self._waiting.join()
            self._writer.cancel()
        self._thread.shutdown()
        self._store.close()

    async def turn(self, annotator: str, have: str | None, ahead: int) -> tuple[Turn, Progress]:
        """Return the row that somebody is asked for, and how far the round is."""

        def ask() -> tuple[Turn, Progress]:
            self._asking.refresh()
            return self._asking.turn(annotator, have, ahead), self._asking.progress()

        turn, progress = await self._in_thread(ask)
        if turn.pick is None and progress.closed and progress.round != self._through:
            self._through = progress.round
            self.through.set()
            self.changes.set()
        return turn, progress

    async def look(self, row: str, annotator: str) -> Looked | None:
        """Return a row that was picked once, and what somebody said of it; None for any other."""

        def find() -> Looked | None:
            self._asking.refresh()
            pick = self._asking.pick_for(row, annotator)
            if pick is None:
                picks = self._store.picked([row]).get(row)
                if not picks:
                    return None
                pick = picks[-1]
            return Looked(pick, self._asking.answer_of(row, annotator))

        return await self._in_thread(find)

    async def leave(self, annotator: str) -> None:
        """Note that somebody has closed the page."""
        await self._in_thread(lambda: self._asking.leases.leave(annotator))

    async def progress(self) -> Progress:
        """Return how far the round is."""

        def look() -> Progress:
            self._asking.refresh()
            return self._asking.progress()

        return await self._in_thread(look)

    async def take(self, post: Post) -> tuple[Taken, Progress]:
        """Take a post in, and return once it is on disk, with how far the round is then.

        Raises
        ------
        PostError
            It is refused.
        """
        done: asyncio.Future[tuple[Taken, Progress]] = asyncio.get_running_loop().create_future()
        await self._waiting.put((post, done))
        return await done

    async def _write(self) -> None:
        while True:
            batch = [await self._waiting.get()]
            while not self._waiting.empty() and len(batch) < MOST_AT_ONCE:
                batch.append(self._waiting.get_nowait())
            posts = [post for post, _ in batch]
            try:
                found, progress = await self._in_thread(functools.partial(self._take, posts))
            except Exception as error:
                # Each of them is told, and the next ones are taken all the same.
                found = [PostError(f"the answer could not be kept: {error}", 503)] * len(batch)
            for (_, done), taken in zip(batch, found, strict=True):
                if done.cancelled():
                    continue
                if isinstance(taken, PostError):
                    done.set_exception(taken)
                else:
                    done.set_result((taken, progress))
            for _ in batch:
                self._waiting.task_done()
            self.changes.set()

    def _take(self, posts: list[Post]) -> tuple[list[Taken | PostError], Progress]:
        found = take(self._store, self._asking.spec, posts)
        for post, taken in zip(posts, found, strict=True):
            if isinstance(taken, PostError):
                continue
            if post.act == "undo":
                self._asking.leases.take(post.row, post.annotator, shown=True)
            elif taken.new and post.act == "answer" and (post.skip or post.label is not None):
                # Not where one that was taken back since is sent again: the row is on a screen.
                self._asking.leases.give_back(post.row)
        self._asking.refresh()
        return found, self._asking.progress()

    async def _in_thread(self, call: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, call)
