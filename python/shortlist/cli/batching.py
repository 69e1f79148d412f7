"""`shortlist select --rule`: rows that differ from each other,
out of those that a measure puts first.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

import shortlist
from shortlist.by_name import DIVERSE, FROM_OUTPUTS, Given, embedded
from shortlist.own_ids import OwnIds, Positions, as_mask
from shortlist.pools import open_pool
from shortlist.selecting import select

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from shortlist.cli.batch_options import Batch
    from shortlist.selection import Selection


def pick(
    source: Any,
    strategy: str,
    k: int,
    batch: Batch,
    *,
    excluded: Any = None,
    labelled: Any = None,
    names: list[Any] | None = None,
    **how: Any,
) -> Selection:
    """Return k rows of a pool, by a rule of distances where one is named;
    labelled rows are never picked again.

    Parameters
    ----------
    source, strategy, k
        As for `select`.
    batch : Batch
        The rule, the embeddings, and how many rows to pick from.
    excluded, labelled
        Rows never to pick, and labelled ones, which a rule keeps away from: by their ids, or by
        their places in the pool.
    names : list, optional
        What rows are called where the pool itself doesn't say.
    how
        Other options of `select`, which reach what the measure puts first.
    """
    closed, missing, near = [np.empty(0, np.int64)], 0, None
    for values, what in ((excluded, "--exclude"), (labelled, "--labelled")):
        if values is not None:
            places, lost = places_of(values, source, names, what)
            closed.append(places)
            missing += lost
            near = places if what == "--labelled" else near
    excluded = Positions(np.unique(np.concatenate(closed))) if len(closed) > 1 else None
    if batch.rule is None:
        picks = select(source, strategy, k, exclude=excluded, **how)
        return replace(picks, report=replace(picks.report, missing_ids=missing))
    rule = batch.rule
    pool = open_pool(source, committee=False, dtype=None)
    if pool.rows is None:
        raise TypeError("the pool is a stream, which can be walked once; accepted are arrays and files")
    X = embedded(batch.embeddings, pool.rows)
    if batch.among is not None and batch.among < k and how.get("strict", True):
        raise ValueError(f"--among is {batch.among:,}; accepted is at least k, {k:,}")
    among: Any = None
    if batch.among is not None or excluded is not None:
        most = pool.rows if batch.among is None else min(batch.among, pool.rows)
        among = np.sort(select(source, strategy, most, exclude=excluded, **{**how, "strict": False}).indices)
    said = outputs_of(source) if rule in FROM_OUTPUTS else source
    options: dict[str, Any] = {
        name: how[name] for name in ("from_logits", "temperature", "normalize", "n_threads") if name in how
    }
    known = None if near is None or not len(near) else np.asarray(X[near])
    rows, more = DIVERSE[rule](Given(said, X, how.get("random_state"), options, known, among))
    more |= {name: how[name] for name in ("strict", "n_threads", "progress") if name in how}
    found: Selection = getattr(shortlist, rule)(*rows, k=k, among=among, **more)
    ids = None if pool.own_ids is None else pool.own_ids(found.indices)
    return replace(found, ids=ids, report=replace(found.report, missing_ids=missing))


def places_of(values: Any, source: Any, names: list[Any] | None, what: str) -> tuple[NDArray[np.int64], int]:
    """Return the places of rows in the pool, by the ids of the data or of the pool where there are
    any, and how many are lost.

    Raises
    ------
    ValueError
        A place is beyond the pool, a mask isn't of its length, or no row has any of the ids.
    """
    if isinstance(values, Positions):
        return np.asarray(values.values, dtype=np.int64), 0
    pool = open_pool(source, committee=False, dtype=None)
    mask = as_mask(values, what)
    if mask is not None:
        if pool.rows is not None and len(mask) != pool.rows:
            raise ValueError(
                f"{what} is a mask of {len(mask):,} rows; accepted is one of {pool.rows:,}, the rows of the pool"
            )
        return np.flatnonzero(mask), 0
    if names is None and pool.id_blocks is None:
        places = np.unique(np.asarray(values, dtype=np.int64))
        if len(places) and pool.rows is not None and places[-1] >= pool.rows:
            raise ValueError(f"{what} has row {places[-1]}; accepted are 0 to {pool.rows - 1}, the rows of the pool")
        return places, 0
    wanted = OwnIds(values, what)
    blocks: Any = [np.array(names, dtype=object)] if pool.id_blocks is None else pool.id_blocks()
    found = wanted.positions(blocks)
    if not len(found) and len(wanted):
        raise ValueError(f"{what} names no row of the pool; accepted are ids of its rows")
    return found, wanted.missing


def outputs_of(source: Any) -> Any:
    """Return what the model said of all rows as rules of distance read it:
    a .npy file in place, anything else in memory.
    """
    files = source.x if isinstance(source.x, list) else [source.x]
    if len(files) == 1 and str(files[0]).lower().endswith(".npy"):
        return files[0]
    pool = open_pool(source, committee=False, dtype=None)
    return np.concatenate([pool.kept(block) for block in pool.blocks()])
