"""Which of a model's answers a cluster is to bring back,
so that the next rounds are what they would be with all of them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from shortlist.by_name import DIVERSE
from shortlist.loop.cleanlab.needed import ACTIVELAB, CROWDLAB
from shortlist.loop.kept.answers import STRATEGY, floor_of, rare_of
from shortlist.loop.planning.likely import Border, Likely
from shortlist.loop.planning.plan import BEYOND
from shortlist.loop.pool.choosing import lowest
from shortlist.loop.pool.hashing import number_of
from shortlist.loop.stop_set import stop_set
from shortlist.registry import RANDOM, measures

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from shortlist.loop.ground import Ground
    from shortlist.loop.spec import Spec
    from shortlist.loop.store import Store
    from shortlist.loop.store.summary import Summary

AHEAD = 20
"""Rounds without a training for which rows are kept.
After them, or sooner where much is labelled, the pool is scored again.
"""
SPARE = 10


@dataclass(frozen=True)
class Best:
    """The rows that a measure puts first: k of all,
    or with quotas so many of each group of a column, by its code.
    """

    name: str
    measure: str | Likely | Border
    k: int
    column: str | None = None
    quotas: Mapping[int, int] | None = None


@dataclass(frozen=True, eq=False)
class Wanted:
    """What is to come back.

    Attributes
    ----------
    everything : str
        Why the answers for all rows come back; empty where only some do.
    best : tuple of Best
        Rows that come back as a measure puts them first.
    named : ndarray of int64
        Places of rows that come back whatever the model says.
    ties : int
        The seed by which rows of the same score are ordered.
    """

    everything: str = ""
    best: tuple[Best, ...] = ()
    named: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))
    ties: int = 0

    @property
    def nothing(self) -> bool:
        """Whether no answer is to come back."""
        return not (self.everything or self.best or len(self.named))


def all_because(spec: Spec, classes: Mapping[str, str]) -> str:
    """Return why all answers are needed, as a clause; empty where those for some rows do.

    Parameters
    ----------
    spec : Spec
        The specification.
    classes : mapping of str to str
        The labels of rows.
    """
    strategy, kinds = spec.round.strategy, {m.name: m.kind for m in measures()}
    if spec.model.command:
        return "a command of [model] writes them for all rows"
    if spec.model.members > 1 or spec.model.committee:
        return "each model of a committee answers for all rows"
    if strategy == RANDOM or strategy in DIVERSE:
        return f"[round] strategy {strategy} picks rows that no order of scores foresees"
    if strategy == ACTIVELAB or spec.labels.resolve == CROWDLAB:
        return "Cleanlab weighs all rows"
    if kinds.get(strategy) != "row":
        return f"[round] strategy {strategy} is a function of its own"
    if spec.round.weight is not None:
        return "[round] weight changes the order of rows"
    if spec.handoff.show_model:
        return "[handoff] show_model shows them for every row that is handed over"
    seen = set(classes.values())
    searched = [name for name in spec.round.rare_classes if spec.seed.search.get(name) and name not in seen]
    if searched:
        return f"rows of {searched[0]!r} are found by [seed] search, and not by the model"
    return ""


def wanted_of(
    store: Store, ground: Ground, said: Summary, rows: int, more: Sequence[int] = (), columns: int | None = None
) -> Wanted:
    """Return what the next rounds need of a model's answers.

    Parameters
    ----------
    store, ground : Store, Ground
        The loop's.
    said : Summary
        What its rows have come to.
    rows : int
        How many rows of the pool are scored, from the first on.
    more : sequence of int
        Places of further rows.
    columns : int, optional
        How many classes the model knows, where some were added since.

    Notes
    -----
    Rows that are labelled now may be the first ones of every order, and so may those that the next
    rounds pick. So many more are kept: where that was too few, nothing is picked but the pool is
    scored again.
    """
    spec, pool = ground.spec, ground.pool
    everything = all_because(spec, said.labels)
    if everything:
        return Wanted(everything)
    number = len(store.rounds()) + 1
    asked = pool.index_of([*said.labels, *said.rejected, *said.disputed, *said.skipped])
    asked = pool.first_of(asked[asked >= 0])
    apart = ground.held.mask.copy()
    apart[pool.repeated[0]] = True
    closed = np.unique(asked[~apart[asked]])
    ahead = AHEAD * spec.round.rows
    among = max(spec.round.rows, int((spec.round.diverse or {}).get("among", 0)))
    best = [Best(STRATEGY, spec.round.strategy, min(rows, len(closed) + among + BEYOND + ahead))]
    best += _floors(ground, closed, rows)
    best += _rare(spec, len(closed) + spec.round.rows, rows, len(spec.classes) if columns is None else columns)
    picked = [pick.index for listed in store.picked().values() for pick in listed]
    named = [
        np.flatnonzero(ground.held.mask),
        stop_set(ground),
        asked,
        np.array([*picked, *more], dtype=np.int64),
        *_explored(ground, number, closed, apart),
    ]
    places = np.unique(np.concatenate(named))
    ties = number_of(spec.seed_number, number, "ties")
    return Wanted("", tuple(best), places[places < rows], ties)


def _floors(ground: Ground, closed: NDArray[np.int64], rows: int) -> list[Best]:
    """Return the best rows of each group, for its least share of the rounds to come."""
    spec, pool = ground.spec, ground.pool
    found = []
    # Within a round these shares may take a group's best rows before it gets its least.
    before = math.ceil((spec.round.explore + spec.round.rare_share) * spec.round.rows) + 2
    for column in spec.pool.groups if spec.round.floor else ():
        codes, labels = pool.group(column)
        taken = np.bincount(codes[closed], minlength=len(labels))
        least = AHEAD * spec.round.rows * spec.round.floor * np.bincount(codes, minlength=len(labels)) / pool.rows
        quotas = {code: min(rows, int(taken[code] + math.ceil(least[code]) + before)) for code in range(len(labels))}
        found.append(Best(floor_of(column), spec.round.strategy, sum(quotas.values()), column, quotas))
    return found


def _rare(spec: Spec, beside: int, rows: int, columns: int) -> list[Best]:
    """Return the rows that are likely of each rare class, and those on its border,
    with so many beside them.
    """
    logits = spec.model.returns == "logits"
    share = spec.round.rare_share * spec.round.rows / max(1, len(spec.round.rare_classes))
    k = min(rows, beside + AHEAD * (math.ceil(share) + 1))
    return [
        Best(rare_of(measure, name), measure, k)
        for name in spec.round.rare_classes
        if (column := spec.classes.index(name)) < columns
        for measure in (Likely(column, logits), Border(column))
    ]


def _explored(
    ground: Ground, number: int, closed: NDArray[np.int64], apart: NDArray[np.bool]
) -> list[NDArray[np.int64]]:
    """Return the rows from which the next rounds draw their random ones,
    twice as many as they take.
    """
    spec, pool = ground.spec, ground.pool
    if not spec.round.explore:
        return []
    count = 2 * (math.ceil(spec.round.explore * spec.round.rows) + 1) + SPARE
    # Some of them will be labelled by then.
    candidates = max(1, int(len(apart) - np.count_nonzero(apart)))
    left = max(0.1, 1 - (len(closed) + AHEAD * spec.round.rows / 2) / candidates)
    count = min(candidates, math.ceil(count / left))
    return [
        lowest(pool, number_of(spec.seed_number, later, "explore"), count, apart)
        for later in range(number, number + AHEAD)
    ]
