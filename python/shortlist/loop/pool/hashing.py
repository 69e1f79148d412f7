"""Hashes of ids and of contents, and random numbers made of them:
the same on every machine, in any order of rows.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

_STEP = np.uint64(0x9E3779B97F4A7C15)
_FIRST = np.uint64(0xBF58476D1CE4E5B9)
_SECOND = np.uint64(0x94D049BB133111EB)
_SHIFTS = (np.uint64(30), np.uint64(27), np.uint64(31))


def text_hashes(texts: Iterable[bytes]) -> NDArray[np.uint64]:
    """Return 64 bits of the BLAKE2b hash of each text."""
    digest = b"".join(hashlib.blake2b(text, digest_size=8).digest() for text in texts)
    return np.frombuffer(digest, dtype="<u8").astype(np.uint64)


def vector_hashes(rows: NDArray[Any]) -> NDArray[np.uint64]:
    """Return 64 bits for each row of numbers: equal rows have equal hashes."""
    rows = np.ascontiguousarray(rows)
    width = rows.shape[1] * rows.itemsize
    padded = np.zeros((len(rows), -(-width // 8) * 8), np.uint8)
    padded[:, :width] = rows.view(np.uint8).reshape(len(rows), width)
    words = padded.view("<u8").astype(np.uint64, copy=False)
    found = np.full(len(rows), np.uint64(width))
    for column in range(words.shape[1]):
        found = mixed(found ^ words[:, column])
    return found


def mixed(values: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Return a scrambled copy (splitmix64): each bit depends on all bits of the value."""
    found = values + _STEP
    shifted = np.empty_like(found)
    for shift, factor in zip(_SHIFTS, (_FIRST, _SECOND, None), strict=True):
        np.right_shift(found, shift, out=shifted)
        found ^= shifted
        if factor is not None:
            found *= factor
    return found


def number_of(*parts: object) -> int:
    """Return a seed made of several parts, as a seed, a purpose and the number of a round."""
    text = "\x1f".join(map(str, parts)).encode()
    return int.from_bytes(hashlib.blake2b(text, digest_size=8).digest(), "little")


def uniform(hashes: NDArray[np.uint64], seed: int) -> NDArray[np.float64]:
    """Return a number in [0, 1) for each row: a hash of the seed and of the row's own hash."""
    salted = mixed(hashes ^ mixed(np.array([seed], dtype=np.uint64)))
    return (salted >> np.uint64(11)).astype(np.float64) * 2.0**-53
