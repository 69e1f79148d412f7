"""Pools for the suites of pytest-benchmark: small enough that all of them run in a minute or two."""

from __future__ import annotations

import numpy as np
import pytest

from shortlist.benchmarking import data

NUMBERS = 2_000_000
"""Numbers in a pool of model output: 8 MB of float32."""


@pytest.fixture(scope="session")
def probs():
    """`probs(classes, dtype)`: probabilities spread evenly over the simplex, made once."""
    return pools_of("dirichlet")


@pytest.fixture(scope="session")
def logits():
    """`logits(classes, dtype)`: normal logits."""
    return pools_of("logits")


def pools_of(kind):
    made: dict[tuple[int, str], np.ndarray] = {}

    def pool(classes: int, dtype: str = "float32") -> np.ndarray:
        if (classes, dtype) not in made:
            made[classes, dtype] = data.fill(np.empty((NUMBERS // classes, classes), dtype), kind)
        return made[classes, dtype]

    return pool


@pytest.fixture(scope="session")
def embeddings():
    """20,000 rows of 64 features in 100 loose clusters."""
    rng = np.random.default_rng(0)
    near = rng.standard_normal((100, 64), dtype=np.float32)[rng.integers(100, size=20_000)]
    return near + 0.5 * rng.standard_normal(near.shape, dtype=np.float32)
