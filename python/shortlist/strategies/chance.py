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

    Parameters
    ----------
    classifier : learner
        Its ``random_state`` rules the draw where none is given.
    X : rows
        The pool: an array, memory map, sparse matrix, frame, list, tensor or dict of arrays.
    n_instances : int, default=1
        How many rows to draw, from 0 to those of the pool.
    random_tie_break : bool, default=True
        Accepted for the sake of the common signature, and not looked at.
    random_state : int, RandomState, Generator or None, default=None
        Rules the draw; None is the learner's own, or without one NumPy's global state.

    Returns
    -------
    indices : ndarray of int64, shape (n_instances,)
        Positions in the pool, in the order drawn.
    scores : ndarray of float32, shape (n_instances,)
        All zero: no row is better than another.

    Raises
    ------
    ArgumentError
        `n_instances` is not an integer of 0 or more.
    PoolTooSmallError
        The pool has fewer rows.

    Examples
    --------
    >>> import numpy as np, shortlist as sl
    >>> indices, _ = sl.random_sampling(None, np.zeros((1000, 4)), 10, random_state=0)
    >>> len(set(indices.tolist()))
    10
    """
    del random_tie_break
    rows = count(X)
    wanted = check_count(n_instances, rows)
    same = np.zeros(rows, dtype=np.float32)
    return best(same, wanted, random_tie_break=True, random_state=randomness.of(classifier, random_state))
