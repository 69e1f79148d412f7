"""Processes to which something happens at one of their calls that change files.

They are forked from this one, which a small C library watches over.
"""

from __future__ import annotations

import argparse
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
from typing import TYPE_CHECKING, Any

from shortlist.cli.loop.group import MODULES

if TYPE_CHECKING:
    from collections.abc import Callable

IMPORTED = (
    "scipy.sparse", "sklearn.feature_extraction.text", "sklearn.linear_model", "sklearn.utils.validation",
    "shortlist.loop.loop", "shortlist.loop.pool.words", "shortlist.loop.handoff.labels", "shortlist.loop.learning",
    "shortlist.loop.planning", "shortlist.loop.running",
)  # fmt: skip
SOURCE = Path(__file__).with_name("shim.c")
WATCHED = "SHORTLIST_WATCHED_WRITES"
KILL, HALF = -1, -2
"""What may happen at a call, beside an errno that it fails with."""
FINE = (0, 3)
"""What a command of a loop ends with that did something, or had nothing to do."""
CHANGES = "wstndp"
"""Kinds of calls that change what is on disk: others open, close, lock and map."""
KINDS = 1 << 16
"""Calls whose kinds are kept."""


def begin_again_watched(module: str) -> None:
    """Go on in a process whose calls are watched: this module once more, with the library loaded before all others."""
    if os.environ.pop(WATCHED, ""):
        del os.environ["LD_PRELOAD"]
        return
    with tempfile.TemporaryDirectory(prefix="attacks-") as folder:
        library = Path(folder) / "shim.so"
        subprocess.run(["cc", "-O1", "-shared", "-fPIC", "-o", library, SOURCE, "-ldl"], check=True)
        words = [sys.executable, "-m", module, *sys.argv[1:]]
        done = subprocess.run(words, check=False, env={**os.environ, "LD_PRELOAD": str(library), WATCHED: "1"})
    raise SystemExit(done.returncode)


class Ran:
    """A process that was forked to do some work.

    Attributes
    ----------
    code : int or None
        How it ended: its exit code, -9 where it was killed, None while it runs.
    """

    def __init__(
        self,
        work: list[str] | Callable[[], object],
        said: Path,
        folder: Path,
        at: int = 0,
        what: int = KILL,
        log: Path | None = None,
    ) -> None:
        """Run ``shortlist loop WORDS`` or a function, which prints to a file.

        Something happens at call number `at` that changes what is in the folder, unless that is 0. All of these calls
        are written down in `log`.
        """
        self.words, self._said = work if isinstance(work, list) else [work.__name__], said
        self.code: int | None = None
        self._count = mmap.mmap(-1, 8 + KINDS)
        said.write_bytes(b"")
        sys.stdout.flush()
        self.process = os.fork()
        if not self.process:
            self._work(work, folder, at, what, log)

    def _work(self, work: list[str] | Callable[[], object], folder: Path, at: int, what: int, log: Path | None) -> None:
        code = 70
        try:
            out = os.open(self._said, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
            os.dup2(out, 1)
            os.dup2(out, 2)
            trace = -1 if log is None else os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
            address = ctypes.c_void_p(ctypes.addressof(ctypes.c_long.from_buffer(self._count)))
            place = os.path.realpath(folder).encode()
            ctypes.CDLL(None).watch(place, ctypes.c_long(at), what, address, ctypes.c_long(KINDS), trace)
            if isinstance(work, list):
                from shortlist.cli.loop import loop_command

                loop_command.main(work, "shortlist loop")
            else:
                work()
                code = 0
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
    def calls(self) -> int:
        """How many calls it made that change files."""
        return int.from_bytes(self._count[:8], sys.byteorder)

    @property
    def kinds(self) -> str:
        """The kind of each, as a letter."""
        return self._count[8 : 8 + min(self.calls, KINDS)].decode()

    @property
    def said(self) -> str:
        """What it printed."""
        return self._said.read_text(errors="replace")


def given_to(module: str, about: str, every: str, **more: dict[str, Any]) -> argparse.Namespace:
    """Return the options of an attack on the commands of a loop, once its calls are watched and all is imported."""
    parser = argparse.ArgumentParser(description=about)
    parser.add_argument("--every", type=int, default=1, help=every)
    parser.add_argument("--journal", choices=["wal", "delete"], default="wal", help="of the database")
    for name, how in more.items():
        parser.add_argument(f"--{name.replace('_', '-')}", **how)
    given = parser.parse_args()
    begin_again_watched(module)
    import_all()
    return given


def import_all() -> None:
    """Import all that a command of a loop needs, so that what is forked begins with its work."""
    commands = [f"shortlist.cli.loop.{name}" for name in sorted(set(MODULES.values()))]
    for name in (*IMPORTED, *commands):
        importlib.import_module(name)
