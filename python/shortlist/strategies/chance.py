"""Rows drawn at random: the seed set, and the baseline every strategy has to beat."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from shortlist.rows import count
from shortlist.strategies import randomness
from shortlist.strategies.choice import best
from shortlist.strategies.errors import check_count

if TYPE_CHECKING:
    from shortlist.strategies.choice import Picks
    from shortlist.strategies.randomness import RandomState


def random_sampling(
    classifier: Any, X: Any, n_instances: int = 1, random_tie_break: bool = True, *, random_state: RandomState = None
) -> Picks:
    """Draw rows uniformly, without asking the model.

    Returns
    -------
    indices : ndarray
    scores : ndarray
        All zero: no row is better than another.
    """
    del random_tie_break
    rows = count(X)
    wanted = check_count(n_instances, rows)
    same = np.zeros(rows, dtype=np.float32)
    return best(same, wanted, random_tie_break=True, random_state=randomness.of(classifier, random_state))
