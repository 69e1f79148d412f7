"""Peak memory beyond the input, each competitor in its own process over the same mapped file."""

from __future__ import annotations

import subprocess
import sys
import warnings
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from shortlist.benchmarking import peak
from shortlist.benchmarking.registry import made
from shortlist.benchmarking.tasks import OURS, rival_task
from shortlist.by_name import pick

if TYPE_CHECKING:
    from collections.abc import Sequence


CHILD = "from shortlist.benchmarking.memory import main; main()"


def peaks(path: str, k: int, who: str, strategies: Sequence[str], *, from_logits: bool, threads: int) -> dict[str, int]:
    """Return the peak of each strategy above where it began, in bytes; empty where unknown.

    `who` is Shortlist, or where the class of a rival is (`registry.origin`).
    """
    words = [who, path, str(k), str(int(from_logits)), str(threads), *strategies]
    try:
        return peak.phases(["-c", CHILD, *words])
    except subprocess.CalledProcessError:
        return {}


def child(who: str, path: str, k: int, from_logits: bool, threads: int, strategies: Sequence[str]) -> None:
    """In that process: warm up on a few rows, then run each strategy as a phase."""
    x: Any = np.load(path, mmap_mode="r")
    few = np.array(x[: max(10 * k, 1000)])
    if who == OURS:
        options = {"from_logits": from_logits, "temperature": 1.0, "normalize": "check", "n_threads": threads}
        for name in strategies:
            pick(name, few, min(k, len(few)), None, 0, options)
            peak.phase(name, partial(pick, name, x, k, None, 0, options))
        return
    rival = made(who)
    for name in strategies:
        for pool in (few, x):
            rival.setup(pool, threads)
            if not rival.has(name):
                break
            task = rival_task(rival, name, min(k, len(pool)))
            if pool is few:
                task()
            else:
                peak.phase(name, task)


def main() -> None:
    """Be that process."""
    warnings.simplefilter("ignore")
    who, path, k, from_logits, threads, *strategies = sys.argv[1:]
    child(who, path, int(k), from_logits == "1", int(threads), strategies)
