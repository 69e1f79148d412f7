"""What a process holds, and whether that grows."""

from __future__ import annotations

import ctypes
import gc
import os
import re
import resource
import sys
import tempfile
from pathlib import Path

PAGE = os.sysconf("SC_PAGE_SIZE")
LOOSE = {"used": 1 << 20, "objects": 3000, "threads": 0, "files": 0}
"""What each may grow by from the first third of a run to its last. The memory that a process has is none of them: an allocator
with a pool for each thread keeps free pieces, 30 MiB of them and more, while what is in use stays."""
WARM = 0.2
"""The share of a run that is not looked at: imports, caches and the allocator's first pieces."""


def held(process: int | str = "self") -> dict[str, int]:
    """Return the memory in bytes, the threads and the open files of a process.

    Of this one also the bytes that are in use of what the C library gave, and the objects of Python.
    """
    own = {}
    if process == "self":
        gc.collect()
        own = {"used": used(), "objects": sys.getallocatedblocks()}
    place = Path("/proc") / str(process)
    return {
        **own,
        "memory": int((place / "statm").read_text().split()[1]) * PAGE,
        "threads": len(os.listdir(place / "task")),
        "files": len(os.listdir(place / "fd")),
    }


def used() -> int:
    """Return the bytes in use of all that malloc has, by glibc's own account; 0 with another C library."""
    libc = ctypes.CDLL(None)
    if not hasattr(libc, "malloc_info"):
        return 0
    libc.fopen.restype = ctypes.c_void_p
    with tempfile.NamedTemporaryFile() as told:
        stream = ctypes.c_void_p(libc.fopen(os.fsencode(told.name), b"w"))
        libc.malloc_info(0, stream)
        libc.fclose(stream)
        said = told.read().decode()
    whole = said[said.rindex("</heap>") :]
    free, mapped = (
        sum(int(size) for size in re.findall(rf'<total type="(?:{kinds})" count="\d+" size="(\d+)"', whole))
        for kinds in ("fast|rest", "mmap")
    )
    found = re.search(r'<system type="current" size="(\d+)"', whole)
    return (int(found[1]) if found else 0) - free + mapped


def limit_memory(more: int) -> None:
    """Let this process map so many bytes more than it does."""
    mapped = int(Path("/proc/self/statm").read_text().split()[0]) * PAGE
    resource.setrlimit(resource.RLIMIT_AS, (mapped + more, mapped + more))


def growth(samples: list[dict[str, int]]) -> list[str]:
    """Return what grows: the least of a run's last third lies above the most of its first, warming up left out."""
    warm = samples[int(WARM * len(samples)) :]
    third = len(warm) // 3
    if third < 3:
        return []
    found = []
    for what, loose in LOOSE.items():
        if what not in warm[0]:
            continue
        before, after = [sample[what] for sample in warm[:third]], [sample[what] for sample in warm[-third:]]
        if min(after) > max(before) + loose:
            found.append(f"{what} grow: from {max(before):,} at most to {min(after):,} at least")
    return found


def slope(samples: list[dict[str, int]], what: str, by: str) -> float:
    """Return by how much one thing rises with another, by least squares, warming up left out."""
    warm = samples[int(WARM * len(samples)) :]
    if len(warm) < 2:
        return 0.0
    xs, ys = [sample[by] for sample in warm], [sample[what] for sample in warm]
    middle, level = sum(xs) / len(xs), sum(ys) / len(ys)
    spread = sum((x - middle) ** 2 for x in xs)
    return sum((x - middle) * (y - level) for x, y in zip(xs, ys, strict=True)) / spread if spread else 0.0
