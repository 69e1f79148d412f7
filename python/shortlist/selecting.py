"""select(), sample() and Selector: scoring and selection in one sweep over the pool."""

from __future__ import annotations

import sys
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from shortlist import _core
from shortlist.arguments import Exclusion, Steps, as_ids, seed_of, whole
from shortlist.groups import BLOCK, Labels, as_labels, checked_quotas, count, distinct, share
from shortlist.pools import Pool, open_pool, rows_of, same_form
from shortlist.pools.crew import crew_of
from shortlist.registry import Function, MeasureName, Order, is_committee, make_scorer, name_of
from shortlist.scoring import call_measure, score_pool
from shortlist.selection import Report, Selection
from shortlist.threads import thread_count

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import ArrayLike, NDArray

    from shortlist.arguments import Progress, RandomState
    from shortlist.pools.crew import Crew

STATE_VERSION = 1
NO_LIMIT = sys.maxsize


class Selector:
    """The best k rows of a pool that comes in blocks: a state to update, merge with others, and finish.

    The result depends on the rows alone: any blocks, in any order, in any number of merged states, give what
    `select` gives on the whole pool. The state is O(k) and can be pickled; a state of another version of
    Shortlist's format is refused.

    Parameters
    ----------
    measure : str or callable
        Name of a measure (see `measures`), ``"random"`` for uniformly random rows, or a callable that takes a
        (rows, columns) block and returns (rows,) scores; a callable needs `order`.
    k : int or None
        Rows to pick, 0 or more. None only with `per_group`: that many of each group.
    order : {"highest", "lowest"}, optional
        Which end of a callable's scores is informative.
    from_logits : bool
        Blocks are logits, any finite numbers or -inf; probabilities are never built.
    temperature : float
        Divides the logits; above 0.
    normalize : {"check", "as_is", "renormalize"}
        Rows of probabilities must sum to 1 (within 1e-4 for float64, 1e-3 float32, 1e-2 float16, 3e-2 bfloat16);
        are taken as they are; or are divided by their sum.
    invalid : {"raise", "skip"}
        What to do with rows that are no valid input.
    dtype : {None, "bfloat16"}
        Read uint16 as bfloat16.
    ties : {"first", "random"}
        Which of several rows with the same score is picked: the lowest id, or a random one.
    random_state : int, numpy Generator or RandomState, optional
        Seed for ties, perturbation and random rows. States that are to be merged need the same int.
    perturb : {None, "power", "softmax"}
        Draw rows at random without replacement, in proportion to score^coldness or e^(coldness score)
        (Kirsch et al. 2023); with "power" a margin counts as 1 - margin.
    coldness : float
        Above 0; the larger, the closer to picking the best rows.
    exclude : array of int, optional
        Ids never to pick. For a mask, pass it block by block to `update`.
    per_group : int, optional
        At most so many rows of any one group. `update` then takes groups as whole numbers from 0 to 2^24 - 1, which
        mean the same in every merged state.
    quotas : dict of label: rows, optional
        So many rows of each group; the rest of k is filled with the best rows left over.
    strict : bool
        Whether it is an error to find fewer than k rows.
    n_threads : int, optional
        At most so many threads; by default what affinity and cgroup limits allow, and 1 inside a Dask or Ray worker.

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
        if perturb == "softrank":
            raise ValueError('perturb is "softrank", which needs the ranks of all rows; accepted by select() only')
        self.measure = name_of(measure)
        self._scorer = make_scorer(
            measure, order, from_logits=from_logits, temperature=temperature, normalize=normalize, invalid=invalid
        )
        self.k = None if k is None else whole(k, "k")
        if self.k is None and per_group is None:
            raise ValueError("k is None; accepted is a whole number, 0 or more, or None together with per_group")
        self.strict = strict
        self._dtype = dtype
        self._n_threads = thread_count(n_threads)
        self._labels: Labels | None = None
        codes: list[int] | None = None
        if quotas is not None:
            if isinstance(quotas, str):
                raise ValueError(
                    f"quotas is {quotas!r}, which needs the groups of all rows; a Selector accepts a dict of label: rows"
                )
            given = checked_quotas(quotas)
            self._labels = distinct(as_labels(list(given)))
            # The last code is for rows of all other groups: no quota, but they may fill a shortage.
            codes = [*(given[label] for label in self._labels.labels.tolist()), 0]
        excluded = Exclusion(exclude, None)
        if excluded.mask is not None:
            raise ValueError("exclude is a mask; a Selector accepts ids, and a mask of each block in update(exclude=)")
        if self._scorer is None:
            if perturb is not None:
                raise ValueError(f'perturb is {perturb!r}, and measure "random" has no scores to perturb')
            perturb = "uniform"
        self._perturb = perturb
        self._seed = seed_of(random_state) if ties == "random" or perturb is not None else None
        named = isinstance(self._scorer, _core.Scorer)
        self.order = self._scorer.order if isinstance(self._scorer, _core.Scorer) else order or "highest"
        options: dict[str, Any] = {"scorer": self._scorer} if named else {"order": self.order, "invalid": invalid}
        self._state = _core.Selector(
            NO_LIMIT if self.k is None else self.k,
            ties=ties,
            seed=self._seed or 0,
            perturb=perturb,
            coldness=coldness,
            per_group=None if per_group is None else whole(per_group, "per_group", least=1),
            quotas=codes,
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
            What `select` accepts. It is read as it is and not kept. For a committee (members, rows, classes) or a list.
        first_id : int, optional
            Id of the first row, the others follow; by default the one after the last row seen.
        ids : array of int, shape (rows,), optional
            Ids of the rows, where they do not follow each other.
        exclude : array of bool, shape (rows,), optional
            Rows not to pick.
        groups : array, shape (rows,), optional
            Label of each row; needed with `per_group` and `quotas`.
        progress : callable, optional
            Called about ten times a second with (rows done, rows in all).

        Returns
        -------
        Selector
            Itself.

        Notes
        -----
        O(rows x classes) time, O(k + threads) memory beside the block. Nothing is remembered of an array that raises;
        of a stream, the parts before the one that raises are.
        """
        pool = open_pool(block, committee=self._committee, dtype=self._dtype, name="block")
        if self._form is not None:
            same_form(self._form, pool)
        if ids is not None and first_id is not None:
            raise ValueError("first_id and ids were both given; accepted is one of them")
        if ids is not None:
            ids = as_ids(ids, "ids")
            self._whole_block("ids", len(ids), pool)
        labels = None if groups is None else as_labels(groups, pool.rows)
        mask = Exclusion(exclude, pool.rows)
        if mask.ids is not None:
            raise ValueError("exclude has ids; update accepts a mask of the block's rows, and Selector(exclude=) ids")
        start = self._next_id if first_id is None else whole(first_id, "first_id")
        self._sweep(pool, start, ids, mask, labels, progress)
        return self

    def merge(self, other: Selector) -> Selector:
        """Take over everything another Selector of the same configuration and of other rows has seen.

        Returns
        -------
        Selector
            Itself. The other one is left as it is.

        Raises
        ------
        ValueError
            The configurations differ, or both have seen a row of the same id.
        """
        if not isinstance(other, Selector):
            raise TypeError(f"other is a {type(other).__name__}; accepted is a Selector")
        if self.measure != other.measure:
            raise ValueError(
                f"these Selectors cannot be merged: measure is {self.measure} in one and {other.measure} in the other"
            )
        for option in ("from_logits", "temperature", "normalize", "invalid"):
            mine, theirs = (getattr(s._scorer, option, None) for s in (self, other))
            if mine != theirs:
                raise ValueError(
                    f"these Selectors cannot be merged: {option} is {mine!r} in one and {theirs!r} in the other"
                )
        mine, theirs = self._labels, other._labels
        if (mine is None) != (theirs is None) or (mine and theirs and mine.labels.tolist() != theirs.labels.tolist()):
            raise ValueError("these Selectors cannot be merged: quotas are for different groups")
        if self._form is not None and other._form is not None and self._form != other._form:
            raise ValueError(
                f"these Selectors cannot be merged: one has seen {self._form[1]} classes of {self._form[2]}, "
                f"the other {other._form[1]} of {other._form[2]}"
            )
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
        began = time.perf_counter()
        indices, scores, stats = self._state.finish()
        if self.strict and self.k is not None and len(indices) < self.k:
            raise ValueError(_too_few(self.k, len(indices), stats))
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
        return {**self.__dict__, "version": STATE_VERSION}

    def __setstate__(self, state: dict[str, Any]) -> None:
        state = dict(state)
        version = state.pop("version", None)
        if version != STATE_VERSION:
            raise ValueError(
                f"this pickled Selector has format version {version}; accepted is {STATE_VERSION}: make it again"
            )
        self.__dict__.update(state)

    @property
    def _committee(self) -> bool:
        return isinstance(self._scorer, _core.Scorer) and self._scorer.kind == "committee"

    def _whole_block(self, name: str, length: int, pool: Pool) -> None:
        if pool.rows is not None and length != pool.rows:
            raise ValueError(f"{name} has {length:,} entries, and the block has {pool.rows:,} rows; they must be equal")

    def _note(self, copies: list[str]) -> None:
        self._copies += [copy for copy in copies if copy not in self._copies]

    def _sweep(
        self,
        pool: Pool,
        start: int,
        ids: NDArray[np.int64] | None,
        mask: Exclusion,
        groups: NDArray[Any] | None,
        progress: Progress | None,
    ) -> None:
        """Take note of all blocks of a pool: the one way of rows into the state."""
        _both_or_neither(groups, self._grouped)
        began = time.perf_counter()
        steps = Steps(progress, pool.rows)
        limit = BLOCK if groups is not None or callable(self._scorer) else None

        def part(first: int, rows: int) -> dict[str, Any]:
            return {
                "first_id": start + first if ids is None else 0,
                "ids": None if ids is None else ids[first : first + rows],
                "exclude": mask.part(first, rows),
                "groups": None if groups is None else self._codes(groups[first : first + rows]),
            }

        if isinstance(self._scorer, _core.Scorer) and (crew := crew_of(pool, self._n_threads, limit)):
            done = self._sweep_by(crew, pool.bfloat16, part, steps)
        else:
            done = 0
            for block in pool.blocks(limit):
                rows = rows_of(block)
                self._take(block, pool, part(done, rows), steps)
                done += rows
                steps.block(rows)
        if mask.mask is not None and len(mask.mask) != done:
            raise ValueError(
                f"exclude is a mask of {len(mask.mask):,} rows, and the pool has {done:,}; they must be equal"
            )
        if groups is not None and len(groups) != done:
            raise ValueError(f"groups has {len(groups):,} labels, and the pool has {done:,} rows; they must be equal")
        steps.end()
        self._form = self._form or pool.form
        if isinstance(self._scorer, _core.Scorer):
            self._double |= pool.score_dtype == np.float64
        self._next_id = max(self._next_id, start + done if ids is None else int(ids.max(initial=-1)) + 1)
        if self._scorer is not None:
            self._bytes += pool.bytes_read
        self._note(pool.copies)
        self._seconds += time.perf_counter() - began

    def _sweep_by(self, crew: Crew, bfloat16: bool, part: Callable[[int, int], dict[str, Any]], steps: Steps) -> int:
        """Take note of what several threads read, each with a state of its own; of nothing, if one of them fails."""
        states = [self._state.fork() for _ in range(crew.size)]

        def work(member: int, row: int, block: Any) -> None:
            states[member].update(block, bfloat16=bfloat16, n_threads=1, **part(row, rows_of(block)))

        done = crew.run(work, steps.reach)
        for state in states[1:]:
            states[0].merge(state)
        self._state.merge(states[0])
        return done

    def _take(self, block: Any, pool: Pool, part: dict[str, Any], steps: Steps) -> None:
        """Take note of one block."""
        if self._scorer is None:
            self._state.update_count(rows_of(block), **part)
        elif isinstance(self._scorer, _core.Scorer):
            self._state.update(block, bfloat16=pool.bfloat16, n_threads=self._n_threads, progress=steps.within, **part)
        else:
            scores = call_measure(self._scorer, pool.kept(block))
            self._double |= scores.dtype == np.float64
            self._state.update_scores(scores, n_threads=self._n_threads, **part)

    def _take_count(self, rows: int, mask: Exclusion) -> None:
        """Take note of rows of which only the number is known."""
        began = time.perf_counter()
        self._state.update_count(rows, first_id=self._next_id, exclude=mask.part(0, rows))
        self._next_id += rows
        self._seconds += time.perf_counter() - began

    def _codes(self, groups: NDArray[Any]) -> NDArray[np.uint32]:
        if self._labels is not None:
            return self._labels.codes(groups)
        if groups.dtype.kind not in "iub" or (len(groups) and not 0 <= int(groups.min()) <= int(groups.max()) < 2**24):
            raise ValueError(
                f"groups has labels of dtype {groups.dtype}; with per_group a Selector accepts whole numbers from 0 to "
                "2**24 - 1, which mean the same in every state (select() accepts any labels)"
            )
        return groups.astype(np.uint32)


def select(
    x: Any,
    measure: MeasureName | str | Function,
    k: int | None = None,
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
    exclude: ArrayLike | set[int] | None = None,
    groups: ArrayLike | None = None,
    per_group: int | None = None,
    quotas: str | Mapping[Any, int] | None = None,
    strict: bool = True,
    n_threads: int | None = None,
    progress: Progress | None = None,
) -> Selection:
    """Pick the k most informative rows of a pool, in one sweep over memory or a file.

    Rows compare by score and then by lowest id, so the picks are unique: the same for any number of threads, any memory
    order and any split into blocks.

    Parameters
    ----------
    x : array-like, path, table, Source, list or iterator of blocks
        (rows, classes) probabilities or logits, float16, float32, float64, or bfloat16 as uint16 or tensor; for a
        committee measure (members, rows, classes) or a list of one (rows, classes) array per member. Any strides,
        read-only and memory-mapped arrays are read in place. A path, a folder or a glob is read block by block, by its
        suffix: ``.npy``, ``.npz``, ``.parquet``, ``.arrow``, ``.h5``, ``.zarr``; nothing is ever unpickled. Tables,
        frames and streams in Arrow's format are pools too, and `Source` says which column, or which array of a file.
        A list or an iterator of blocks is a pool in parts.
    measure : str or callable
        Name of a measure (see `measures`), ``"random"`` for uniformly random rows, or a callable that takes a
        (rows, columns) block and returns (rows,) scores; a callable needs `order`.
    k : int, optional
        Rows to pick, from 0 to the rows there are. May be left out with `per_group`: that many of each group.
    order : {"highest", "lowest"}, optional
        Which end of a callable's scores is informative.
    from_logits : bool
        x holds logits, any finite numbers or -inf; probabilities are never built.
    temperature : float
        Divides the logits; above 0.
    normalize : {"check", "as_is", "renormalize"}
        Rows of probabilities must sum to 1 (within 1e-4 for float64, 1e-3 float32, 1e-2 float16, 3e-2 bfloat16);
        are taken as they are; or are divided by their sum.
    invalid : {"raise", "skip"}
        Whether a row that is no valid input is an error, or is never picked and counted in the report.
    dtype : {None, "bfloat16"}
        Read uint16 as bfloat16.
    ties : {"first", "random"}
        Which of several rows with the same score is picked: the lowest id, or a random one.
    random_state : int, numpy Generator or RandomState, optional
        Seed for ties, perturbation and random rows; by default a fresh one, which the report names.
    perturb : {None, "power", "softmax", "softrank"}
        Draw rows at random without replacement, in proportion to score^coldness, e^(coldness score) or
        rank^-coldness: the cheap remedy for picks that resemble each other (Kirsch et al. 2023). With "power" a margin
        counts as 1 - margin. "softrank" takes O(rows) memory.
    coldness : float
        Above 0; the larger, the closer to picking the best rows.
    exclude : array of int, set, or mask of bool, optional
        Ids never to pick, each once, or a mask over all rows.
    groups : array, shape (rows,), optional
        Label of each row: a class, a source, a predicted label.
    per_group : int, optional
        At most so many rows of any one group.
    quotas : {"proportional", "equal"} or dict of label: rows, optional
        How k is shared among the groups: by largest remainders, with shortages filled by the best rows left over.
    strict : bool
        Whether it is an error to find fewer than k rows; otherwise all there are get picked.
    n_threads : int, optional
        At most so many threads; by default what affinity and cgroup limits allow, and 1 inside a Dask or Ray worker.
    progress : callable, optional
        Called about ten times a second with (rows done, rows in all or None where unknown).

    Returns
    -------
    Selection
        ``.indices`` (int64) and ``.scores``, most informative first, and a ``.report``.

    Raises
    ------
    ValueError, TypeError
        One sentence that names the argument, what came and what is accepted; for data the first bad row.
    OSError
        A file that cannot be opened.

    See Also
    --------
    Selector : the same for blocks that come from anywhere, in any order.

    Notes
    -----
    O(rows x classes) time; O(k + threads) memory beside the input.

    Examples
    --------
    >>> import numpy as np, shortlist as sl
    >>> probs = np.array([[0.9, 0.1], [0.5, 0.5], [0.3, 0.7], [0.6, 0.4]], dtype=np.float32)
    >>> sl.select(probs, "margin", k=2).indices
    array([1, 3])
    >>> sl.select(probs, "entropy", k=2, exclude=[1]).indices
    array([3, 2])
    >>> logits = np.array([[4.0, 0.0], [0.1, 0.0], [0.0, 2.0]], dtype=np.float32)
    >>> sl.select(logits, "least_confident", k=1, from_logits=True).indices
    array([1])
    >>> sl.select(probs, lambda block: block.std(axis=1), k=1, order="lowest").indices
    array([1])
    >>> sl.select(probs, "margin", per_group=1, groups=["cat", "cat", "dog", "dog"]).indices
    array([1, 3])
    """
    pool = open_pool(x, committee=is_committee(measure), dtype=dtype)
    if pool.rows == 0:
        raise ValueError(f"{pool.name} is empty: it has no rows; at least one is needed")
    if k is not None:
        k = whole(k, "k")
        if strict and pool.rows is not None and k > pool.rows:
            raise ValueError(
                f"k is {k:,}, and the pool has {pool.rows:,} rows; accepted is up to that, or strict=False"
            )
    exclusion = Exclusion(exclude, pool.rows)
    _both_or_neither(groups, per_group is not None or quotas is not None)
    if perturb == "softrank":
        began = time.perf_counter()
        scorer = make_scorer(
            measure, order, from_logits=from_logits, temperature=temperature, normalize=normalize, invalid=invalid
        )
        if scorer is None:
            raise ValueError('perturb is "softrank", and measure "random" has no scores to rank')
        scores = score_pool(pool, scorer, None, thread_count(n_threads), progress)
        picks = softrank_picks(
            scores,
            name_of(measure),
            scorer.order if isinstance(scorer, _core.Scorer) else order or "highest",
            k,
            invalid=invalid,
            ties=ties,
            random_state=random_state,
            coldness=coldness,
            exclude=exclude,
            groups=groups,
            per_group=per_group,
            quotas=quotas,
            strict=strict,
        )
        seconds = time.perf_counter() - began
        report = replace(picks.report, seconds=seconds, bytes=pool.bytes_read, copies=tuple(pool.copies))
        return with_own_ids(replace(picks, report=report), pool)
    groups = None if groups is None else as_labels(groups, pool.rows)
    labels = distinct(groups) if groups is not None else None
    if isinstance(quotas, str) and labels is not None and groups is not None and k is not None:
        quotas = share(quotas, k, labels, count(labels, groups, exclusion))
    elif quotas is not None and not isinstance(quotas, str):
        quotas = checked_quotas(quotas)
        unknown = [label for label in quotas if labels is not None and label not in labels]
        if unknown:
            raise ValueError(f"quotas has the label {unknown[0]!r}, which is not in groups")
        k = sum(quotas.values()) if k is None else k
    selector = Selector(
        measure,
        k,
        order=order,
        from_logits=from_logits,
        temperature=temperature,
        normalize=normalize,
        invalid=invalid,
        dtype=dtype,
        ties=ties,
        random_state=random_state,
        perturb=perturb,
        coldness=coldness,
        exclude=exclusion.ids,
        per_group=per_group,
        quotas=quotas,
        strict=strict,
        n_threads=n_threads,
    )
    if selector._labels is None and per_group is not None:
        selector._labels = labels
    selector._sweep(pool, 0, None, exclusion, groups, progress)
    return with_own_ids(selector.finish(), pool)


def sample(
    pool: int | ArrayLike,
    k: int,
    *,
    random_state: RandomState = None,
    exclude: ArrayLike | set[int] | None = None,
    strict: bool = True,
) -> Selection:
    """Draw k rows at random without replacement: uniformly, or in proportion to weights.

    Parameters
    ----------
    pool : int or array-like, shape (rows,)
        Number of rows, all equally likely; or a weight of at least 0 for each row. A row of weight 0 is never drawn.
    k : int
        Rows to draw.
    random_state : int, numpy Generator or RandomState, optional
        Seed; by default a fresh one, which the report names.
    exclude : array of int, set, or mask of bool, optional
        Ids never to draw, each once, or a mask over all rows.
    strict : bool
        Whether it is an error to find fewer than k rows; otherwise all there are get drawn.

    Returns
    -------
    Selection
        ``.indices`` in the order drawn. ``.scores`` are the weights, or where all rows are equally likely the random
        number in [0, 1) behind each draw.

    Raises
    ------
    ValueError, TypeError
        One sentence that names the argument, what came and what is accepted.

    Notes
    -----
    The exact law of drawing one row after the other (Efraimidis & Spirakis 2006), in O(rows) time and O(k) memory.
    What is drawn depends on the seed and the rows' ids alone.

    Examples
    --------
    >>> import shortlist as sl
    >>> len(sl.sample(1_000_000, k=5, random_state=0))
    5
    >>> sorted(sl.sample([0.0, 2.0, 0.5], k=2, random_state=0).indices.tolist())
    [1, 2]
    """
    array = np.asarray(pool)
    if array.ndim == 0:
        rows = whole(pool, "pool")
        weights = None
    elif array.ndim == 1 and array.dtype.kind in "fiu":
        rows = len(array)
        weights = array if array.dtype in (np.float32, np.float64) else array.astype(np.float64)
    else:
        raise TypeError(
            f"pool has dtype {array.dtype} and shape {array.shape}; accepted are a number of rows and one weight for each row"
        )
    if not rows:
        raise ValueError("pool is empty: it has no rows; at least one is needed")
    exclusion = Exclusion(exclude, rows)
    options: dict[str, Any] = {"random_state": random_state, "exclude": exclusion.ids, "strict": strict}
    if weights is None:
        selector = Selector("random", k, **options)
        selector._take_count(rows, exclusion)
    else:
        selector = Selector(_weight, k, order="highest", perturb="power", **options)
        selector._sweep(open_pool(weights[:, None], name="pool"), 0, None, exclusion, None, None)
    return replace(selector.finish(), measure="random" if weights is None else "weight")


def softrank_picks(
    scores: NDArray[np.floating[Any]],
    name: str,
    order: Order,
    k: int | None,
    *,
    exclude: ArrayLike | set[int] | None,
    **options: Any,
) -> Selection:
    """Draw from the scores of all rows in proportion to rank^-coldness, the most informative first in rank."""
    weights = _softrank(scores, order, Exclusion(exclude, len(scores)))[:, None]
    picks = select(weights, _weight, k, order="highest", perturb="power", exclude=exclude, **options)
    report = replace(picks.report, perturb="softrank")
    return replace(picks, scores=scores[picks.indices], measure=name, order=order, report=report)


def with_own_ids(picks: Selection, pool: Pool) -> Selection:
    """Return the picks with what the pool's id column holds for them."""
    if pool.own_ids is None:
        return picks
    return refuse_repeats(replace(picks, ids=pool.own_ids(picks.indices)), pool.name)


def refuse_repeats(picks: Selection, name: str) -> Selection:
    """Refuse an id that two of the picked rows have: nobody could tell which of them is meant."""
    seen: dict[Any, int] = {}
    for row, own in zip(picks.indices.tolist(), [] if picks.ids is None else picks.ids.tolist(), strict=True):
        if own in seen:
            raise ValueError(
                f"the id column of {name} has {own!r} both at row {seen[own]:,} and at row {row:,}; accepted is each id once"
            )
        seen[own] = row
    return picks


def _both_or_neither(groups: object, grouped: bool) -> None:
    if grouped != (groups is not None):
        needed = "are needed with per_group and quotas" if grouped else "were given without per_group or quotas"
        raise ValueError(f"groups {needed}; accepted are both or neither")


def _weight(block: NDArray[Any]) -> NDArray[Any]:
    """Return the one column of a block: scores that are given rather than computed."""
    column: NDArray[Any] = block[:, 0]
    return column


def _softrank(scores: NDArray[np.floating[Any]], order: Order, exclusion: Exclusion) -> NDArray[np.float64]:
    """Weights 1 / rank, the most informative candidate first; NaN for invalid rows and 0 for those not to be picked."""
    weights = np.zeros(len(scores))
    weights[np.isnan(scores)] = np.nan
    candidates = np.flatnonzero(exclusion.keeps(0, len(scores)) & ~np.isnan(scores))
    key = scores[candidates] if order == "lowest" else -scores[candidates]
    weights[candidates[np.argsort(key, kind="stable")]] = 1.0 / np.arange(1, len(candidates) + 1)
    return weights


def _too_few(k: int, found: int, stats: Mapping[str, Any]) -> str:
    names = {"excluded": "excluded", "invalid": "invalid", "never_drawn": "of weight 0"}
    lost = [f"{stats[name]:,} {what}" for name, what in names.items() if stats.get(name)]
    rest = f" ({', '.join(lost)})" if lost else ""
    return (
        f"k is {k:,}, and {found:,} of the {stats['rows']:,} rows of the pool can be picked{rest}; "
        "accepted is up to that, or strict=False"
    )
