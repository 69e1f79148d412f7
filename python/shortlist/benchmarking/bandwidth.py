"""How fast this machine reads memory: the limit every one-pass kernel is measured against."""

from __future__ import annotations

import statistics
import time
from typing import TYPE_CHECKING, Any

import numpy as np

from shortlist._core import read_all

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray


PLAUSIBLE = 1.2
"""The most that a share of read bandwidth can be, with room for noise:
nothing reads faster than what only reads.
"""


def check(n_bytes: int = 400_000_000, rounds: int = 7) -> dict[str, float]:
    """Hold the probe against what NumPy does with the same bytes, on one thread.

    Returns
    -------
    dict
        10^9 bytes read a second by each, ``copy`` writing as many besides: medians of interleaved
        runs.

    Raises
    ------
    RuntimeError
        Where NumPy reads faster by more than a tenth: shares of such a bandwidth would be too
        large.
    """
    x = np.ones(n_bytes // 8)
    target = np.empty_like(x)
    tasks: dict[str, Callable[[], object]] = {
        "probe": lambda: read_all(x, 1),
        "sum": x.sum,
        "bitwise_or": lambda: np.bitwise_or.reduce(x.view(np.uint64)),
        "copy": lambda: np.copyto(target, x),
    }
    seconds: dict[str, list[float]] = {name: [] for name in tasks}
    for _ in range(rounds):
        for name, task in tasks.items():
            start = time.perf_counter()
            task()
            seconds[name].append(time.perf_counter() - start)
    rates = {name: x.nbytes / statistics.median(taken) / 1e9 for name, taken in seconds.items()}
    best = max(rates, key=lambda name: rates[name])
    if rates["probe"] < 0.9 * rates[best]:
        raise RuntimeError(
            f"the bandwidth probe reads {rates['probe']:.1f} GB/s on one thread and NumPy's {best} reads {rates[best]:.1f}: "
            "shares of it would be too large, so none are given"
        )
    return rates


def reader() -> tuple[str, Callable[[Any, int], object]]:
    """Return the name of a compiled loop that reads every byte of an array, and the loop."""
    return "shortlist._core.read_all", lambda x, n_threads: read_all(words(x), n_threads)


def words(x: Any) -> NDArray[np.float64]:
    """Return the bytes of a contiguous array as 64-bit words."""
    flat = x.reshape(-1).view(np.uint8)
    found: NDArray[np.float64] = flat[: len(flat) // 8 * 8].view(np.float64)
    return found
