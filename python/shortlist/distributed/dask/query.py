"""query(): the model is asked where the features lie, about rows of a chunk that may be picked."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from shortlist.distributed import states
from shortlist.distributed.dask.asking import computed
from shortlist.distributed.dask.parts import Parts
from shortlist.pools.extras import need

if TYPE_CHECKING:
    from shortlist.selection import Selection
    from shortlist.strategies.answers import Invalid
    from shortlist.strategies.parts import PartQuery, PartState
    from shortlist.strategies.randomness import RandomState


def query(
    model: Any,
    x: Any,
    measure: str,
    k: int,
    *,
    screen: bool = True,
    ties: str = "first",
    random_state: RandomState = None,
    invalid: Invalid = "raise",
) -> Selection:
    """Pick the k rows of a Dask array or dataframe that a fitted model is least sure of.

    What `shortlist.query` picks. The model goes to the workers once, and each chunk becomes the
    state of a selection where it lies.

    Parameters
    ----------
    model : classifier, learner or committee
        Fitted; it is pickled.
    x : dask array of shape (rows, features), or dask dataframe
        Chunks may have any sizes; partitions of a dataframe are given to the model as they are.
    measure, k, screen, ties, random_state, invalid
        As `shortlist.query` takes them; `random_state` is an int, or drawn here.

    Returns
    -------
    Selection
        ``.indices`` are places in the whole array or dataframe. ``report.asked`` is how many rows
        the model was asked about on all workers, ``report.screen`` by which bounds, or why.

    Raises
    ------
    ArgumentError, ValueError, TypeError, AttributeError
        As `shortlist.query`; a bad row is named by its place in its partition.
    NotFittedError
        The model is not fitted.

    Notes
    -----
    One pass over the data; where Dask does not know how many rows a chunk has, ``ties="random"``
    takes one before it. A chunk is asked about whole where it has fewer than 2,000 rows or 8 k.

    Examples
    --------
    >>> import dask.array as da, numpy as np, shortlist as sl
    >>> from shortlist.distributed import dask as sld
    >>> from sklearn.linear_model import LogisticRegression
    >>> X = np.random.default_rng(0).normal(size=(20_000, 3))
    >>> model = LogisticRegression().fit(X[:300], X[:300].argmax(axis=1))
    >>> picks = sld.query(model, da.from_array(X, chunks=(5_000, -1)), "margin", k=10)
    >>> picks == sl.query(model, X, "margin", k=10), picks.report.asked < 1_000
    (True, True)
    """
    from shortlist.strategies.parts import finished, part_query, together

    dask = need("dask", "dask", "shortlist.distributed.dask")
    asked = part_query(measure, k, screen, ties, random_state, invalid)
    pool = Parts(x, committee=False, groups=None)
    if pool.starts is None and "random_state" in asked.how:
        pool.count()
    note, lazy_model = dask.delayed(_note), dask.delayed(model, traverse=False)
    parts = [
        note(asked, lazy_model, block, first, part)
        for part, (block, first) in enumerate(zip(pool.blocks, pool.first_ids(), strict=True))
    ]
    sizes = [] if pool.starts is not None else [dask.delayed(states.rows_of_part)(block) for block in pool.blocks]
    with dask.config.set({"optimization.fuse.delayed": True}):
        whole, *sizes = computed([dask.delayed(_all)(states.tree(parts, dask.delayed(together)), *sizes)])[0]
    picks = finished(asked, whole)
    return replace(picks, indices=pool.places(picks.indices, sizes)) if sizes else picks


def _note(asked: PartQuery, model: Any, block: Any, first_id: int, part: int) -> PartState:
    """Return the state of one chunk: a task."""
    from shortlist.strategies.parts import state_of_part

    try:
        return state_of_part(asked, model, block, np.arange(first_id, first_id + len(block)))
    except ValueError as error:
        raise states.located(error, 0, part) from None


def _all(*found: Any) -> tuple[Any, ...]:
    return found
