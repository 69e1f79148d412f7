"""A real limit on memory, page cache included: a control group of one's own.

An address-space limit (`ulimit -v`) counts maps that are never touched, and the kernel ignores limits on resident memory
(`ulimit -m`), so only a control group will do.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path("/sys/fs/cgroup")


@dataclass
class Limit:
    """How to run a command inside the limit, and what the kernel counted."""

    how: str
    prefix: list[str]
    group: Path | None = None

    def reclaimed(self) -> int | None:
        """How often the limit was reached."""
        with contextlib.suppress(OSError, ValueError, StopIteration):
            if self.group and (self.group / "memory.failcnt").exists():
                return int((self.group / "memory.failcnt").read_text())
            if self.group:
                lines = (self.group / "memory.events").read_text().splitlines()
                return int(next(line.split()[1] for line in lines if line.startswith("max ")))
        return None


@contextlib.contextmanager
def limited(n_bytes: int) -> Iterator[Limit]:
    """Make a control group of so much memory, or say in `how` that there is none."""
    for make in (_group, _systemd):
        with contextlib.ExitStack() as stack:
            try:
                limit = stack.enter_context(make(n_bytes))
            except (OSError, subprocess.CalledProcessError, StopIteration):
                continue
            yield limit
            return
    yield Limit("no limit: this system lets us make no control group", [])


@contextlib.contextmanager
def _group(n_bytes: int) -> Iterator[Limit]:
    lines = [line.split(":", 2) for line in Path("/proc/self/cgroup").read_text().splitlines()]
    old = next((place for _, kind, place in lines if "memory" in kind.split(",")), None)
    parent = ROOT / "memory" / old.lstrip("/") if old else ROOT / next(p for _, k, p in lines if not k).lstrip("/")
    group = Path(tempfile.mkdtemp(prefix="shortlist-bench-", dir=parent))
    try:
        (group / ("memory.limit_in_bytes" if old else "memory.max")).write_text(str(n_bytes))
        version = "v1" if old else "v2"
        procs = group / "cgroup.procs"
        enter = ["sh", "-c", f'echo $$ > "{procs}" && exec "$@"', "sh"]
        subprocess.run([*enter, "true"], check=True, stderr=subprocess.DEVNULL)
        yield Limit(f"control group ({version})", enter, group)
    finally:
        group.rmdir()


@contextlib.contextmanager
def _systemd(n_bytes: int) -> Iterator[Limit]:
    if not shutil.which("systemd-run"):
        raise FileNotFoundError("systemd-run")
    user = [] if os.geteuid() == 0 else ["--user"]
    prefix = ["systemd-run", *user, "--scope", "--quiet", "-p", f"MemoryMax={n_bytes}"]
    subprocess.run([*prefix, "true"], check=True, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    yield Limit("systemd scope", prefix)
