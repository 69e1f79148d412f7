"""What models and distances are given of a pool's rows:
fitted outside the validation stratum, kept as JSON.
"""

from __future__ import annotations

import math
from collections import Counter
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from shortlist.loop.pool.choosing import lowest
from shortlist.loop.pool.hashing import number_of
from shortlist.loop.pool.words import fit_words, projection, words_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from shortlist.arguments import Progress
    from shortlist.loop.pool.contents import Raw
    from shortlist.loop.pool.rows import LoopPool

MOST_TEXTS = 200_000
MOST_ROWS = 100_000
MOST_WORDS = 50
"""Values of one column that become columns of their own; others count as none of them."""
PIECE = 1 << 12
"""Rows whose features exist at once."""


class Features:
    """Raw rows as numbers.

    Parameters
    ----------
    state : dict
        What `fit` found, as plain values.
    pool : LoopPool
        The pool whose rows `dense` reads.
    seed : int
        Seed of the projection of texts.
    """

    def __init__(self, state: Mapping[str, Any], pool: LoopPool, seed: int) -> None:
        self.state = state
        self._pool = pool
        self.seed = seed

    @classmethod
    def fit(
        cls, pool: LoopPool, outside: NDArray[np.bool] | None, seed: int, progress: Progress | None = None
    ) -> Features:
        """Fit to rows that are not in `outside`, a mask of the stratum:
        drawn by a hash of their ids where there are many.
        """
        most = MOST_TEXTS if pool.kind == "text" else MOST_ROWS
        rows = np.sort(lowest(pool, number_of(seed, "features"), most, outside))
        raw = pool.raw(rows)
        state: dict[str, Any]
        if isinstance(raw, list):
            state = fit_words(raw, progress)
        elif isinstance(raw, dict):
            state = {"kind": "columns", "columns": [_fit_column(name, raw[name]) for name in raw]}
        else:
            state = {"kind": "vector", **_scale(raw)}
        return cls(state, pool, seed)

    def transform(self, raw: Raw) -> Any:
        """Return raw rows as a matrix: sparse for texts, else of float64."""
        if isinstance(raw, list):
            return self._words.transform(raw)
        if isinstance(raw, dict):
            return np.concatenate([_column(about, raw[about["name"]]) for about in self.state["columns"]], axis=1)
        return (raw.astype(np.float64) - self._centre) / self._spread

    def dense(self, rows: Sequence[int] | NDArray[np.int64]) -> NDArray[np.float32]:
        """Return features of some rows for distances: vectors as they are,
        texts projected to 256 columns.
        """
        rows = np.asarray(rows, dtype=np.int64)
        parts = [self._dense(self._pool.raw(rows[low : low + PIECE])) for low in range(0, len(rows), PIECE)]
        return np.concatenate(parts) if parts else np.empty((0, 1), np.float32)

    def _dense(self, raw: Raw) -> NDArray[np.float32]:
        if isinstance(raw, np.ndarray):
            return raw.astype(np.float32)
        matrix = self.transform(raw)
        return self.projected(matrix) if isinstance(raw, list) else matrix.astype(np.float32)

    def projected(self, matrix: Any) -> NDArray[np.float32]:
        """Return a matrix of texts projected to 256 columns."""
        return np.asarray(matrix @ self._projection, dtype=np.float32)

    @cached_property
    def _words(self) -> Any:
        return words_of(self.state)

    @cached_property
    def _projection(self) -> NDArray[np.float32]:
        return projection(len(self.state["terms"]), self.seed)

    @cached_property
    def _centre(self) -> NDArray[np.float64]:
        return np.array(self.state["centre"])

    @cached_property
    def _spread(self) -> NDArray[np.float64]:
        return np.array(self.state["spread"])


def _scale(rows: NDArray[Any]) -> dict[str, list[float]]:
    """Return mean and standard deviation of each column, in one order of sums."""
    rows = rows.astype(np.float64)
    centre = rows.mean(axis=0) if len(rows) else np.zeros(rows.shape[1])
    spread = rows.std(axis=0) if len(rows) else np.ones(rows.shape[1])
    return {"centre": centre.tolist(), "spread": np.where(spread > 0, spread, 1.0).tolist()}


def _fit_column(name: str, values: NDArray[Any]) -> dict[str, Any]:
    if values.dtype == np.float64:
        known = values[np.isfinite(values)]
        spread = float(known.std()) if len(known) else 1.0
        return {
            "name": name,
            "words": None,
            "centre": float(known.mean()) if len(known) else 0.0,
            "spread": spread if 0 < spread < math.inf else 1.0,
            "gaps": bool(len(known) < len(values)),
        }
    counts = Counter(value for value in values.tolist() if value is not None)
    often = sorted(counts, key=lambda word: (-counts[word], word))[:MOST_WORDS]
    return {"name": name, "words": sorted(often)}


def _column(about: Mapping[str, Any], values: NDArray[Any]) -> NDArray[np.float64]:
    """Return a column of numbers, scaled, with one that marks gaps where there were any;
    or one for each word.
    """
    if about["words"] is None:
        known = np.isfinite(values)
        scaled = np.where(known, (np.where(known, values, 0.0) - about["centre"]) / about["spread"], 0.0)
        return np.stack([scaled, ~known], axis=1) if about["gaps"] else scaled[:, None]
    places = {word: place for place, word in enumerate(about["words"])}
    found = np.zeros((len(values), max(1, len(places))))
    for row, value in enumerate(values.tolist()):
        if value in places:
            found[row, places[value]] = 1.0
    return found
