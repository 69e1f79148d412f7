"""How fast this machine reads memory: the limit every one-pass kernel is measured against."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable


def reader() -> tuple[str, Callable[[np.ndarray, int], object]]:
    """A compiled loop that reads every byte of an array, and its name.

    ``shortlist._core.read_all`` if it is there, otherwise the same loop by Numba.
    """
    try:
        from shortlist._core import read_all

        name = "shortlist._core.read_all"
    except ImportError:
        try:
            name, read_all = "Numba sum", numba_reader()
        except ImportError:
            raise SystemExit(
                "benches: nothing to measure read bandwidth with: build shortlist (make build) or install numba"
            ) from None
    return name, lambda x, n_threads: read_all(words(x), n_threads)


def words(x: np.ndarray) -> np.ndarray:
    """The bytes of a contiguous array as 64-bit words."""
    flat = x.reshape(-1).view(np.uint8)
    return flat[: len(flat) // 8 * 8].view(np.uint64)


def numba_reader() -> Callable[[np.ndarray, int], int]:
    """A sum of words in parallel slices, vectorised by LLVM."""
    import numba

    @numba.njit(parallel=True, nogil=True)
    def total(words: np.ndarray, parts: int) -> int:
        sums = np.zeros(parts, dtype=np.uint64)
        size = (len(words) + parts - 1) // parts
        for part in numba.prange(parts):
            here = np.uint64(0)
            for i in range(part * size, min(len(words), (part + 1) * size)):
                here += words[i]
            sums[part] = here
        return sums.sum()

    def read(words: np.ndarray, n_threads: int) -> int:
        numba.set_num_threads(n_threads)
        return int(total(words, n_threads))

    return read
