"""What a loop stands on: its pool as it is now, the stratum kept apart for the estimate,
and the features.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from shortlist.loop.errors import LoopError
from shortlist.loop.pool import BESIDE, LoopPool, Stratum, changed, open_pool, remove_other_pools, stratum
from shortlist.loop.pool.features import Features
from shortlist.loop.pool.tables.frames import check_frame
from shortlist.loop.spec import rows_needed
from shortlist.loop.training import read_labels
from shortlist.loop.training.by_path import function_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from shortlist.arguments import Progress
    from shortlist.loop.spec import Spec
    from shortlist.loop.store import Store
    from shortlist.loop.training import Extra

CACHE = "cache"
"""A loop's folder for what can be made again."""
FEATURES = "features"
"""Beside the fingerprint of a pool: the blob of the features that were fitted to it."""


@dataclass(frozen=True, eq=False)
class Training:
    """Rows that a model is trained on: labelled ones outside the stratum,
    and labels from before that are not of the pool.
    """

    rows: NDArray[np.int64]
    labels: list[str]
    weights: NDArray[np.float64]
    extra: Extra | None

    @property
    def all_labels(self) -> list[str]:
        """The labels of all rows."""
        return self.labels + (self.extra.labels if self.extra else [])


class Ground:
    """The pool of a loop, opened once it is needed.

    Parameters
    ----------
    spec : Spec
        The specification in force.
    cache : Path
        A folder for what can be made again.
    store : Store, optional
        The loop's, once it has begun; without it nothing but `check` may be asked for.
    progress : callable, optional
        Called with (rows done, rows in all) while the pool is read through for the first time.
    frame : frame, optional
        The rows, in place of the file that the specification names.
    """

    def __init__(
        self,
        spec: Spec,
        cache: Path,
        store: Store | None = None,
        progress: Progress | None = None,
        frame: Any = None,
    ) -> None:
        self.spec = spec
        self._frame = frame
        self.cache = cache
        self._store = cast("Store", store)
        self._progress = progress
        self._features: tuple[str, Features] | None = None

    def check(self) -> None:
        """Open all that the specification names.

        Raises
        ------
        LoopError
            What is wrong with the pool, or with the labels from before.
        """
        if not (~self.held.mask).any():
            raise LoopError("every row of the pool is in the validation stratum, and none is left to train on")
        _ = self._extra
        own = [("[round] strategy", self.spec.round.strategy), ("[model] estimator", self.spec.model.estimator or "")]
        for key, name in [*own, *(("[model] committee", each) for each in self.spec.model.committee)]:
            if ":" in name:
                function_of(name, key, self.spec.folder)

    @cached_property
    def pool(self) -> LoopPool:
        """The pool."""
        check_frame(self.spec, self._frame)
        pool = open_pool(self.spec, cache=self.cache, frame=self._frame, progress=self._progress)
        remove_other_pools(pool)
        return pool

    @cached_property
    def held(self) -> Stratum:
        """The validation stratum."""
        return stratum(self.pool, self.spec.seed_number, self.spec.validation.share, self.spec.validation.rows)

    @property
    def out_of_reach(self) -> str:
        """What this pool can't bring about, in a sentence; empty where there is nothing."""
        rows, needed = len(self.held.order), rows_needed(self.spec.stop.when)
        if rows >= needed:
            return ""
        return (
            f"the target takes {needed:,} validation rows or more even with a model that is always right, and this pool has "
            f"{rows:,} of them"
        )

    @cached_property
    def _extra(self) -> Extra | None:
        path = self.spec.seed.labels
        return read_labels(self.spec, self.pool, path).extra if path else None

    def version(self) -> str:
        """Return the hash of the pool as it is now, which is kept where rows were appended,
        with its features.

        Raises
        ------
        LoopError
            Rows that the loop began with are missing or changed.
        """
        return self._settled()[0]

    def _settled(self) -> tuple[str, Features]:
        if self._features is not None:
            return self._features
        now = json.loads(json.dumps(dict(self.pool.fingerprint)))
        versions = self._store.pool_versions
        if versions:
            old = dict(versions[-1].fingerprint)
            blob = old.pop(FEATURES)
            # What no model sees may have been edited: `check` says so.
            if {**old, BESIDE: None} == {**now, BESIDE: None}:
                state = json.loads(self._store.blob(blob).read_bytes())
                self._features = versions[-1].hash, Features(state, self.pool, self.spec.seed_number)
                return self._features
            wrong = changed(old, self.pool)
            if wrong:
                raise LoopError(wrong[0])
        fitted = Features.fit(self.pool, self.held.mask, self.spec.seed_number, self._progress)
        blob = self._store.put_blob(json.dumps(fitted.state).encode())
        name = self._store.add_pool({**now, FEATURES: blob})
        self._features = name, fitted
        return self._features

    @property
    def features(self) -> Features:
        """The features of this version of the pool, fitted outside the stratum."""
        return self._settled()[1]

    def training(self, labels: Mapping[str, str], *, fold_in: bool = False) -> Training:
        """Return the rows that labels train on, in the order of the pool;
        equal rows count as often as there are of them.

        With `fold_in` those of the stratum are among them: of what is trained on these nothing can
        be known.
        """
        rows, names = self.places(labels)
        outside = ~self.held.mask[rows] | fold_in
        rows, kept = rows[outside], [name for name, out in zip(names, outside.tolist(), strict=True) if out]
        firsts = self.pool.first_of(rows)
        later, of = self.pool.repeated
        copies = np.ones(len(rows))
        if len(later):
            ascending = np.sort(of)
            counts = np.searchsorted(ascending, firsts, "right") - np.searchsorted(ascending, firsts, "left")
            _, place, labelled = np.unique(firsts, return_inverse=True, return_counts=True)
            copies = (1 + counts) / labelled[place]
        return Training(rows, [labels[name] for name in kept], copies, self._extra)

    def trains(self, labels: Iterable[str]) -> list[str]:
        """Return which labelled rows a model is trained on:
        those of `training` by their ids, found without their places.
        """
        gone = self._store.rows_allowed("unknown")
        if gone:
            gone = [row for row, place in zip(gone, self.pool.index_of(gone).tolist(), strict=True) if place < 0]
        apart = self._held_ids.union(gone)
        return [row for row in labels if row not in apart]

    @cached_property
    def _held_ids(self) -> set[str]:
        return set(self.pool.id_of(np.flatnonzero(self.held.mask)))

    @property
    def extra_labels(self) -> list[str]:
        """The labels from before of rows that are not of the pool."""
        return self._extra.labels if self._extra else []

    def places(self, labels: Mapping[str, Any]) -> tuple[NDArray[np.int64], list[str]]:
        """Return the places of rows of the pool, ascending, and their ids."""
        ids = list(labels)
        found = self.pool.index_of(ids)
        order = np.argsort(found, kind="stable")
        order = order[found[order] >= 0]
        return found[order], [ids[place] for place in order.tolist()]
