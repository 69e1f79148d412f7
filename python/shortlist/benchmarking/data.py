"""Pools of model output, written block by block into one reused buffer.

Only NumPy is used, in threads, so that a pool never depends on what is being measured.

==============  ================================================================================
flat            near-uniform rows, as Dirichlet(100): the model knows nothing
equal           every row a rotation of one near-uniform vector: all entropies agree to rounding,
                so no bound can spare a logarithm; the worst pool for entropy
peaked          one class far ahead in most rows (median probability 0.97), some rows undecided
dirichlet       Dirichlet(1): rows spread evenly over the simplex
logits          normal, standard deviation 3
==============  ================================================================================
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

BLOCK = 1 << 19  # numbers per block: 2 to 4 MiB


class Buffer:
    """One allocation, handed out again and again as (rows, classes) of either dtype."""

    def __init__(self, n_bytes: int) -> None:
        self.raw = np.empty(n_bytes + 64, dtype=np.uint8)
        start = -self.raw.ctypes.data % 64
        self.raw = self.raw[start : start + n_bytes]

    def rows(self, n_rows: int, n_classes: int, dtype: str) -> np.ndarray:
        """Return the first bytes of the buffer as a C-ordered matrix."""
        n_bytes = n_rows * n_classes * np.dtype(dtype).itemsize
        return self.raw[:n_bytes].view(dtype).reshape(n_rows, n_classes)


def normalise(block: np.ndarray) -> None:
    """Divide every row by its sum, in place."""
    ones = np.ones(block.shape[1], dtype=block.dtype)
    inverse = 1 / (block @ ones)
    if block.shape[1] <= 16:  # broadcasting over rows this short is many times slower
        for column in block.T:
            column *= inverse
    else:
        block *= inverse[:, None]


def fill_flat(block: np.ndarray, rng: np.random.Generator) -> None:
    """Rows near 1/C, each entry off by about a tenth of it."""
    rng.standard_normal(dtype=block.dtype, out=block)
    block *= 0.1
    block += 1
    np.maximum(block, 0.1, out=block)
    normalise(block)


def fill_equal(block: np.ndarray, rng: np.random.Generator) -> None:
    """Rotations of one vector, the same one in every block."""
    n_classes = block.shape[1]
    vector = np.empty((1, n_classes), dtype=block.dtype)
    fill_flat(vector, np.random.default_rng(1))
    shift = np.arange(n_classes)
    rotations = vector[0][(shift[:, None] + shift) % n_classes]
    which = rng.integers(n_classes, size=len(block), dtype=np.uint16).astype(np.intp)
    np.take(rotations, which, axis=0, out=block, mode="clip")


def fill_peaked(block: np.ndarray, rng: np.random.Generator) -> None:
    """Exponential noise; one class per row gets 1 to 1000 times the weight of all the rest."""
    n_rows, n_classes = block.shape
    rng.standard_exponential(dtype=block.dtype, out=block)
    lead = n_classes * 10 ** (3 * rng.random(n_rows, dtype=block.dtype))
    winner = rng.integers(n_classes, size=n_rows, dtype=np.uint16)
    block[np.arange(n_rows), winner] += lead
    normalise(block)


def fill_dirichlet(block: np.ndarray, rng: np.random.Generator) -> None:
    """Normalised exponentials."""
    rng.standard_exponential(dtype=block.dtype, out=block)
    normalise(block)


def fill_logits(block: np.ndarray, rng: np.random.Generator) -> None:
    """Independent normal logits."""
    rng.standard_normal(dtype=block.dtype, out=block)
    block *= 3


POOLS: dict[str, Callable[[np.ndarray, np.random.Generator], None]] = {
    "flat": fill_flat,
    "equal": fill_equal,
    "peaked": fill_peaked,
    "dirichlet": fill_dirichlet,
    "logits": fill_logits,
}


def fill(x: np.ndarray, pool: str, seed: int = 0) -> np.ndarray:
    """Overwrite `x` with a pool: the same numbers for the same seed, whatever the threads."""
    rows = max(1, BLOCK // x.shape[1])
    starts = range(0, len(x), rows)

    def one(start: int) -> None:
        rng = np.random.default_rng([seed, start])
        POOLS[pool](x[start : start + rows], rng)

    with ThreadPoolExecutor(os.cpu_count()) as threads:
        list(threads.map(one, starts))
    return x


def clustered(rows: int, features: int, seed: int = 0) -> np.ndarray:
    """Return embeddings in float32: 100 isotropic clusters of half the spread of their centres."""
    rng = np.random.default_rng(seed)
    found = rng.standard_normal((rows, features), dtype=np.float32)
    found *= np.float32(0.5)
    centres = rng.standard_normal((100, features), dtype=np.float32)
    which = rng.integers(100, size=rows)
    for start in range(0, rows, 10_000):
        found[start : start + 10_000] += centres[which[start : start + 10_000]]
    return found
