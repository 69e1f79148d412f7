"""A part of the pool of which a model is asked only about rows that rounds may reach.

The answers that come back are those that `part_of` takes from the answers for all rows: rows that
are named, and the best ones by the strategy, which bounds find without asking.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from shortlist.loop.errors import LoopError
from shortlist.loop.kept.answers import STRATEGY
from shortlist.loop.kept.part import Part, apart_from, state_of
from shortlist.loop.training.calibration import SMALLEST
from shortlist.scoring import score

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from numpy.typing import NDArray

    from shortlist.loop.kept.wanted import Best, Wanted
    from shortlist.loop.pool.rows import LoopPool
    from shortlist.loop.spec.model import Spec
    from shortlist.loop.training.asked import Members
    from shortlist.loop.training.estimators import Block
    from shortlist.screening import Bounds

    Blocks = Callable[[], Iterable[tuple[int, Block]]]

LEAST_ROWS = 2_000
"""A smaller part is answered as soon as it is bounded."""
SHARE = 8
"""Rows for each of those that are wanted, at least."""
SAMPLE = 32
"""Rows that the model is asked about before its bounds are believed."""
ROUNDED = 2e-6
"""What a probability moves by as it becomes float32, is raised to a power, and becomes float32."""
OURS = 1e-5
"""What a measure of ours in float32 is off by, at most."""


@dataclass(frozen=True)
class _Screen:
    bounds: Bounds
    best: Best
    highest: bool
    slack: float

    def around(self, X: Any, k: int) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]] | None:
        """Return the rows of a block that may be among the k best, and the ends of their scores,
        turned so that larger is better.
        """
        from shortlist.screening import candidates

        found = candidates(self.bounds, X, str(self.best.measure), k)
        if found is None:
            return None
        low, high = found.low - self.slack, found.high + self.slack
        return (found.rows, low, high) if self.highest else (found.rows, -high, -low)


def few_of(
    asked: Members, wanted: Wanted, spec: Spec, pool: LoopPool, rows: int, blocks: Blocks, warned: list[str]
) -> Part | str:
    """Return what `part_of` does, from the answers for few rows; or why all are to be asked about.

    Parameters
    ----------
    asked : Members
        The model.
    wanted, spec, pool, rows, warned
        As `part_of` takes them.
    blocks : callable
        Gives blocks of rows that follow each other, with the place of the first row of each. It is
        called twice.
    """
    screen = _screen_of(asked, wanted, spec)
    if isinstance(screen, str):
        return screen
    if SHARE * screen.best.k > rows or rows < LEAST_ROWS:
        return "the pool is small"
    apart = apart_from(spec, pool, rows)
    try:
        found = _candidates(asked, screen, apart, blocks)
    except (LoopError, TypeError, ValueError):
        # It is found again, and said with the right row, where the model is asked about all.
        return "bounding it failed"
    if isinstance(found, str):
        return found
    start, stop, places, low, high = found
    if SHARE * screen.best.k > stop - start or 2 * len(places) > stop - start:
        return "bounds rule too few rows out"
    named = wanted.named[(wanted.named >= start) & (wanted.named < stop)]
    places, which = np.unique(np.concatenate([places, named]), return_index=True)
    ends = np.full((2, len(places)), np.inf) * [[-1.0], [1.0]]
    bounded = which < len(low)
    ends[:, bounded] = low[which[bounded]], high[which[bounded]]
    answers = _answers(asked, pool, places, blocks)
    if not _inside(screen, answers, *ends):
        return "its answers lie outside its bounds"
    state = state_of(screen.best, wanted.ties, logits=False)
    state.update(answers, ids=places, exclude=apart[places])
    return Part(start, stop, {STRATEGY: state}, places, answers, {}, warned, SAMPLE + len(places), screen.bounds.kind)


def _screen_of(asked: Members, wanted: Wanted, spec: Spec) -> _Screen | str:
    # It comes with SciPy, which a loop does without until it trains.
    from shortlist.screening import MEASURES, at_temperature, bounds_of, moved

    if wanted.everything:
        return wanted.everything
    if spec.pool.groups:
        return "[pool] groups have a mean uncertainty of all rows"
    if len(wanted.best) != 1 or wanted.best[0].name != STRATEGY:
        return "[round] rare looks at all rows"
    best, model = wanted.best[0], asked.models[0]
    known = len(getattr(model.model, "classes_", ()))
    unlike = best.measure == "normalised_entropy" and known != len(asked.classes)
    if best.measure not in MEASURES or unlike or asked.logits:
        return "its measure has no bound"
    bounds = bounds_of(model.model)
    if bounds is None:
        return "its arithmetic is not known"
    bounds = at_temperature(bounds, asked.temperature)
    if bounds is None:
        return "it is calibrated in a way that can't be bounded"
    # Below `SMALLEST` probabilities count as that, which moves all others where the temperature is
    # above 1.
    raised = 0.0 if asked.temperature == 1 else known * (known * SMALLEST) ** (1 / asked.temperature)
    slack = moved(str(best.measure), known, raised + ROUNDED)
    if slack is None:
        return "its temperature is too high"
    return _Screen(bounds, best, best.measure != "margin", slack + OURS)


def _candidates(
    asked: Members, screen: _Screen, apart: NDArray[np.bool], blocks: Blocks
) -> tuple[int, int, NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]] | str:
    """Return where the blocks begin and end, and the rows that may be among the best."""
    k, name = screen.best.k, asked.models[0].name
    begin, end, ends, count = None, 0, list[Any](), 0
    for start, block in blocks():
        if begin is None:
            begin = start
            why = _doubt(asked, screen, block)
            if why:
                return why
        end = start + block.rows
        open_rows = np.flatnonzero(~apart[start:end])
        found = screen.around(block.part(open_rows).input(name), k)
        if found is None:
            return "its rows can't be read, or bounds rule too few out"
        ends.append((open_rows[found[0]] + start, *found[1:]))
        count += len(found[0])
        if count > 4 * k:
            ends = [_left(ends, k)]
            count = len(ends[0][0])
    return (begin or 0, end, *_left(ends, k)) if ends else "there is no row"


def _left(ends: Sequence[Any], k: int) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]:
    """Return the rows that reach what k are known to reach."""
    rows, low, high = (np.concatenate(parts) for parts in zip(*ends, strict=True))
    if len(rows) > k:
        left = high >= np.partition(low, len(low) - k)[len(low) - k]
        rows, low, high = rows[left], low[left], high[left]
    return rows, low, high


def _doubt(asked: Members, screen: _Screen, block: Block) -> str:
    """Return why the bounds are not to be believed, after a look at a few rows."""
    few = block.part(np.unique(np.linspace(0, block.rows - 1, SAMPLE).astype(np.int64)))
    found = screen.around(few.input(asked.models[0].name), few.rows)
    if found is None or len(found[0]) < few.rows:
        return "its rows can't be read"
    fine = _inside(screen, asked.answers(few, str), *found[1:])
    return "" if fine else "its answers lie outside its bounds"


def _inside(screen: _Screen, answers: NDArray[np.float32], low: NDArray[np.float64], high: NDArray[np.float64]) -> bool:
    values = score(answers, str(screen.best.measure)).astype(np.float64)
    values = values if screen.highest else -values
    return bool(((low <= values) & (values <= high)).all())


def _answers(asked: Members, pool: LoopPool, places: NDArray[np.int64], blocks: Blocks) -> NDArray[np.float32]:
    """Ask about some rows, block by block."""
    found = []
    for start, block in blocks():
        mine = places[np.searchsorted(places, start) : np.searchsorted(places, start + block.rows)]
        if len(mine):
            found.append(asked.answers(block.part(mine - start), partial(_name, pool, mine)))
    if sum(map(len, found)) != len(places):
        raise LoopError("the pool has other rows than when its bounds were looked at")
    return np.concatenate(found)


def _name(pool: LoopPool, places: NDArray[np.int64], row: int) -> str:
    return str(pool.id_of(places[row : row + 1])[0])
