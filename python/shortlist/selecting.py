"""select(): the best rows of a whole pool."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from shortlist import _core
from shortlist.arguments import Exclusion, seed_of, whole
from shortlist.groups import Labels, LabelsToMeet, as_labels, both_or_neither, by_bytes, counted, numbered
from shortlist.options import flag
from shortlist.pools import Pool, open_pool
from shortlist.pools.arrays import MOST_CLASSES
from shortlist.quotas import settled_of
from shortlist.registry import Function, MeasureName, Order, is_committee, make_scorer, name_of, scorer_at_once
from shortlist.scoring import score_pool
from shortlist.selection import selection_of
from shortlist.selector import Selector
from shortlist.threads import thread_count, threads_for

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import ArrayLike, NDArray

    from shortlist.arguments import Progress, RandomState
    from shortlist.selection import Selection

FEW = 1 << 15
"""Rows of which all are ranked sooner than the best are found."""
PLAIN = (str, float, bool)
"""The types of the options that a plain call has as they are by default."""
WIDEST = (MOST_CLASSES,)


def select(
    x: Any,
    measure: MeasureName | str | Function,
    k: int | None = None,
    *,
    order: Order | None = None,
    from_logits: bool = False,
    temperature: float = 1.0,
    normalize: str = "check",
    invalid: str = "raise",
    dtype: str | None = None,
    ties: str = "first",
    random_state: RandomState = None,
    perturb: str | None = None,
    coldness: float = 1.0,
    exclude: Any = None,
    groups: ArrayLike | None = None,
    per_group: int | None = None,
    quotas: str | Mapping[Any, int] | None = None,
    strict: bool = True,
    n_threads: int | None = None,
    progress: Progress | None = None,
) -> Selection:
    """Pick the k most informative rows of a pool, in one sweep over memory or a file.

    Rows compare by score and then by lowest id, so the picks are unique: the same for any number of
    threads, any memory order and any split into blocks.

    Parameters
    ----------
    x : array-like, path, table, Source, list or iterator of blocks
        (rows, classes) probabilities or logits, float16, float32, float64, or bfloat16 as uint16 or
        tensor; for a committee measure (members, rows, classes) or a list of one (rows, classes)
        array per member. Any strides, read-only and memory-mapped arrays are read in place. A path,
        a folder or a glob is read block by block, by its suffix: ``.npy``, ``.npz``, ``.parquet``,
        ``.arrow``, ``.h5``, ``.zarr``; nothing is ever unpickled. Tables, frames and streams in
        Arrow's format are pools too, and `Source` says which column, or which array of a file. A
        list or an iterator of blocks is a pool in parts.
    measure : str or callable
        Name of a measure (see `measures`), ``"random"`` for uniformly random rows, or a callable
        that takes a (rows, columns) block and returns (rows,) scores; a callable needs `order`.
    k : int, optional
        Rows to pick, from 0 to the rows there are. May be left out with `per_group`: that many of
        each group.
    order : {"highest", "lowest"}, optional
        Which end of a callable's scores is informative.
    from_logits : bool
        x holds logits, any finite numbers or -inf; probabilities are never built.
    temperature : float
        Divides the logits; above 0.
    normalize : {"check", "as_is", "renormalize"}
        Rows of probabilities must sum to 1 (within 1e-4 for float64, 1e-3 float32, 1e-2 float16,
        3e-2 bfloat16); are taken as they are; or are divided by their sum.
    invalid : {"raise", "skip"}
        Whether a row that is no valid input is an error, or is never picked and counted in the
        report.
    dtype : {None, "bfloat16"}
        Read uint16 as bfloat16.
    ties : {"first", "random"}
        Which of several rows with the same score is picked: the lowest id, or a random one.
    random_state : int, numpy Generator or RandomState, optional
        Seed for ties, perturbation and random rows; by default a fresh one, which the report names.
    perturb : {None, "power", "softmax", "softrank"}
        Draw rows at random without replacement, in proportion to score^coldness, e^(coldness score)
        or rank^-coldness: the cheap remedy for picks that resemble each other (Kirsch et al. 2023).
        With "power" a margin counts as 1 - margin. "softrank" takes O(rows) memory.
    coldness : float
        Above 0; the larger, the closer to picking the best rows.
    exclude : array, list, set, Series, Selection, Positions, or mask of bool, optional
        Rows never to pick. Where `Source` names an id column, they are what it holds: whole numbers
        or text, compared by value, and ids that no row has are counted in the report; `Positions`
        are places all the same. Elsewhere they are places in the pool, each once. A mask covers all
        rows.
    groups : array, shape (rows,), optional
        Label of each row: a class, a source, a predicted label.
    per_group : int, optional
        At most so many rows of any one group.
    quotas : {"proportional", "equal"} or dict of label: rows, optional
        How k is shared among the groups: by largest remainders, with shortages filled by the best
        rows left over.
    strict : bool
        Whether it is an error to find fewer than k rows; otherwise all there are get picked.
    n_threads : int, optional
        At most so many threads; by default what affinity and cgroup limits allow, and 1 inside a
        Dask or Ray worker.
    progress : callable, optional
        Called about twenty times a second with (rows done, rows in all or None where unknown).

    Returns
    -------
    Selection
        ``.indices`` (int64) and ``.scores``, most informative first, and a ``.report``.

    Raises
    ------
    ValueError, TypeError
        One sentence that names the argument, what came and what is accepted; for data the first bad
        row.
    OSError
        A file that cannot be opened.

    See Also
    --------
    Selector : the same for blocks that come from anywhere, in any order.

    Notes
    -----
    O(rows x classes) time; O(k + threads) memory beside the input, and a byte a row where more than
    one row in 32 is excluded by its place.

    Examples
    --------
    >>> import numpy as np, shortlist as sl
    >>> probs = np.array([[0.9, 0.1], [0.5, 0.5], [0.3, 0.7], [0.6, 0.4]], dtype=np.float32)
    >>> sl.select(probs, "margin", k=2).indices
    array([1, 3])
    >>> sl.select(probs, "entropy", k=2, exclude=[1]).indices
    array([3, 2])
    >>> logits = np.array([[4.0, 0.0], [0.1, 0.0], [0.0, 2.0]], dtype=np.float32)
    >>> sl.select(logits, "least_confident", k=1, from_logits=True).indices
    array([1])
    >>> sl.select(probs, lambda block: block.std(axis=1), k=1, order="lowest").indices
    array([1])
    >>> sl.select(probs, "margin", per_group=1, groups=["cat", "cat", "dog", "dog"]).indices
    array([1, 3])
    """
    if (
        (order is None and dtype is None and random_state is None and perturb is None and progress is None)
        and (exclude is None and groups is None and per_group is None and quotas is None)
        and (type(ties), type(coldness), type(strict)) == PLAIN
        and ties == "first"
        and coldness == 1.0
        and (picks := _at_once(x, measure, k, from_logits, temperature, normalize, invalid, n_threads)) is not None
    ):
        return picks
    pool = open_pool(x, committee=is_committee(measure), dtype=dtype)
    if pool.rows == 0:
        raise ValueError(f"{pool.name} is empty: it has no rows; at least one is needed")
    if k is not None:
        k = whole(k, "k")
        if flag(strict, "strict") and pool.rows is not None and k > pool.rows:
            raise ValueError(
                f"k is {k:,}, and the pool has {pool.rows:,} rows; accepted is up to that, or strict=False"
            )
    both_or_neither(groups, per_group is not None or quotas is not None)
    asked: dict[str, Any] = {
        "order": order,
        "from_logits": from_logits,
        "temperature": temperature,
        "normalize": normalize,
        "invalid": invalid,
    }
    drawn: dict[str, Any] = {
        "ties": ties,
        "random_state": random_state,
        "coldness": coldness,
        "per_group": per_group,
        "strict": strict,
    }
    if isinstance(perturb, str) and perturb == "softrank":
        began = time.perf_counter()
        scorer = make_scorer(measure, **asked)
        if scorer is None:
            raise ValueError('perturb is "softrank", and measure "random" has no scores to rank')
        scores = score_pool(pool, scorer, None, thread_count(n_threads), progress)
        exclusion = Exclusion(exclude, len(scores), pool)
        drawn |= {"invalid": invalid, "groups": groups, "quotas": quotas}
        drawn["exclude"] = exclusion.mask if exclusion.ids is None else exclusion.ids
        picks = softrank_picks(scores, name_of(measure), getattr(scorer, "order", order) or "highest", k, **drawn)
        report = replace(
            picks.report,
            seconds=time.perf_counter() - began,
            bytes=pool.bytes_read,
            copies=tuple(pool.copies),
            missing_ids=exclusion.missing,
        )
        return with_own_ids(replace(picks, report=report), pool)
    exclusion = Exclusion(exclude, pool.rows, pool, to_mark=True)
    labels: Labels | None = None
    if groups is not None:
        # Quotas name labels, and caps alone tell them apart.
        groups = as_labels(groups if quotas is not None else numbered(groups), pool.rows)
        if quotas is None and k is not None and by_bytes(groups):
            # Which labels there are need not be known where all groups have the same cap.
            labels = LabelsToMeet(groups)
        elif quotas is None:
            labels, _ = counted(groups, thread_count(n_threads))
        else:
            k, quotas = settled_of(k, quotas, groups, None if exclude is None else exclusion, thread_count(n_threads))
    drawn |= {"perturb": perturb, "exclude": exclusion.ids, "quotas": quotas}
    selector = Selector(measure, k, dtype=dtype, n_threads=n_threads, **asked, **drawn)
    if labels is not None:
        selector.name_groups(labels)
    picks = selector.update_pool(pool, exclusion, groups=groups, progress=progress).finish()
    if exclusion.missing:
        picks = replace(picks, report=replace(picks.report, missing_ids=exclusion.missing))
    return with_own_ids(picks, pool)


def _at_once(
    x: Any,
    measure: MeasureName | str | Function,
    k: int | None,
    from_logits: bool,
    temperature: float,
    normalize: str,
    invalid: str,
    n_threads: int | None,
) -> Selection | None:
    """Pick by score alone from an array that the core reads as it lies;
    None where it takes more, or an error is near.
    """
    if type(x) is not np.ndarray or not isinstance(measure, str) or type(k) is not int or not 0 <= k <= x.size:
        return None
    if x.shape[-1:] > WIDEST:
        return None
    scorer = scorer_at_once(measure, from_logits, temperature, normalize, invalid)
    if scorer is None:
        return None
    found = _core.select_at_once(scorer, x, k, threads_for(x, n_threads))
    if found is None or len(found[0]) < k:
        return None
    indices, scores, report = found
    return selection_of(indices, scores, measure, scorer.order, report)


def softrank_picks(
    scores: NDArray[np.floating[Any]],
    name: str,
    order: Order,
    k: int | None,
    *,
    exclude: ArrayLike | None,
    **options: Any,
) -> Selection:
    """Draw from the scores of all rows in proportion to rank^-coldness, the best being first."""
    exclusion = Exclusion(exclude, len(scores))
    options["random_state"] = seed_of(options.get("random_state"))
    picks = _drawn_near_the_best(scores, order, k, exclusion, **options)
    if picks is None:
        from shortlist.sampling import weight_of

        weights = _softrank(scores, order, exclusion)[:, None]
        picks = select(weights, weight_of, k, order="highest", perturb="power", exclude=exclude, **options)
    report = replace(picks.report, perturb="softrank")
    return replace(picks, scores=scores[picks.indices], measure=name, order=order, report=report)


def _drawn_near_the_best(
    scores: NDArray[np.floating[Any]],
    order: Order,
    k: int | None,
    exclusion: Exclusion,
    *,
    groups: Any,
    quotas: Any,
    per_group: int | None,
    random_state: int,
    invalid: str = "raise",
    coldness: float = 1.0,
    ties: str = "first",
    strict: bool = True,
) -> Selection | None:
    """Draw from the few rows whose ranks let them be picked;
    None where all ranks are asked for, or quicker, or too few rows have one.
    """
    if not k or len(scores) < FEW or groups is not None or quotas is not None or per_group is not None:
        return None
    from shortlist.sampling import weight_of

    options: dict[str, Any] = {"random_state": random_state, "coldness": coldness, "ties": ties, "strict": strict}
    selector = Selector(weight_of, k, order="highest", perturb="power", **options)
    keeps = None if exclusion.mask is None and exclusion.ids is None else exclusion.keeps(0, len(scores))
    excluded = 0 if keeps is None else len(keeps) - int(np.count_nonzero(keeps))
    rows, weights, taking_part = _core.near_best_ranks(
        np.require(scores, requirements=("C", "A")),  # of a cluster they come as they lie there
        k,
        order=order,
        seed=random_state,
        coldness=coldness,
        exclude=None if keeps is None else ~keeps,
    )
    skipped = len(scores) - excluded - taking_part
    if k > taking_part or (skipped and invalid != "skip"):
        return None
    picks = selector.update(weights[:, None], ids=rows).finish()
    report = replace(picks.report, rows=len(scores), skipped=skipped, excluded=excluded)
    return replace(picks, report=report)


def with_own_ids(picks: Selection, pool: Pool) -> Selection:
    """Return the picks with what the pool's id column holds for them."""
    if pool.own_ids is None:
        return picks
    return refuse_repeats(replace(picks, ids=pool.own_ids(picks.indices)), pool.name)


def refuse_repeats(picks: Selection, name: str) -> Selection:
    """Refuse an id that two of the picked rows have: nobody could tell which of them is meant."""
    seen: dict[Any, int] = {}
    for row, own in zip(picks.indices.tolist(), [] if picks.ids is None else picks.ids.tolist(), strict=True):
        if own in seen:
            raise ValueError(
                f"the id column of {name} has {own!r} both at row {seen[own]:,} and at row {row:,}; accepted is each id once"
            )
        seen[own] = row
    return picks


def _softrank(scores: NDArray[np.floating[Any]], order: Order, exclusion: Exclusion) -> NDArray[np.float64]:
    """Return weights 1 / rank; NaN for invalid rows and 0 for those not to be picked."""
    weights = np.zeros(len(scores))
    weights[np.isnan(scores)] = np.nan
    candidates = np.flatnonzero(exclusion.keeps(0, len(scores)) & ~np.isnan(scores))
    key = scores[candidates] if order == "lowest" else -scores[candidates]
    # Ranks of all rows exist here alone, so no rounding of the core's has to be met.
    weights[candidates[np.argsort(key, kind="stable")]] = 1.0 / np.arange(1, len(candidates) + 1)
    return weights
