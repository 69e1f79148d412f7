"""How much memory this process may use, page cache included."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

CGROUPS = Path("/sys/fs/cgroup")


def room() -> int | None:
    """Return the bytes that a file may take in the page cache:
    what is available and control groups allow; None if unknown.
    """
    found = [*_available(), *_limits()]
    return min(found) if found else None


def _available() -> list[int]:
    """Return the bytes that can be had without swapping, where the system tells."""
    with contextlib.suppress(OSError, ValueError, IndexError):
        lines = Path("/proc/meminfo").read_text().splitlines()
        return [int(line.split()[1]) << 10 for line in lines if line.startswith("MemAvailable:")]
    with contextlib.suppress(OSError, ValueError, AttributeError):
        return [os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")]
    return []


def _limits() -> list[int]:
    """Return the limits of the control groups that this process is in, and of those around them."""
    found = []
    with contextlib.suppress(OSError, ValueError):
        for line in Path("/proc/self/cgroup").read_text().splitlines():
            _, kinds, place = line.split(":", 2)
            if kinds and "memory" not in kinds.split(","):
                continue
            top, name = (CGROUPS / "memory", "memory.limit_in_bytes") if kinds else (CGROUPS, "memory.max")
            group = top / place.lstrip("/")
            for folder in (group, *group.parents):
                with contextlib.suppress(OSError, ValueError):
                    found.append(int((folder / name).read_text()))
                if folder == top:
                    break
    return found


def check_room(needed: int, what: str, remedy: str) -> None:
    """Refuse to take more memory than there is; `what` is to take it.

    Raises
    ------
    MemoryError
        Fewer bytes are available.
    """
    free = room()
    if free is not None and needed > free:
        raise MemoryError(f"{what} takes {needed:,} bytes of memory, and {free:,} are available; accepted is {remedy}")
