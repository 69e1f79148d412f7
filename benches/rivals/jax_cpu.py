"""JAX on the CPU: one jitted function per measure, unrolled over the columns of narrow rows.

`jax.lax.top_k` is far slower on a CPU than `np.argpartition` on the same memory, which is used.
"""

from __future__ import annotations

import os

os.environ.setdefault("JAX_PLATFORMS", "cpu")

import jax
import jax.numpy as jnp
import numpy as np

from shortlist.benchmarking.rivals import LOWEST, MEASURES

jax.config.update("jax_enable_x64", True)
NARROW = 16


@jax.jit
def least_confident(x: jax.Array) -> jax.Array:
    """1 - max."""
    if x.shape[1] > NARROW:
        return 1 - x.max(axis=1)
    best = x[:, 0]
    for column in range(1, x.shape[1]):
        best = jnp.maximum(best, x[:, column])
    return 1 - best


@jax.jit
def margin(x: jax.Array) -> jax.Array:
    """Running top two, or two maxima per row with the first masked."""
    if x.shape[1] > NARROW:
        where = jnp.argmax(x, axis=1)[:, None]
        rest = jnp.where(jnp.arange(x.shape[1])[None, :] == where, -1, x)
        return x.max(axis=1) - rest.max(axis=1)
    first, second = jnp.maximum(x[:, 0], x[:, 1]), jnp.minimum(x[:, 0], x[:, 1])
    for column in range(2, x.shape[1]):
        p = x[:, column]
        second = jnp.maximum(second, jnp.minimum(first, p))
        first = jnp.maximum(first, p)
    return first - second


@jax.jit
def entropy(x: jax.Array) -> jax.Array:
    """-sum p ln p with 0 ln 0 = 0."""
    if x.shape[1] > NARROW:
        return -jnp.where(x > 0, x * jnp.log(x), 0).sum(axis=1)
    total = jnp.zeros(x.shape[0], x.dtype)
    for column in range(x.shape[1]):
        p = x[:, column]
        total = total - jnp.where(p > 0, p * jnp.log(p), 0)
    return total


KERNELS = {"least_confident": least_confident, "margin": margin, "entropy": entropy}


class Jax:
    """Arrays over the same memory where JAX accepts it, else a copy made in `setup`."""

    name = "JAX"
    fused = False
    cold = False

    def setup(self, x: np.ndarray, n_threads: int) -> None:
        """Hand the pool over; XLA takes all cores it finds."""
        self.x = jax.dlpack.from_dlpack(x) if x.flags.writeable else jnp.asarray(x)

    def has(self, measure: str) -> bool:
        """All three."""
        return measure in MEASURES

    def scores(self, measure: str) -> jax.Array:
        """Run the compiled function and wait for it."""
        return KERNELS[measure](self.x).block_until_ready()

    def top(self, measure: str, scores: jax.Array, k: int) -> np.ndarray:
        """`np.argpartition` on a view of the result."""
        values = np.asarray(scores)
        if measure in LOWEST:
            return np.argpartition(values, k - 1)[:k]
        return np.argpartition(values, len(values) - k)[-k:]
