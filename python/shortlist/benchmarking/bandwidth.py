"""How fast this machine reads memory: the limit every one-pass kernel is measured against."""

from __future__ import annotations

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


def reader() -> tuple[str, Callable[[Any, int], object]]:
    """Return the name of a compiled loop that reads every byte of an array, and the loop."""
    return "shortlist._core.read_all", lambda x, n_threads: read_all(words(x), n_threads)


def words(x: Any) -> NDArray[np.float64]:
    """Return the bytes of a contiguous array as 64-bit words."""
    flat = x.reshape(-1).view(np.uint8)
    found: NDArray[np.float64] = flat[: len(flat) // 8 * 8].view(np.float64)
    return found
