"""Selector: the state of a selection over rows that come in blocks."""

from __future__ import annotations

import copy
import sys
import time
from typing import TYPE_CHECKING, Any

import numpy as np

from shortlist import _core
from shortlist.arguments import Exclusion, Steps, as_ids, seed_of, whole
from shortlist.groups import BLOCK, Labels, as_labels, both_or_neither, codes_for_core, distinct
from shortlist.options import flag, number, word
from shortlist.pools import Pool, open_pool, same_form
from shortlist.quotas import coded
from shortlist.registry import Function, MeasureName, Order, make_scorer, name_of
from shortlist.selection import Selection
from shortlist.selection_report import Report, too_few
from shortlist.sweep import sweep
from shortlist.threads import thread_count

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import ArrayLike, NDArray

    from shortlist.arguments import Progress, RandomState

STATE_VERSION = 1
NO_LIMIT = sys.maxsize


class Selector:
    """The best k rows of a pool that comes in blocks: a state to update, merge and finish.

    The result depends on the rows alone: any blocks, in any order, in any number of merged states,
    give what `select` gives on the whole pool. The state is O(k) and can be pickled; a state of
    another version of Shortlist's format is refused. Threads may share it: their calls wait for
    each other.

    Parameters
    ----------
    measure : str or callable
        Name of a measure (see `measures`), ``"random"`` for uniformly random rows, or a callable
        that takes a (rows, columns) block and returns (rows,) scores; a callable needs `order`.
    k : int or None
        Rows to pick, 0 or more. None only with `per_group`: that many of each group.
    order : {"highest", "lowest"}, optional
        Which end of a callable's scores is informative.
    from_logits : bool
        Blocks are logits, any finite numbers or -inf; probabilities are never built.
    temperature : float
        Divides the logits; above 0.
    normalize : {"check", "as_is", "renormalize"}
        Rows of probabilities must sum to 1 (within 1e-4 for float64, 1e-3 float32, 1e-2 float16,
        3e-2 bfloat16); are taken as they are; or are divided by their sum.
    invalid : {"raise", "skip"}
        What to do with rows that are no valid input.
    dtype : {None, "bfloat16"}
        Read uint16 as bfloat16.
    ties : {"first", "random"}
        Which of several rows with the same score is picked: the lowest id, or a random one.
    random_state : int, numpy Generator or RandomState, optional
        Seed for ties, perturbation and random rows. States that are to be merged need the same int.
    perturb : {None, "power", "softmax"}
        Draw rows at random without replacement, in proportion to score^coldness or e^(coldness
        score) (Kirsch et al. 2023); with "power" a margin counts as 1 - margin.
    coldness : float
        Above 0; the larger, the closer to picking the best rows.
    exclude : array of int, optional
        Ids never to pick. For a mask, pass it block by block to `update`.
    per_group : int, optional
        At most so many rows of any one group. `update` then takes groups as whole numbers from 0 to
        2^24 - 1, which mean the same in every merged state.
    quotas : dict of label: rows, optional
        So many rows of each group; the rest of k is filled with the best rows left over.
    strict : bool
        Whether it is an error to find fewer than k rows.
    n_threads : int, optional
        At most so many threads; by default what affinity and cgroup limits allow, and 1 inside a
        Dask or Ray worker.

    Raises
    ------
    ValueError, TypeError
        One sentence that names the argument, what came, and what is accepted.

    See Also
    --------
    select : the same on a whole pool.

    Examples
    --------
    >>> import numpy as np, shortlist as sl
    >>> probs = np.array([[0.9, 0.1], [0.5, 0.5], [0.3, 0.7], [0.6, 0.4]])
    >>> left, right = sl.Selector("margin", k=2), sl.Selector("margin", k=2)
    >>> _ = left.update(probs[:2], first_id=0)
    >>> _ = right.update(probs[2:], first_id=2)
    >>> left.merge(right).finish().indices
    array([1, 3])
    """

    _excludes = False  # as in states that were pickled before there was this

    def __init__(
        self,
        measure: MeasureName | str | Function,
        k: int | None,
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
        exclude: ArrayLike | None = None,
        per_group: int | None = None,
        quotas: Mapping[Any, int] | str | None = None,
        strict: bool = True,
        n_threads: int | None = None,
    ) -> None:
        ties, perturb = word(ties), None if perturb is None else word(perturb)
        if perturb == "softrank":
            raise ValueError('perturb is "softrank", which needs the ranks of all rows; accepted by select() only')
        self.measure = name_of(measure)
        self._scorer = make_scorer(
            measure, order, from_logits=from_logits, temperature=temperature, normalize=normalize, invalid=invalid
        )
        self.k = None if k is None else whole(k, "k")
        if self.k is None and per_group is None:
            raise ValueError("k is None; accepted is a whole number, 0 or more, or None together with per_group")
        self.strict = flag(strict, "strict")
        self._dtype = dtype
        self._n_threads = thread_count(n_threads)
        self._labels: Labels | None = None
        codes: list[int] | None = None
        if quotas is not None:
            self._labels, codes = coded(quotas)
        excluded = Exclusion(exclude, None)
        if excluded.mask is not None:
            raise ValueError("exclude is a mask; a Selector accepts ids, and a mask of each block in update(exclude=)")
        self._excludes = excluded.ids is not None
        if self._scorer is None:
            if perturb is not None:
                raise ValueError(f'perturb is {perturb!r}, and measure "random" has no scores to perturb')
            perturb = "uniform"
        self._perturb = perturb
        drawn = ties == "random" or perturb is not None
        # Looked at where nothing is drawn too, but then a generator stays as it is.
        kept = not drawn and isinstance(random_state, np.random.Generator | np.random.RandomState)
        seed = None if kept else seed_of(random_state)
        self._seed = seed if drawn else None
        named = isinstance(self._scorer, _core.Scorer)
        self.order = self._scorer.order if isinstance(self._scorer, _core.Scorer) else order or "highest"
        options: dict[str, Any] = {"scorer": self._scorer} if named else {"order": self.order, "invalid": word(invalid)}
        self._state = _core.Selector(
            NO_LIMIT if self.k is None else self.k,
            ties=ties,
            seed=self._seed or 0,
            perturb=perturb,
            coldness=number(coldness, "coldness"),
            per_group=None if per_group is None else whole(per_group, "per_group", least=1),
            quotas=None if codes is None else np.array(codes, dtype=np.int64),
            exclude=excluded.ids,
            **options,
        )
        self._grouped = per_group is not None or quotas is not None
        self._next_id = 0
        self._form: tuple[int, int, np.dtype[Any], bool] | None = None
        self._double = self._scorer is None
        self._seconds = 0.0
        self._bytes = 0
        self._copies: list[str] = []
        self._turn = _core.Turn("Selector")

    def update(
        self,
        block: Any,
        first_id: int | None = None,
        ids: ArrayLike | None = None,
        *,
        exclude: ArrayLike | None = None,
        groups: ArrayLike | None = None,
        progress: Progress | None = None,
    ) -> Selector:
        """Take note of more rows, in one sweep.

        Parameters
        ----------
        block : array-like, path or tensor, shape (rows, classes)
            What `select` accepts. It is read as it is and not kept. For a committee (members, rows,
            classes) or a list.
        first_id : int, optional
            Id of the first row, the others follow; by default the one after the last row seen.
        ids : array of int, shape (rows,), optional
            Ids of the rows, where they do not follow each other.
        exclude : array of bool, shape (rows,), optional
            Rows not to pick; or, where the block is a `Source` with an id column, their ids.
        groups : array, shape (rows,), optional
            Label of each row; needed with `per_group` and `quotas`.
        progress : callable, optional
            Called about twenty times a second with (rows done, rows in all).

        Returns
        -------
        Selector
            Itself.

        Notes
        -----
        O(rows x classes) time, O(k + threads) memory beside the block. Nothing is remembered of an
        update that raises, also where `progress` does: it can be given again.
        """
        with self._turn:
            return self._update(block, first_id, ids, exclude, groups, progress)

    def _update(
        self,
        block: Any,
        first_id: int | None,
        ids: ArrayLike | None,
        exclude: ArrayLike | None,
        groups: ArrayLike | None,
        progress: Progress | None,
    ) -> Selector:
        pool = open_pool(block, committee=self._committee, dtype=self._dtype, name="block")
        if self._form is not None:
            same_form(self._form, pool)
        if ids is not None and first_id is not None:
            raise ValueError("first_id and ids were both given; accepted is one of them")
        if ids is not None:
            ids = as_ids(ids, "ids")
            self._whole_block("ids", len(ids), pool)
        labels = None if groups is None else as_labels(groups, pool.rows)
        if self._excludes and ids is None and pool.id_blocks is not None:
            raise ValueError(
                "exclude of the Selector has places, and the block names its rows by an id column; accepted are their ids in "
                "update(exclude=), or without an id column"
            )
        mask = Exclusion.of_block(exclude, pool)
        start = self._next_id if first_id is None else whole(first_id, "first_id")
        return self.update_pool(pool, mask, first_id=start, ids=ids, groups=labels, progress=progress)

    def merge(self, other: Selector) -> Selector:
        """Take over everything that another Selector of the same configuration has seen.

        Parameters
        ----------
        other : Selector
            It is left as it is.

        Returns
        -------
        Selector
            Itself.

        Raises
        ------
        ValueError
            The configurations differ, or both have seen a row of the same id.
        """
        if not isinstance(other, Selector):
            raise TypeError(f"other is a {type(other).__name__}; accepted is a Selector")
        # A copy, so that two that are merged into each other at once don't wait for each other.
        other = copy.copy(other)
        with self._turn:
            return self._merge(other)

    def _merge(self, other: Selector) -> Selector:
        from shortlist.likeness import Likeness, refuse_unlike

        refuse_unlike(*(Likeness.of(s.measure, s._scorer, s._labels, s._form) for s in (self, other)))
        self._state.merge(other._state)
        self._form = self._form or other._form
        self._double |= other._double
        self._next_id = max(self._next_id, other._next_id)
        self._seconds += other._seconds
        self._bytes += other._bytes
        self._note(other._copies)
        return self

    def finish(self) -> Selection:
        """Return the picks so far, most informative first. The state can go on afterwards.

        Raises
        ------
        ValueError
            There are fewer than k rows to pick, unless ``strict=False``.
        """
        with self._turn:
            return self._finish()

    def _finish(self) -> Selection:
        began = time.perf_counter()
        indices, scores, stats = self._state.finish()
        if self.strict and self.k is not None and len(indices) < self.k:
            raise ValueError(too_few(self.k, len(indices), stats))
        return Selection(
            indices,
            scores if self._double else scores.astype(np.float32),
            self.measure,
            self.order,
            Report(
                rows=stats["rows"],
                skipped=stats["invalid"],
                excluded=stats["excluded"],
                ties_picked=stats["ties_at_cut"]["picked"],
                ties_left=stats["ties_at_cut"]["left"],
                scored_fraction=stats["scored_fraction"],
                copies=tuple(self._copies),
                seconds=self._seconds + time.perf_counter() - began,
                bytes=self._bytes,
                perturb=self._perturb,
                seed=self._seed,
                n_threads=self._n_threads,
                cpu_level=_core.build_info()["cpu_level"],
            ),
        )

    def __repr__(self) -> str:
        return f"Selector({self.measure!r}, k={self.k}), {self._next_id:,} rows seen"

    def __getstate__(self) -> dict[str, Any]:
        with self._turn:
            state = {**self.__dict__, "_state": copy.copy(self._state), "version": STATE_VERSION}
        del state["_turn"]
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        state = dict(state)
        version = state.pop("version", None)
        if version != STATE_VERSION:
            raise ValueError(
                f"this pickled Selector has format version {version}; accepted is {STATE_VERSION}: make it again"
            )
        self.__dict__.update(state)
        self._turn = _core.Turn("Selector")

    @property
    def _committee(self) -> bool:
        return isinstance(self._scorer, _core.Scorer) and self._scorer.kind == "committee"

    def _whole_block(self, name: str, length: int, pool: Pool) -> None:
        if pool.rows is not None and length != pool.rows:
            raise ValueError(f"{name} has {length:,} entries, and the block has {pool.rows:,} rows; they must be equal")

    def _note(self, copies: list[str]) -> None:
        self._copies = [*self._copies, *(one for one in copies if one not in self._copies)]

    def update_pool(
        self,
        pool: Pool,
        exclusion: Exclusion,
        *,
        first_id: int = 0,
        ids: NDArray[np.int64] | None = None,
        groups: NDArray[Any] | None = None,
        progress: Progress | None = None,
    ) -> Selector:
        """Take note of all rows of an opened pool: what `update` does with checked arguments.

        Parameters
        ----------
        pool : Pool
            As `shortlist.pools.open_pool` returns it.
        exclusion : Exclusion
            Rows of the pool not to pick, by a mask or by ids of a stream; those by place go with
            the Selector.
        first_id, ids, progress
            As for `update`.
        groups : ndarray, shape (rows,), optional
            Label of each row.

        Returns
        -------
        Selector
            Itself.
        """
        both_or_neither(groups, self._grouped)
        began = time.perf_counter()
        # All rows go into a draft, which counts once everything that may raise is behind.
        draft = self._state.draft()

        def part(first: int, rows: int) -> dict[str, Any]:
            return {
                "first_id": first_id + first if ids is None else 0,
                "ids": None if ids is None else ids[first : first + rows],
                "exclude": exclusion.part(first, rows),
                "groups": None if groups is None else codes_for_core(groups[first : first + rows], self._labels),
            }

        by_code = groups is not None and (self._labels is None or not self._labels.for_core(groups))
        limit = BLOCK if by_code else None
        done, double = sweep(draft, pool, self._scorer, self._n_threads, part, limit, Steps(progress, pool.rows))
        if exclusion.mask is not None and len(exclusion.mask) != done:
            raise ValueError(
                f"exclude is a mask of {len(exclusion.mask):,} rows, and the pool has {done:,}; they must be equal"
            )
        if groups is not None and len(groups) != done:
            raise ValueError(f"groups has {len(groups):,} labels, and the pool has {done:,} rows; they must be equal")
        self._state.commit(draft)
        self._form = self._form or pool.form
        self._double |= double
        self._next_id = max(self._next_id, first_id + done if ids is None else int(ids.max(initial=-1)) + 1)
        if self._scorer is not None:
            self._bytes += pool.bytes_read
        self._note(pool.copies)
        self._seconds += time.perf_counter() - began
        return self

    def update_count(self, rows: int, exclusion: Exclusion) -> Selector:
        """Take note of rows of which only the number is known, to draw some at random.

        Parameters
        ----------
        rows : int
            How many come next.
        exclusion : Exclusion
            Those not to pick.

        Returns
        -------
        Selector
            Itself.
        """
        began = time.perf_counter()
        self._state.update_count(rows, first_id=self._next_id, exclude=exclusion.part(0, rows))
        self._next_id += rows
        self._seconds += time.perf_counter() - began
        return self

    def name_groups(self, labels: Labels | ArrayLike) -> Selector:
        """Accept labels of any kind as groups, where `per_group` would take whole numbers alone.

        Parameters
        ----------
        labels : array-like or Labels
            All that there are, the same in every state that is to be merged. Quotas name their
            groups themselves, which then stay as they are.

        Returns
        -------
        Selector
            Itself.
        """
        if self._labels is None:
            self._labels = labels if isinstance(labels, Labels) else distinct(as_labels(labels, name="labels"))
        return self
