"""The page's side of the process that trains: asks it to look whenever something has changed,
and hears what it does.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import sys
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

SOON = 1.0
"""Seconds between two looks, at least."""
LATER = 30.0
"""Seconds after which it looks although nothing has changed:
days pass, and others work on the loop too.
"""
SHARE = 4
"""A look that found nothing to do is followed by a rest of so many times its length."""
LONGEST_LINE = 1 << 20
NICE = 5


class Crew:
    """Keeps the process that trains, and what is known of it.

    Attributes
    ----------
    doing : {"starting", "training", "opening"} or None
        What is going on.
    failed : str or None
        Why the last look has failed.
    ended : str or None
        Why no round is opened any more.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._process: asyncio.subprocess.Process | None = None
        self.doing: str | None = "starting"
        self.failed: str | None = None
        self.ended: str | None = None

    async def keep(self, changes: asyncio.Event, hurry: asyncio.Event) -> None:
        """Run until cancelled: look when `changes` is set, soon, and at once when `hurry` is."""
        pause = SOON
        try:
            while True:
                before = time.monotonic()
                await self._run(changes, hurry)
                self.failed = self.failed or "the process that trains has ended, and is started again"
                self.doing = None
                # One that dies at once is not started over and over.
                pause = SOON if time.monotonic() - before > LATER else min(2 * pause, LATER)
                await asyncio.sleep(pause)
        finally:
            self.stop()

    def stop(self) -> None:
        """End the process and all that it has begun."""
        process, self._process = self._process, None
        if process is None or process.returncode is not None:
            return
        with contextlib.suppress(ProcessLookupError):
            if hasattr(os, "killpg"):
                os.killpg(process.pid, signal.SIGKILL)
            else:
                process.kill()

    async def _run(self, changes: asyncio.Event, hurry: asyncio.Event) -> None:
        command = [sys.executable, "-m", "shortlist.loop.page.worker", str(self._folder.absolute())]
        self._process = process = await asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            limit=LONGEST_LINE,
            start_new_session=True,
        )
        assert process.stdin is not None  # noqa: S101 - a pipe, as asked for
        assert process.stdout is not None  # noqa: S101
        while True:
            changes.clear()
            hurry.clear()
            began = time.monotonic()
            try:
                process.stdin.write(b"look\n")
                await process.stdin.drain()
            except (BrokenPipeError, ConnectionResetError):
                return
            done = await self._hear(process.stdout)
            if done is None:
                return
            if hasattr(os, "setpriority"):
                # Once the first rows are there, people who label come before a training.
                with contextlib.suppress(OSError):
                    os.setpriority(os.PRIO_PROCESS, process.pid, os.getpriority(os.PRIO_PROCESS, 0) + NICE)
            rest = SOON if done else max(SOON, SHARE * (time.monotonic() - began))
            for event, most in ((hurry, rest), (changes, SOON if self.doing else LATER)):
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(event.wait(), most)

    async def _hear(self, stream: asyncio.StreamReader) -> list[str] | None:
        """Follow one look to its end; None where the process has ended."""
        while line := await stream.readline():
            said: dict[str, Any] = json.loads(line)
            self.doing = said["doing"]
            if "done" in said:
                self.failed, self.ended = said["failed"], said["ended"]
                done: list[str] = said["done"]
                return done
        return None
