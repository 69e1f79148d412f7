"""Pools on this machine that are read again for every round, block by block:
as large as the disk.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from shortlist.arguments import own_ids_of
from shortlist.diversity.features import Features, among_ids, as_points, metric_name, uncertainty_of
from shortlist.diversity.rounds.drive import First
from shortlist.diversity.rounds.part import NONE, advance
from shortlist.diversity.rounds.rows import Rows
from shortlist.npy import NpyFile
from shortlist.own_ids import Positions
from shortlist.pools import Source, open_pool, rows_of
from shortlist.pools.source import is_path
from shortlist.selecting import refuse_repeats

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import ArrayLike, NDArray

    from shortlist.diversity.rounds.messages import Offer, Question, State
    from shortlist.selection import Selection

ONE_ARRAY = ".npy"
"""Files of this kind can be read into memory as they lie."""
BLOCK_BYTES = 8 << 20
"""Bytes of rows that are looked at together."""


def in_blocks(x: Any, held: int | None, dtype: str | None) -> bool:
    """Whether rows are to be read in blocks, again for each round, as they lie in files or chunks.

    One `.npy` file of up to `held` bytes (None for no bound) is read into memory instead.
    """
    if isinstance(x, list | tuple):
        return bool(x) and all(map(is_path, x))
    if is_path(x):
        if not str(os.fspath(x)).lower().endswith(ONE_ARRAY):
            return True
        file = NpyFile(x)
        return held is not None and file.nbytes > held and (file.dtype.kind == "f" or dtype is not None)
    return isinstance(x, Source) or type(x).__module__.partition(".")[0] in ("zarr", "h5py")


class Blocks:
    """A pool as parts: each block of each pass, in order.

    Parameters
    ----------
    x : Source, path, list of paths, or what else `open_pool` takes
        It is opened for every pass, and must give the same rows each time.
    dtype : {None, "bfloat16"}
        How to read uint16.
    metric : str
        Checked here.
    among : Selection, Positions, array of ids, mask or None
        The rows in question, by their own ids where there is an id column; None for all.
    uncertainty : array-like, shape (rows,), or None
        One number for each row of the pool.
    threads : int
        Threads of a task.
    """

    def __init__(
        self, x: Any, dtype: str | None, metric: Any, among: Any, uncertainty: ArrayLike | None, threads: int
    ) -> None:
        if isinstance(x.x if isinstance(x, Source) else x, Iterator):
            raise TypeError("X is an iterator, which gives its rows once; accepted is what can be read again")
        if callable(metric):
            raise TypeError(
                "metric is a callable, and X is read in blocks; accepted are arrays in memory, or a metric by name"
            )
        metric_name(metric)
        self.x, self.dtype, self.threads = x, dtype, threads
        self.pool = self._open()
        self.columns, self.row_bytes = self.pool.classes, self.pool.row_bytes
        self.passes = 0
        self.states: list[State] = []
        self.limit = max(1, BLOCK_BYTES // self.row_bytes)
        whole = self.pool.rows
        if whole is None:
            self.passes += 1
            whole = sum(map(rows_of, self.pool.blocks(self.limit)))
            self.pool = self._open()
        self.whole = whole
        self.missing = 0
        own = None if self.pool.id_blocks is None else own_ids_of(among, "among")
        if own is not None and self.pool.id_blocks is not None:
            if not self.pool.ids_ahead:
                self.passes += 1
                for _ in self.pool.blocks(self.limit):
                    pass
            among = Positions(own.positions(self.pool.id_blocks()))
            self.missing = own.missing
        self.among = among_ids(among, whole)
        self.rows = whole if self.among is None else len(self.among)
        self.uncertainty = None if uncertainty is None else uncertainty_of(uncertainty, whole, self.among)

    def each(self, task: Callable[[Rows], Any]) -> list[Any]:
        """See `Parts`."""
        return [task(rows) for rows, _ in self._read()]

    def fold(self, task: Callable[[Rows, int], Any], add: Callable[[Any, Any], Any], start: Any) -> Any:
        """See `Parts`."""
        for rows, first in self._read():
            start = add(start, task(rows, first))
        return start

    def advance(
        self, question: Question, amounts: Sequence[int] | None, gone: Mapping[int, NDArray[np.int64]]
    ) -> list[Offer]:
        """See `Parts`."""
        states, offers = [], []
        for number, (rows, _) in enumerate(self._read()):
            state, offer = advance(
                rows,
                self.states[number] if self.states else None,
                question,
                amounts[number] if amounts else None,
                gone.get(number, NONE),
            )
            states.append(state)
            offers.append(offer)
        self.states = states
        return offers

    def row(self, row: int) -> First:
        """See `Parts`."""
        for number, (rows, _) in enumerate(self._read()):
            position = int(np.searchsorted(rows.ids, row))
            if position < len(rows) and rows.ids[position] == row:
                return First(number, position, row, rows.point(position))
        raise ValueError(f"init is {row}; accepted are the ids of the {self.rows:,} rows to pick from")

    def points(self, labelled: Any) -> NDArray[np.float64] | None:
        """Return the labelled rows as points, checked against the pool."""
        return as_points(labelled, Features(np.empty((0, self.columns)), self.pool.bfloat16))

    def finished(self, picks: Selection) -> Selection:
        """Return picks with what the pool says of them: its own ids, and its copies."""
        ids = None if self.pool.own_ids is None or not len(picks) else self.pool.own_ids(picks.indices)
        report = replace(picks.report, copies=tuple(self.pool.copies), missing_ids=self.missing)
        found = replace(picks, ids=ids, report=report)
        return found if ids is None else refuse_repeats(found, "X")

    def _open(self) -> Any:
        return open_pool(self.x, dtype=self.dtype, name="X")

    def _read(self) -> Iterator[tuple[Rows, int]]:
        """Yield the rows in question of each block, and how many came before: a pass."""
        self.passes += 1
        self.pool = pool = self._open()
        start = done = 0
        for block in pool.blocks(self.limit):
            stop = start + rows_of(block)
            if self.among is None:
                ids, features = np.arange(start, stop), block
            else:
                a, b = np.searchsorted(self.among, [start, stop])
                ids = self.among[a:b]
                features = block[ids - start]
            known = None if self.uncertainty is None else self.uncertainty[done : done + len(ids)]
            yield Rows(features, ids, known, pool.bfloat16), done
            start, done = stop, done + len(ids)
        if start != self.whole:
            raise ValueError(f"X had {self.whole:,} rows, and {start:,} when read again; it must stay as it is")
