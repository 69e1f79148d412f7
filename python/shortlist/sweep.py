"""The one way of rows into the state of a selection: block by block, or by threads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from shortlist import _core
from shortlist.groups import BLOCK
from shortlist.pools import rows_of
from shortlist.pools.arrays import ArraysPool
from shortlist.pools.crew import crew_of
from shortlist.scoring import call_measure

if TYPE_CHECKING:
    from collections.abc import Callable

    from shortlist.arguments import Steps
    from shortlist.pools import Pool
    from shortlist.pools.crew import Crew
    from shortlist.registry import Function

    Part = Callable[[int, int], dict[str, Any]]


def sweep(
    draft: _core.Selector,
    pool: Pool,
    scorer: _core.Scorer | Function | None,
    n_threads: int,
    part: Part,
    limit: int | None,
    steps: Steps,
) -> tuple[int, bool]:
    """Take note of all blocks of a pool in a draft.

    Parameters
    ----------
    draft : _core.Selector
        What counts once the caller commits it.
    scorer : _core.Scorer, callable or None
        None for random rows, of which only the number matters.
    part : callable
        Takes the first row and the number of rows of a block, and returns ids, groups and mask.
    limit : int or None
        Rows of a block at most.

    Returns
    -------
    rows : int
    double : bool
        Whether scores are float64.
    """
    named = isinstance(scorer, _core.Scorer)
    double = named and pool.score_dtype == np.float64
    if named and (crew := crew_of(pool, n_threads, limit)):
        done = _by_crew(crew, draft, pool.bfloat16, part, steps)
    elif named and limit is None and isinstance(pool, ArraysPool):
        done = 0
        for run in pool.runs():
            rows = sum(map(len, run))
            draft.update_all(run, n_threads=n_threads, progress=steps.within, **part(done, rows))
            done += rows
            steps.block(rows)
    elif named and limit is None and (columns := pool.columns_apart()) is not None:
        done = len(columns[0])
        draft.update_columns(columns, n_threads=n_threads, progress=steps.within, **part(0, done))
        pool.bytes_read += done * pool.row_bytes
        steps.block(done)
    else:
        done = 0
        for block in pool.blocks(BLOCK if callable(scorer) else limit):
            rows = rows_of(block)
            about = part(done, rows)
            if scorer is None:
                draft.update_count(rows, progress=steps.within, **about)
            elif isinstance(scorer, _core.Scorer):
                draft.update(block, bfloat16=pool.bfloat16, n_threads=n_threads, progress=steps.within, **about)
            else:
                scores = call_measure(scorer, pool.kept(block))
                draft.update_scores(scores, n_threads=n_threads, **about)
                double |= bool(scores.dtype == np.float64)
            done += rows
            steps.block(rows)
    steps.end()
    return done, double


def _by_crew(crew: Crew, draft: _core.Selector, bfloat16: bool, part: Part, steps: Steps) -> int:
    """Take note of what several threads read, each in a draft of its own."""
    drafts = [draft.draft() for _ in range(crew.size)]

    def work(member: int, row: int, block: Any) -> None:
        drafts[member].update(block, bfloat16=bfloat16, n_threads=1, **part(row, rows_of(block)))

    done = crew.run(work, steps.reach)
    for one in drafts:
        draft.commit(one)
    return done
