"""Chunks of a Dask array or dataframe as parts of a pool that is looked through in rounds."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from shortlist.arguments import own_ids_of
from shortlist.distributed import rounds
from shortlist.distributed.dask.asking import computed
from shortlist.distributed.dask.parts import Parts, check_columns, in_memory, own_places, with_ids
from shortlist.diversity.features import among_ids, uncertainty_of
from shortlist.diversity.rounds import drive
from shortlist.diversity.rounds.part import NONE
from shortlist.diversity.rounds.rows import Rows
from shortlist.own_ids import Positions
from shortlist.pools.extras import need

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import ArrayLike, NDArray

    from shortlist.diversity.rounds.messages import Offer, Question
    from shortlist.selection import Selection


class Chunks:
    """Chunks as the parts of `drive.Parts`: tasks run where the chunks are, states stay there."""

    def __init__(
        self,
        x: Any,
        uncertainty: Any,
        column: str | Sequence[str] | None,
        id_column: str | None,
        dtype: str | None,
        among: Selection | ArrayLike | None,
        n_threads: int | None,
    ) -> None:
        self.dask = need("dask", "dask", "shortlist.distributed.dask")
        named = uncertainty if isinstance(uncertainty, str) else None
        check_columns(x, id_column=id_column, uncertainty=named)
        self.pool = pool = Parts(x, False, named if column is None else None)
        self.passes = 0
        if pool.starts is None:
            pool.count()
            self.passes += 1
        own = None if id_column is None else own_ids_of(among, "among")
        if own is not None:
            among = Positions(own_places(pool, str(id_column), own))  # type: ignore[assignment]
            self.passes += 1
        self.missing = 0 if own is None else own.missing
        ids = among_ids(among, int(pool.rows or 0))
        self.rows = int(pool.rows or 0) if ids is None else len(ids)
        self.threads = rounds.threads_of(n_threads)
        self.blocks, self.parts, self.uncertainty = [], [], []
        known = _uncertainty(uncertainty, pool)
        before = 0
        for number, (start, stop) in enumerate(zip(pool.starts[:-1].tolist(), pool.starts[1:].tolist(), strict=True)):
            some = None if ids is None else ids[np.searchsorted(ids, start) : np.searchsorted(ids, stop)] - start
            if stop == start or (some is not None and not len(some)):
                continue
            self.blocks.append(pool.blocks[number])
            self.parts.append(rounds.Part(start, some, before, column, id_column, dtype))
            self.uncertainty.append(known[number])
            before += stop - start if some is None else len(some)
        self.columns, self.row_bytes = self._width(column, id_column, dtype)
        self.answers: list[Any] = [None] * len(self.blocks)

    def each(self, task: Callable[..., Any]) -> list[Any]:
        """See `Parts`."""
        self.passes += 1
        look = self.dask.delayed(rounds.look)
        return computed([look(part, block, task) for part, block in self._both()])

    def fold(self, task: Callable[..., Any], add: Callable[[Any, Any], Any], start: Any) -> Any:
        """See `Parts`."""
        self.passes += 1
        look, add = self.dask.delayed(rounds.look_from), self.dask.delayed(add)
        for piece in [look(part, block, task) for part, block in self._both()]:
            start = add(start, piece)
        return computed([start])[0]

    def advance(
        self, question: Question, amounts: Sequence[int] | None, gone: Mapping[int, NDArray[np.int64]]
    ) -> list[Offer]:
        """See `Parts`."""
        self.passes += 1
        answer, asked = self.dask.delayed(rounds.answer), self.dask.delayed(question, traverse=False)
        answers = [
            answer(part, block, known, before, asked, amounts[number] if amounts else None, gone.get(number, NONE))
            for number, ((part, block), known, before) in enumerate(
                zip(self._both(), self.uncertainty, self.answers, strict=True)
            )
        ]
        offered = self.dask.delayed(rounds.offered)
        held = self.dask.persist(*answers, *map(offered, answers))
        self.answers = list(held[: len(answers)])
        return computed(held[len(answers) :])

    def row(self, row: int) -> drive.First:
        """See `Parts`."""
        for number, part in enumerate(self.parts):
            position = row - part.first
            if part.some is not None:
                found = np.flatnonzero(part.some == position)
                position = int(found[0]) if len(found) else -1
            if 0 <= position < self._rows_of(number):
                look = self.dask.delayed(rounds.look)
                (point,) = computed([look(part, self.blocks[number], partial(Rows.point, position=position))])
                return drive.First(number, position, row, point)
        raise ValueError(f"init is {row}; accepted are the ids of the {self.rows:,} rows to pick from")

    def named(self, picks: Selection, id_column: str | None) -> Selection:
        """Return picks with their own ids, and the number of given ids that no row has."""
        return with_ids(replace(picks, report=replace(picks.report, missing_ids=self.missing)), self.pool, id_column)

    def _rows_of(self, number: int) -> int:
        stop = self.parts[number + 1].before if number + 1 < len(self.parts) else self.rows
        return stop - self.parts[number].before

    def _both(self) -> list[tuple[rounds.Part, Any]]:
        return list(zip(self.parts, self.blocks, strict=True))

    def _width(self, column: Any, id_column: str | None, dtype: str | None) -> tuple[int, int]:
        """Return how many features a row has, and its bytes:
        of a dataframe only a partition tells.
        """
        if not self.pool.frame:
            return int(self.pool.x.shape[1]), max(1, int(self.pool.x.shape[1]) * self.pool.x.dtype.itemsize)
        if not self.blocks:
            raise ValueError("x is empty: it has no rows to pick from")
        found: tuple[int, int]
        (found,) = computed([self.dask.delayed(rounds.width)(self.blocks[0], column, id_column, dtype)])
        return found


def _uncertainty(given: Any, pool: Parts) -> list[Any]:
    """Return the uncertainty of each part."""
    if given is None:
        return [None] * len(pool.blocks)
    if in_memory(given):
        whole = uncertainty_of(given, int(pool.rows or 0), None)
        return [whole[a:b] for a, b in zip(pool.starts[:-1], pool.starts[1:], strict=True)]
    if isinstance(given, str):
        return list(pool.x[given].to_delayed())
    if hasattr(given, "rechunk"):
        if given.ndim != 1 or given.shape[0] not in (pool.rows, np.nan):
            raise ValueError(
                f"uncertainty has shape {given.shape}; accepted is ({pool.rows},), one number for each row of the pool"
            )
        given = given.rechunk((tuple(np.diff(pool.starts).tolist()),))
    found: list[Any] = np.ravel(given.to_delayed()).tolist()
    if len(found) != len(pool.blocks):
        raise ValueError(
            f"uncertainty has {len(found)} partitions, and x has {len(pool.blocks)}; they must be the same"
        )
    return found
