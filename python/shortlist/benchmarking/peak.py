"""Peak memory beyond the input, watched from outside.

The parent polls the child's anonymous resident memory (`RssAnon`), so the pages of a mapped file
do not count, and no interpreter lock can hide a temporary. The child announces its phases.
"""

from __future__ import annotations

import re
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

INTERVAL = 0.001


def phase(name: str, task: Callable[[], object]) -> None:
    """In the child: run a task as a phase the parent measures."""
    for word in ("begin", "end"):
        if word == "end":
            task()
        sys.stdout.write(f"{word} {name}\n")
        sys.stdout.flush()
        sys.stdin.readline()


def anonymous_bytes(pid: int) -> int:
    """Resident anonymous memory of a process; 0 once it is gone."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0
    found = re.search(r"RssAnon:\s+(\d+) kB", status)
    return int(found[1]) * 1024 if found else 0


def phases(arguments: Sequence[str]) -> dict[str, int]:
    """Run `python ARGUMENTS` and give the peak of each phase above where it began, in bytes.

    Empty where the system has no /proc; raises CalledProcessError if the child fails.
    """
    if not Path("/proc/self/status").exists():
        return {}
    command = [sys.executable, *arguments]
    child: Any = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)  # noqa: S603
    highest = 0
    done = threading.Event()

    def watch() -> None:
        nonlocal highest
        while not done.wait(INTERVAL):
            highest = max(highest, anonymous_bytes(child.pid))

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    peaks: dict[str, int] = {}
    start = 0
    try:
        for line in child.stdout:
            word, _, name = line.strip().partition(" ")
            if word == "begin":
                start = highest = anonymous_bytes(child.pid)
            elif word == "end":
                peaks[name] = max(0, max(highest, anonymous_bytes(child.pid)) - start)
            else:
                continue
            child.stdin.write("\n")
            child.stdin.flush()
    finally:
        done.set()
        watcher.join()
        child.stdin.close()
        child.stdout.close()
        code = child.wait()
    if code:
        raise subprocess.CalledProcessError(code, command)
    return peaks
