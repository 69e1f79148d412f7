"""One way to say `random_state`: None, an int, a RandomState or a Generator."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from sklearn.utils import check_random_state

RandomState: TypeAlias = int | np.random.RandomState | np.random.Generator | None


def generator(random_state: RandomState) -> Any:
    """Return what draws; None is NumPy's global state, which ``np.random.seed`` seeds."""
    return random_state if isinstance(random_state, np.random.Generator) else check_random_state(random_state)


def seed(random_state: RandomState) -> int:
    """Return a seed: the int itself, or one drawn from a generator."""
    if isinstance(random_state, int | np.integer):
        return int(random_state)
    source = generator(random_state)
    draw = source.integers if isinstance(source, np.random.Generator) else source.randint
    return int(draw(0, 2**31 - 1))


def of(model: Any, random_state: RandomState) -> RandomState:
    """Return `random_state`, or where it is None that of the learner."""
    return getattr(model, "random_state", None) if random_state is None else random_state
