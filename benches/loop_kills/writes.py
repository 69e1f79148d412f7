"""Processes that end at one of their writes: forked from this one, which a small C library watches over."""

from __future__ import annotations

import ctypes
import importlib
import mmap
import os
import signal
import subprocess
import sys
import tempfile
import traceback
from pathlib import Path

from shortlist.cli.loop.group import MODULES

IMPORTED = (
    "scipy.sparse", "sklearn.feature_extraction.text", "sklearn.linear_model", "sklearn.utils.validation",
    "shortlist.loop.loop", "shortlist.loop.pool.words", "shortlist.loop.handoff.labels", "shortlist.loop.learning",
    "shortlist.loop.planning", "shortlist.loop.running",
)  # fmt: skip
SOURCE = Path(__file__).with_name("writes.c")
WATCHED = "SHORTLIST_WATCHED_WRITES"


def begin_again_watched() -> None:
    """Go on in a process whose writes are watched: this program once more, with the library loaded before all others."""
    if os.environ.pop(WATCHED, ""):
        del os.environ["LD_PRELOAD"]
        return
    with tempfile.TemporaryDirectory(prefix="loop-kills-") as folder:
        library = Path(folder) / "writes.so"
        subprocess.run(["cc", "-O1", "-shared", "-fPIC", "-o", library, SOURCE, "-ldl"], check=True)
        words = [sys.executable, "-m", "benches.loop_kills", *sys.argv[1:]]
        done = subprocess.run(words, check=False, env={**os.environ, "LD_PRELOAD": str(library), WATCHED: "1"})
    raise SystemExit(done.returncode)


class Ran:
    """A process that was forked to run one command of a loop.

    Attributes
    ----------
    code : int or None
        How it ended: its exit code, -9 where it was killed, None while it runs.
    """

    def __init__(self, words: list[str], said: Path, at: int = 0) -> None:
        """Run ``shortlist loop WORDS``, which prints to a file; it ends at its write number `at`, unless that is 0."""
        self.words, self._said = words, said
        self.code: int | None = None
        self._count = mmap.mmap(-1, 8)
        said.write_bytes(b"")
        sys.stdout.flush()
        self.process = os.fork()
        if not self.process:
            self._work(at)

    def _work(self, at: int) -> None:
        code = 70
        try:
            out = os.open(self._said, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
            os.dup2(out, 1)
            os.dup2(out, 2)
            address = ctypes.addressof(ctypes.c_long.from_buffer(self._count))
            ctypes.CDLL(None).count_writes(ctypes.c_long(at), ctypes.c_void_p(address))
            from shortlist.cli.loop import loop_command

            loop_command.main(self.words, "shortlist loop")
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else int(end.code is not None)
        except BaseException:
            traceback.print_exc()
        finally:
            sys.stdout.flush()
            os._exit(code)

    def wait(self) -> int:
        """Return how it ended, once it has."""
        if self.code is None:
            self.code = os.waitstatus_to_exitcode(os.waitpid(self.process, 0)[1])
        return self.code

    def kill(self) -> None:
        """End it now."""
        os.kill(self.process, signal.SIGKILL)

    @property
    def writes(self) -> int:
        """How many calls it made that change files."""
        return int.from_bytes(self._count[:8], sys.byteorder)

    @property
    def said(self) -> str:
        """What it printed."""
        return self._said.read_text(errors="replace")


def import_all() -> None:
    """Import all that a command of a loop needs, so that what is forked begins with its work."""
    commands = [f"shortlist.cli.loop.{name}" for name in sorted(set(MODULES.values()))]
    for name in (*IMPORTED, *commands):
        importlib.import_module(name)
