"""Training in this process: fit to the labelled rows, answer for the whole pool in blocks."""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from shortlist.loop.pool.kept_words import matrices
from shortlist.loop.training.calibration import FOLDS
from shortlist.loop.training.estimators import Block
from shortlist.loop.training.few import few_of
from shortlist.loop.training.fitting import alone, fit_models, models_of
from shortlist.loop.training.trained import Trained, write_npy

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from shortlist.arguments import Progress
    from shortlist.loop.kept.wanted import Wanted
    from shortlist.loop.pool.features import Features
    from shortlist.loop.pool.rows import LoopPool
    from shortlist.loop.spec.model import Spec
    from shortlist.loop.training.asked import Members
    from shortlist.loop.training.imports import Extra

BLOCK = 1 << 13
"""Rows that a model is asked about at once: the same for every number of threads,
so that the bits are.
"""


def train(
    spec: Spec,
    pool: LoopPool,
    features: Features,
    rows: NDArray[np.int64],
    labels: Sequence[str],
    weights: NDArray[np.float64] | None,
    seed: int,
    out: Path,
    *,
    extra: Extra | None = None,
    fit: Callable[..., Any] | None = None,
    wanted: Wanted | None = None,
    progress: Progress | None = None,
) -> Trained:
    """Fit a model to labelled rows, and write what it says of every row of the pool.

    With `wanted` a model whose scores can be bounded is asked only about rows that rounds may
    reach, and what it says of them is written, as a cluster brings it.

    Parameters
    ----------
    spec : Spec
        `[model]` and `classes` count.
    pool, features
        The pool, and its features fitted outside the stratum.
    rows, labels, weights
        Places of the rows to train on, their labels, and how much each counts (None for all alike).
    seed : int
        Seed of everything random.
    out : Path
        A folder for ``probs.npy``, and ``members.npy`` of a committee.
    extra : Extra, optional
        Labelled rows that are not in the pool; each counts once.
    fit : callable, optional
        ``fit(X, labels)`` that returns a fitted classifier, or a function of X that returns
        probabilities in the order of the classes; X is what the pool holds, not made into features.
    wanted : Wanted, optional
        Which answers rounds need; by default all of them.
    progress : callable, optional
        Called with (rows done, rows in all): rows that each model is fitted to count, and then
        those of the pool.

    Raises
    ------
    LoopError
        Labels of one class only, a model that cannot be fitted, or answers that are no
        probabilities.

    Notes
    -----
    Linear algebra runs on one thread, so that the same labels give the same bits on every machine
    with the same libraries.
    """
    began = time.perf_counter()
    went = _Went(progress, rows, extra, spec, pool)
    fitted = fit_models(spec, pool, features, rows, labels, weights, seed, extra=extra, fit=fit, told=went.fitted)
    asked, several = fitted.asked, len(fitted.asked.models) > 1
    out.mkdir(parents=True, exist_ok=True)
    files = [out / f".member-{number}" for number in range(len(asked.models))] if several else []
    shape = (pool.rows, len(spec.classes))
    kept, log = None, list(fitted.log)
    with alone() as caught:
        blocks = partial(raw_blocks if asked.sees_rows else _matrix_blocks, pool, features)
        if wanted is not None:
            part = few_of(asked, wanted, spec, pool, pool, features, blocks(), [])
            if isinstance(part, str):
                log.append(f"the model was asked about all {pool.rows:,} rows, as {part}")
            else:
                from shortlist.loop.kept.joined import joined

                kept = joined([part], wanted, pool, pool.rows, out / "probs.npy")
                log.append(kept.said)
                went.answered(pool.rows)
        if kept is None:
            write_npy(out / "probs.npy", shape, _answers(asked, blocks(), pool, files, went))
        if several:
            write_npy(out / "members.npy", (len(files), *shape), _joined(files))
    return Trained(
        model=fitted.pickled(),
        probabilities=out / "probs.npy",
        seconds=time.perf_counter() - began,
        log="\n".join([*log, *sorted(fitted.warned | set(caught))]),
        temperature=asked.temperature,
        out_of_fold=fitted.out_of_fold,
        members=out / "members.npy" if several else None,
        kept=kept,
    )


class _Went:
    """How far a training has come, in rows: those that each model is fitted to,
    and then all of the pool.
    """

    def __init__(
        self, progress: Progress | None, rows: NDArray[np.int64], extra: Extra | None, spec: Spec, pool: LoopPool
    ) -> None:
        self._progress, self._rows = progress, pool.rows
        self._labels = len(rows) + (len(extra.ids) if extra else 0)
        self._models = len(models_of(spec, pool)) + FOLDS
        self._done = 0

    def fitted(self) -> None:
        """Tell that one more model is fitted."""
        self._done += 1
        self.answered(0)

    def answered(self, rows: int) -> None:
        """Tell how many rows of the pool were answered for."""
        if rows:
            self._done = self._models  # the folds may have been left out
        if self._progress is not None:
            self._progress(self._done * self._labels + rows, self._models * self._labels + self._rows)


def _answers(
    asked: Members, blocks: Iterable[tuple[int, Block]], pool: LoopPool, files: list[Path], went: _Went
) -> Iterator[NDArray[np.float32]]:
    """Yield the mean of what all members say, block by block;
    each member's own goes to a file of its own.
    """
    for path in files:
        path.unlink(missing_ok=True)

    def keep(number: int, said: NDArray[np.float32]) -> None:
        with files[number].open("ab") as file:
            file.write(np.ascontiguousarray(said, dtype="<f4").data)

    for start, block in blocks:
        yield asked.answers(block, lambda row, start=start: pool.id_of([start + row])[0], keep if files else None)  # type: ignore[misc]
        went.answered(start + block.rows)


def _joined(files: list[Path]) -> Iterator[NDArray[np.float32]]:
    """Yield what was written to files, one after the other, in pieces, and remove them."""
    for path in files:
        count = path.stat().st_size // 4
        for start in range(0, count, 1 << 20):
            yield np.fromfile(path, "<f4", 1 << 20, offset=start * 4)
        path.unlink()


def raw_blocks(
    pool: LoopPool, features: Features, begin: int = 0, end: int | None = None
) -> Iterator[tuple[int, Block]]:
    """Yield rows to ask about, in the blocks in which models are always asked;
    see `LoopPool.blocks`.
    """
    for start, raw in pool.blocks(BLOCK, begin, end):
        yield start, Block(features, raw)


def _matrix_blocks(pool: LoopPool, features: Features) -> Iterator[tuple[int, Block]]:
    for start, matrix in matrices(features, pool, BLOCK):
        yield start, Block(features, matrix=matrix)
