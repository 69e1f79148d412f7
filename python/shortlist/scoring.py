"""score(): one number for each row."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import numpy as np

from shortlist import _core
from shortlist.arguments import Progress, Steps
from shortlist.pools import Pool, open_pool, rows_of
from shortlist.pools.arrays import MOST_CLASSES
from shortlist.pools.crew import Crew, crew_of
from shortlist.registry import Function, MeasureName, is_committee, make_scorer, scorer_at_once
from shortlist.threads import thread_count, threads_for

if TYPE_CHECKING:
    from numpy.typing import NDArray

CALLABLE_BLOCK = 1 << 16
"""Rows that a callable measure gets at once."""


def score(
    x: Any,
    measure: MeasureName | str | Function,
    *,
    out: NDArray[np.floating[Any]] | None = None,
    from_logits: bool = False,
    temperature: float = 1.0,
    normalize: str = "check",
    invalid: str = "raise",
    dtype: str | None = None,
    n_threads: int | None = None,
    progress: Progress | None = None,
) -> NDArray[np.floating[Any]]:
    """Score every row of a pool.

    Parameters
    ----------
    x : array-like, path, table, Source, list or iterator of blocks
        (rows, classes) probabilities or logits, float16, float32, float64, or bfloat16 as uint16 or
        tensor; for a committee measure (members, rows, classes) or a list of one (rows, classes)
        array per member. What `select` accepts, read in place.
    measure : str or callable
        Name of a measure (see `measures`), or a callable that takes a (rows, columns) block and
        returns (rows,) scores.
    out : ndarray, shape (rows,), optional
        Where to write: float64 for float64 input and float32 for everything else, contiguous and
        writable.
    from_logits : bool
        x holds logits, any finite numbers or -inf; probabilities are never built.
    temperature : float
        Divides the logits; above 0.
    normalize : {"check", "as_is", "renormalize"}
        Rows of probabilities must sum to 1 (within 1e-4 for float64, 1e-3 float32, 1e-2 float16,
        3e-2 bfloat16); are taken as they are; or are divided by their sum.
    invalid : {"raise", "skip"}
        Whether a row that is no valid input is an error, or gets NaN.
    dtype : {None, "bfloat16"}
        Read uint16 as bfloat16.
    n_threads : int, optional
        At most so many threads; by default what affinity and cgroup limits allow, and 1 inside a
        Dask or Ray worker.
    progress : callable, optional
        Called about twenty times a second with (rows done, rows in all or None where unknown).

    Returns
    -------
    ndarray, shape (rows,)
        `out` where it was given, else a new array: float64 for float64 input, float32 for narrower
        input, the callable's own of these two for a callable. Entropies are in nats; ranges are in
        `measures`.

    Raises
    ------
    ValueError, TypeError
        One sentence that names the argument, what came and what is accepted; for data the first bad
        row.
    OSError
        A file that cannot be opened.

    Notes
    -----
    O(rows x classes) time; no memory beside the input and the result. A row's score depends on that
    row alone, to the last bit.

    Examples
    --------
    >>> import numpy as np, shortlist as sl
    >>> probs = np.array([[0.75, 0.25, 0.0], [0.5, 0.25, 0.25]])
    >>> sl.score(probs, "margin")
    array([0.5 , 0.25])
    >>> sl.score(np.log([[0.75, 0.25]]), "least_confident", from_logits=True).round(12)
    array([0.25])
    >>> sl.score([probs, probs[::-1]], "max_disagreement").round(3)
    array([0.137, 0.137])
    """
    if (
        type(x) is np.ndarray
        and x.ndim == 2
        and x.shape[1] <= MOST_CLASSES
        and (out is None and dtype is None and progress is None)
        and (known := scorer_at_once(measure, from_logits, temperature, normalize, invalid))
    ):
        fresh = np.empty(x.shape[0], np.float64 if x.dtype == np.float64 else np.float32)
        if _core.score_at_once(known, x, fresh, threads_for(x, n_threads)):
            return fresh
    if isinstance(measure, str) and measure == "random":
        raise ValueError('measure "random" has no scores; accepted by select() and Selector only')
    pool = open_pool(x, committee=is_committee(measure), dtype=dtype)
    if pool.rows == 0:
        raise ValueError(f"{pool.name} is empty: it has no rows; at least one is needed")
    order = "highest" if callable(measure) else None
    scorer = make_scorer(
        measure, order, from_logits=from_logits, temperature=temperature, normalize=normalize, invalid=invalid
    )
    return score_pool(pool, cast("_core.Scorer | Function", scorer), out, thread_count(n_threads), progress)


def score_pool(
    pool: Pool,
    scorer: _core.Scorer | Function,
    out: NDArray[np.floating[Any]] | None,
    n_threads: int,
    progress: Progress | None,
    first_row: int = 0,
) -> NDArray[np.floating[Any]]:
    """Score an opened pool, a stream piece by piece. Messages count rows from `first_row`."""
    steps = Steps(progress, pool.rows)
    pieces: list[NDArray[np.floating[Any]]] = []
    named = isinstance(scorer, _core.Scorer)
    if out is not None:
        _check_out(out, pool, named)
    elif named and pool.rows is not None:
        out = np.empty(pool.rows, pool.score_dtype)
    if isinstance(scorer, _core.Scorer) and out is not None and (crew := crew_of(pool, n_threads)):
        _score_by(crew, scorer, out, pool.bfloat16, first_row, steps)
        return out
    done = 0
    for block in pool.blocks(None if named else CALLABLE_BLOCK):
        rows = rows_of(block)
        if isinstance(scorer, _core.Scorer):
            piece = np.empty(rows, pool.score_dtype) if out is None else out[done : done + rows]
            scorer.score(
                block,
                piece,
                bfloat16=pool.bfloat16,
                first_row=first_row + done,
                n_threads=n_threads,
                progress=steps.within,
            )
        else:
            piece = call_measure(scorer, pool.kept(block))
            if out is not None:
                out[done : done + rows] = piece
        if out is None:
            pieces.append(piece)
        done += rows
        steps.block(rows)
    steps.end()
    if out is not None:
        return out
    if not done:
        raise ValueError(f"{pool.name} is empty: it has no rows; at least one is needed")
    return pieces[0] if len(pieces) == 1 else np.concatenate(pieces)


def _score_by(
    crew: Crew, scorer: _core.Scorer, out: NDArray[Any], bfloat16: bool, first_row: int, steps: Steps
) -> None:
    """Score what several threads read."""

    def work(_: int, row: int, block: Any) -> None:
        piece = out[row : row + rows_of(block)]
        scorer.score(block, piece, bfloat16=bfloat16, first_row=first_row + row, n_threads=1)

    crew.run(work, steps.reach)
    steps.end()


def call_measure(function: Function, block: NDArray[Any]) -> NDArray[np.floating[Any]]:
    """Call a user's measure, and see that it returns one float for each row."""
    name = getattr(function, "__name__", type(function).__name__)
    scores = np.asarray(function(block))
    if scores.shape != (block.shape[0],):
        raise ValueError(
            f"measure {name} returned shape {scores.shape} for a block of {block.shape[0]} rows; "
            f"accepted is one score for each row, ({block.shape[0]},)"
        )
    if scores.dtype.kind not in "fiub":
        raise TypeError(f"measure {name} returned dtype {scores.dtype}; accepted are real numbers")
    return np.ascontiguousarray(scores, np.float32 if scores.dtype in (np.float16, np.float32) else np.float64)


def _check_out(out: Any, pool: Pool, named: bool) -> None:
    if not isinstance(out, np.ndarray):
        raise TypeError(f"out is a {type(out).__name__}; accepted is a NumPy array")
    if pool.rows is None:
        raise ValueError(
            f"out was given, and {pool.name} does not say how many rows it has; accepted without an iterator"
        )
    if out.shape != (pool.rows,):
        raise ValueError(f"out has shape {out.shape}; accepted is ({pool.rows},), one score for each row")
    accepted = (pool.score_dtype,) if named else (np.dtype(np.float32), np.dtype(np.float64))
    if out.dtype not in accepted:
        raise TypeError(f"out has dtype {out.dtype}; accepted is {' or '.join(map(str, accepted))} for this input")
    if not out.flags.c_contiguous or not out.flags.writeable or not out.flags.aligned:
        wrong = "read-only" if not out.flags.writeable else "not contiguous" if out.flags.aligned else "misaligned"
        raise ValueError(f"out is {wrong}; accepted is a contiguous, aligned, writable array")
    if pool.overlaps(out):
        raise ValueError(f"out shares memory with {pool.name}; accepted is an array of its own")
