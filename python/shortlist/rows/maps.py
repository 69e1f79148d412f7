"""Memory maps: read without keeping in memory what was read."""

from __future__ import annotations

import mmap
from typing import Any

import numpy as np

AT_ONCE = 32
"""Scattered rows read before pages are given back:
each may bring up to 2 MiB of neighbours along.
"""


def is_read_only_map(X: Any) -> bool:
    """Return whether the pages of an array can be given back and read again unchanged."""
    mapping = getattr(X, "_mmap", None)
    read_only = isinstance(mapping, mmap.mmap) and getattr(X, "mode", None) == "r"
    return read_only and hasattr(mmap, "MADV_DONTNEED")


def give_back(X: Any) -> None:
    """Let go of the pages of a read-only map; they are read again from the page cache on demand."""
    if is_read_only_map(X):
        X._mmap.madvise(mmap.MADV_DONTNEED)


def gather(X: Any, positions: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Return scattered rows of a read-only map, a few at a time."""
    out = np.empty((len(positions), *X.shape[1:]), dtype=X.dtype)
    for first in range(0, len(positions), AT_ONCE):
        part = slice(first, first + AT_ONCE)
        out[part] = X[positions[part]]
        give_back(X)
    return out
