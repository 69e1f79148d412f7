"""badge(): rows apart in the space of their gradients, drawn in proportion to squared distances."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import numpy as np

from shortlist import _core
from shortlist.arguments import seed_of
from shortlist.diversity.features import Features, among_ids, as_features, picks_of, report_on
from shortlist.options import called, flag
from shortlist.selection import Selection
from shortlist.threads import thread_count

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from shortlist.arguments import Progress, RandomState


def badge(
    probs: Any,
    X: Any,
    k: int,
    *,
    from_logits: bool = False,
    random_state: RandomState = None,
    among: Selection | ArrayLike | None = None,
    dtype: str | None = None,
    strict: bool = True,
    n_threads: int | None = None,
    progress: Progress | None = None,
) -> Selection:
    """Pick rows whose gradients are long and differ from each other (BADGE, Ash et al. 2020).

    The gradient of a row is what its loss would change in the model's last layer if its predicted
    class were right: the outer product of ``p - onehot(argmax p)`` and its features. The longest
    gradient is picked first; every other pick is drawn in proportion to its squared distance to the
    nearest gradient picked before (k-means++).

    Parameters
    ----------
    probs : array-like or path, shape (rows, classes)
        Probabilities that sum to 1 in each row (within 1e-4 for float64, 1e-3 float32, 1e-2
        float16, 3e-2 bfloat16), or with ``from_logits=True`` logits, of which the probabilities are
        never stored. float16, bfloat16, float32 or float64.
    X : array-like or path, shape (rows, features)
        What the last layer saw of each row (its input, an embedding), finite. The same dtypes.
    k : int
        Rows to pick.
    from_logits : bool
        Whether `probs` are logits. Accurate for rows the model is sure of, where probabilities have
        lost their digits.
    random_state : int, numpy Generator or RandomState, optional
        Seed; by default a fresh one, which the report names.
    among : Selection, array of int or mask of bool, optional
        Ids of the rows to pick from; no other row is read. By default all.
    dtype : {None, "bfloat16"}
        Read uint16 as bfloat16.
    strict : bool
        Whether it is an error if there are fewer than k rows; otherwise all are picked.
    n_threads : int, optional
        At most so many threads; by default what affinity and cgroup limits allow.
    progress : callable, optional
        Called about twenty times a second with (rows picked, k).

    Returns
    -------
    Selection
        ``.indices`` in the order drawn. ``.scores`` are squared distances to the nearest gradient
        picked before, for the first pick its squared length. Once all gradients left equal earlier
        picks the lowest ids follow, with score 0; the report counts them.

    Raises
    ------
    ValueError, TypeError
        One sentence that names the argument, what came and what is accepted; of data the first bad
        row.

    Notes
    -----
    Exact, and never an array of rows by classes by features. With A the squared distance of two
    rows' errors ``p - onehot(argmax p)``, H that of their features, and a, a', h, h' the lengths of
    these, the squared distance of the gradients is half of A (h² + h'²) + H (a² + a'²) - A H +
    (a² - a'²) (h² - h'²). One pass over the rows, and after that only rows that may be next are
    compared with the picks: O(rows x (classes + features)) time for k far below the number of rows,
    and 24 bytes a row beside the input. The draws depend on the seed and the rows alone: no number
    of threads changes them.

    See Also
    --------
    kmeans_plus_plus : the same draw over plain features.

    Examples
    --------
    >>> import numpy as np, shortlist as sl
    >>> rng = np.random.default_rng(0)
    >>> logits, X = rng.normal(size=(1000, 4)), rng.normal(size=(1000, 8))
    >>> picks = sl.badge(logits, X, 10, from_logits=True, random_state=0)
    >>> len(picks), len(set(picks.indices.tolist()))
    (10, 10)
    """
    outputs = as_features(probs, "probs", dtype if holds_uint16(probs) else None)
    features = as_features(X, "X", dtype if holds_uint16(X) else None)
    if outputs.rows != features.rows:
        raise ValueError(f"probs has {outputs.rows:,} rows, and X has {features.rows:,}; they must be equal")
    ids = among_ids(among, features.rows)
    k = picks_of(k, features.rows if ids is None else len(ids), strict=strict)
    began, seed, n_threads = time.perf_counter(), seed_of(random_state), thread_count(n_threads)
    indices, squared, _ = _core.badge(
        outputs.array,
        features.array,
        k,
        from_logits=flag(from_logits, "from_logits"),
        seed=seed,
        among=ids,
        bfloat16=(outputs.bfloat16, features.bfloat16),
        n_threads=n_threads,
        progress=called(progress),
    )
    return drawn("badge", indices, squared, [outputs, features], ids, seed, n_threads, began)


def drawn(
    measure: str,
    indices: NDArray[np.int64],
    squared: NDArray[np.float64],
    read: list[Features],
    among: NDArray[np.int64] | None,
    seed: int,
    n_threads: int,
    began: float,
) -> Selection:
    """Return what was drawn by squared distances, with its report."""
    rows = read[0].rows if among is None else len(among)
    filled = int(np.count_nonzero(squared == 0))
    report = report_on(read, rows, began, n_threads, filled=filled, perturb="squared distance", seed=seed)
    return Selection(indices, squared, measure, "highest", report)


def holds_uint16(x: Any) -> bool:
    """Whether `dtype` says how to read an array."""
    return isinstance(x, np.ndarray) and x.dtype == np.uint16
