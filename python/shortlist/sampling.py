"""sample(): rows drawn at random."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from shortlist.arguments import Exclusion, whole
from shortlist.pools import open_pool
from shortlist.selector import Selector

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from shortlist.arguments import RandomState
    from shortlist.selection import Selection


def sample(
    pool: int | ArrayLike,
    k: int,
    *,
    random_state: RandomState = None,
    exclude: Any = None,
    strict: bool = True,
) -> Selection:
    """Draw k rows at random without replacement: uniformly, or in proportion to weights.

    Parameters
    ----------
    pool : int or array-like, shape (rows,)
        Number of rows, all equally likely; or a weight of at least 0 for each row. A row of weight
        0 is never drawn.
    k : int
        Rows to draw.
    random_state : int, numpy Generator or RandomState, optional
        Seed; by default a fresh one, which the report names.
    exclude : array of int, set, Selection, Positions, or mask of bool, optional
        Ids never to draw, each once, or a mask over all rows.
    strict : bool
        Whether it is an error to find fewer than k rows; otherwise all there are get drawn.

    Returns
    -------
    Selection
        ``.indices`` in the order drawn. ``.scores`` are the weights, or where all rows are equally
        likely the random number in [0, 1) behind each draw.

    Raises
    ------
    ValueError, TypeError
        One sentence that names the argument, what came and what is accepted.

    Notes
    -----
    The exact law of drawing one row after the other (Efraimidis & Spirakis 2006), in O(rows) time
    and O(k) memory. What is drawn depends on the seed and the rows' ids alone.

    Examples
    --------
    >>> import shortlist as sl
    >>> len(sl.sample(1_000_000, k=5, random_state=0))
    5
    >>> sorted(sl.sample([0.0, 2.0, 0.5], k=2, random_state=0).indices.tolist())
    [1, 2]
    """
    array = np.asarray(pool)
    if array.ndim == 0:
        rows = whole(pool, "pool")
        weights = None
    elif array.ndim == 1 and array.dtype.kind in "fiu":
        rows = len(array)
        weights = array if array.dtype in (np.float32, np.float64) else array.astype(np.float64)
    else:
        raise TypeError(
            f"pool has dtype {array.dtype} and shape {array.shape}; accepted are a number of rows and one weight for each row"
        )
    if not rows:
        raise ValueError("pool is empty: it has no rows; at least one is needed")
    exclusion = Exclusion(exclude, rows)
    options: dict[str, Any] = {"random_state": random_state, "exclude": exclusion.ids, "strict": strict}
    if weights is None:
        selector = Selector("random", k, **options).update_count(rows, exclusion)
    else:
        selector = Selector(weight_of, k, order="highest", perturb="power", **options)
        selector.update_pool(open_pool(weights[:, None], name="pool"), exclusion)
    return replace(selector.finish(), measure="random" if weights is None else "weight")


def weight_of(block: NDArray[Any]) -> NDArray[Any]:
    """Return the one column of a block: scores that are given rather than computed."""
    column: NDArray[Any] = block[:, 0]
    return column
