"""What a process holds, and whether that grows."""

from __future__ import annotations

import gc
import os
import resource
from pathlib import Path

PAGE = os.sysconf("SC_PAGE_SIZE")
LOOSE = {"memory": 4 << 20, "threads": 0, "files": 0}
"""What each may grow by from the first third of a run to its last: memory in bytes, which an allocator gives back in pieces."""
WARM = 0.2
"""The share of a run that is not looked at: imports, caches and the allocator's first pieces."""


def held(process: int | str = "self") -> dict[str, int]:
    """Return the memory in bytes, the threads and the open files of a process."""
    if process == "self":
        gc.collect()
    place = Path("/proc") / str(process)
    return {
        "memory": int((place / "statm").read_text().split()[1]) * PAGE,
        "threads": len(os.listdir(place / "task")),
        "files": len(os.listdir(place / "fd")),
    }


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
