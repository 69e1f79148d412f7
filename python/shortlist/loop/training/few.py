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
from shortlist.loop.training.estimators import Block
from shortlist.scoring import score

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from numpy.typing import NDArray

    from shortlist.loop.kept.wanted import Best, Wanted
    from shortlist.loop.pool.features import Features
    from shortlist.loop.pool.rows import LoopPool
    from shortlist.loop.spec.model import Spec
    from shortlist.loop.training.asked import Members
    from shortlist.screening import Bounds

BLOCK = 1 << 13
"""Rows that a model is asked about at once."""
AT_ONCE = 8 << 20
"""Bytes of features that are bounded at once."""
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
    asked: Members,
    wanted: Wanted,
    spec: Spec,
    pool: LoopPool,
    scored: LoopPool,
    features: Features,
    blocks: Iterable[tuple[int, Block]],
    warned: list[str],
) -> Part | str:
    """Return what `part_of` does, from the answers for few rows; or why all are to be asked about.

    Parameters
    ----------
    asked : Members
        The model.
    wanted, spec, pool, warned
        As `part_of` takes them.
    scored : LoopPool
        The first rows of it, which are scored, read as the model was fitted to them.
    features : Features
        For rows that the model is asked about.
    blocks : iterable of (int, Block)
        Blocks of rows that follow each other, and the place of the first row of each.
    """
    rows = scored.rows
    screen = _screen_of(asked, wanted, spec)
    if isinstance(screen, str):
        return screen
    if SHARE * screen.best.k > rows or rows < LEAST_ROWS:
        return "the pool is small"
    apart = apart_from(spec, pool, rows)
    try:
        found = _candidates(asked, screen, apart, scored, features, blocks)
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
    answers = _answers(asked, scored, features, places)
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
    asked: Members,
    screen: _Screen,
    apart: NDArray[np.bool],
    scored: LoopPool,
    features: Features,
    blocks: Iterable[tuple[int, Block]],
) -> tuple[int, int, NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]] | str:
    """Return where the blocks begin and end, and the rows that may be among the best."""
    k, begin, end, ends = screen.best.k, None, 0, list[Any]()
    name = asked.models[0].name

    def read() -> Iterator[tuple[NDArray[np.int64], Any]]:
        nonlocal begin, end
        for start, block in blocks:
            begin, end = start if begin is None else begin, start + block.rows
            open_rows = np.flatnonzero(~apart[start:end])
            yield open_rows + start, block.part(open_rows).input(name)

    for places, X in _together(read()):
        if not ends:
            few = np.unique(np.linspace(0, len(places) - 1, SAMPLE).astype(np.int64))
            sample = screen.around(X[few], len(few)) if hasattr(X, "shape") and not hasattr(X, "iloc") else None
            if sample is None or len(sample[0]) < len(few):
                return "its rows can't be read"
            if not _inside(screen, _answers(asked, scored, features, places[few]), *sample[1:]):
                return "its answers lie outside its bounds"
        found = screen.around(X, k)
        if found is None:
            return "its rows can't be read, or bounds rule too few out"
        ends = [_left([*ends, (places[found[0]], *found[1:])], k)]
    return (begin or 0, end, *ends[0]) if ends else "there is no row"


def _together(blocks: Iterable[tuple[NDArray[np.int64], Any]]) -> Iterator[tuple[NDArray[np.int64], Any]]:
    """Yield blocks of which those that follow each other are put together: the more rows are
    bounded at once, the more are ruled out early.
    """
    held: list[tuple[NDArray[np.int64], Any]] = []
    size = 0
    for places, X in blocks:
        held.append((places, X))
        size += X.nbytes if isinstance(X, np.ndarray) else getattr(getattr(X, "data", None), "nbytes", AT_ONCE)
        if size >= AT_ONCE:
            yield _stacked(held)
            held, size = [], 0
    if held:
        yield _stacked(held)


def _stacked(held: list[tuple[NDArray[np.int64], Any]]) -> tuple[NDArray[np.int64], Any]:
    if len(held) == 1:
        return held[0]
    places, parts = zip(*held, strict=True)
    if isinstance(parts[0], np.ndarray):
        return np.concatenate(places), np.concatenate(parts)
    from scipy.sparse import vstack

    return np.concatenate(places), vstack(parts, format="csr")


def _left(ends: Sequence[Any], k: int) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]:
    """Return the rows that reach what k are known to reach."""
    rows, low, high = (np.concatenate(parts) for parts in zip(*ends, strict=True))
    if len(rows) > k:
        left = high >= np.partition(low, len(low) - k)[len(low) - k]
        rows, low, high = rows[left], low[left], high[left]
    return rows, low, high


def _inside(screen: _Screen, answers: NDArray[np.float32], low: NDArray[np.float64], high: NDArray[np.float64]) -> bool:
    values = score(answers, str(screen.best.measure)).astype(np.float64)
    values = values if screen.highest else -values
    return bool(((low <= values) & (values <= high)).all())


def _answers(asked: Members, pool: LoopPool, features: Features, places: NDArray[np.int64]) -> NDArray[np.float32]:
    """Ask about some rows."""
    found = []
    for start in range(0, len(places), BLOCK):
        mine = places[start : start + BLOCK]
        found.append(asked.answers(Block(features, pool.raw(mine)), partial(_name, pool, mine)))
    return np.concatenate(found)


def _name(pool: LoopPool, places: NDArray[np.int64], row: int) -> str:
    return str(pool.id_of(places[row : row + 1])[0])
