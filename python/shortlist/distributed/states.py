"""What every engine shares: one Selector state for each part of a pool, merged in a tree,
finished once.

A state is O(k) and remembers which ids it has seen, so merging in any tree gives what one machine
gives, and a part that is counted twice is an error. Tasks copy what they were given before they
change it: an engine may run a task again.
"""

from __future__ import annotations

import copy
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

import shortlist.selector as selector
from shortlist.arguments import Exclusion, as_ids
from shortlist.diversity.rounds.messages import same_version
from shortlist.groups import Labels, distinct, refuse_missing
from shortlist.pools import Source, open_pool
from shortlist.quotas import settled
from shortlist.registry import is_committee, make_scorer
from shortlist.scoring import score_pool
from shortlist.selector import Selector

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import ArrayLike, NDArray

DEFAULTS = {
    "from_logits": False,
    "temperature": 1.0,
    "normalize": "check",
    "invalid": "raise",
    "dtype": None,
    "n_threads": None,
}
"""Options of scores, and what they are by default."""
FAN_IN = 8
"""States that one task merges."""
LOCAL_BITS = 40
"""Where the rows of a part are not known beforehand,
a row's id is its part's number followed by so many bits of its place.
"""


@dataclass(frozen=True)
class Plan:
    """A selection, ready to be sent to where the rows are.

    Attributes
    ----------
    saved : dict
        What a Selector would pickle: the state that every part starts from. Workers look at its
        version before they make a Selector of it: an engine may take an error while it unpickles
        for one that passes, and try again for ever.
    column, id_column
        As `Source` takes them.
    """

    saved: dict[str, Any]
    column: str | Sequence[str] | None = None
    id_column: str | None = None

    def start(self) -> Selector:
        """Return a fresh state."""
        same_version(self.saved["version"], selector.STATE_VERSION, "states")
        state = Selector.__new__(Selector)
        state.__setstate__(copy.deepcopy(self.saved))
        return state


def make_plan(
    measure: Any,
    k: int | None,
    *,
    labels: tuple[Labels, NDArray[np.int64]] | None,
    per_group: int | None,
    quotas: Any,
    column: str | Sequence[str] | None,
    id_column: str | None,
    n_threads: int | None,
    options: dict[str, Any],
) -> Plan:
    """Check the arguments of a selection on the driver,
    and make the state that every part starts from.

    `labels` are the labels of all groups, and how many rows of each may be picked.
    """
    if (labels is not None) != (per_group is not None or quotas is not None):
        raise ValueError("groups go with per_group or quotas; accepted are both or neither")
    if labels is not None and quotas is not None:
        k, quotas = settled(k, quotas, *labels)
    state = Selector(measure, k, per_group=per_group, quotas=quotas, n_threads=n_threads or 1, **options)
    if labels is not None:
        state.name_groups(labels[0])
    return Plan(state.__getstate__(), column, id_column)


def takes_ids(measure: Any, options: dict[str, Any]) -> bool:
    """Whether picks depend on more of a row's id than its place in order:
    whether something is drawn at random.
    """
    return (
        (isinstance(measure, str) and measure == "random")
        or options.get("ties") == "random"
        or bool(options.get("perturb"))
    )


def take_note(
    plan: Plan,
    block: Any,
    first_id: int,
    excluded: NDArray[np.int64] | None = None,
    groups: Any = None,
    part: int | None = None,
) -> Selector:
    """Return the state of one part: a task. `part` is its number where `first_id` is not
    the place of its first row.
    """
    state = plan.start()
    mask = None
    if excluded is not None and len(excluded):
        mask = np.zeros(rows_of_part(block), dtype=np.bool)
        mask[excluded] = True
    try:
        source = block if plan.column is None and plan.id_column is None else Source(block, plan.column, plan.id_column)
        return state.update(source, first_id, exclude=mask, groups=groups)
    except ValueError as error:
        raise located(error, first_id, part) from None


def take_note_of_ids(plan: Plan, table: Any, excluded: NDArray[np.int64] | None, groups: str | None) -> Selector:
    """Return the state of a part of an Arrow table that has its rows' ids in a column: a task."""
    ids = as_ids(np.asarray(table.column(plan.id_column)), f"id_column {plan.id_column!r}")
    labels = None if groups is None else plain(table.column(groups))
    rows = table.drop([groups]) if groups is not None and plan.column is None else table
    return plan.start().update(
        Source(rows, plan.column, plan.id_column),
        ids=ids,
        exclude=None if excluded is None else np.isin(ids, excluded),
        groups=labels,
    )


def rows_of_part(block: Any) -> int:
    """Count the rows of a part: a task."""
    return int(block.shape[1] if len(block.shape) == 3 else block.shape[0])


def merge(first: Selector, *rest: Selector) -> Selector:
    """Return one state of many: a task."""
    merged = copy.deepcopy(first)
    for state in rest:
        merged.merge(state)
    return merged


def tree(states: list[Any], task: Callable[..., Any]) -> Any:
    """Merge lazily, `FAN_IN` at a time, until one is left."""
    while len(states) > 1:
        states = [task(*states[i : i + FAN_IN]) for i in range(0, len(states), FAN_IN)]
    return states[0]


def score_part(
    block: Any, measure: Any, first_row: int, part: int | None, options: dict[str, Any], column: Any = None
) -> NDArray[np.floating[Any]]:
    """Return the scores of one part: a task. `part` is its number where `first_row` isn't known."""
    options = {**DEFAULTS, **options}
    dtype, threads = options.pop("dtype"), options.pop("n_threads")
    scorer = make_scorer(measure, "highest" if callable(measure) else None, **options)
    if scorer is None:
        raise ValueError('measure "random" has no scores; accepted by select only')
    pool = open_pool(block if column is None else Source(block, column), committee=is_committee(measure), dtype=dtype)
    if pool.rows == 0:
        return np.empty(0, pool.score_dtype)
    try:
        return score_pool(pool, scorer, None, threads or 1, None, first_row)
    except ValueError as error:
        raise located(error, 0, part) from None


def located(error: ValueError, first_id: int, part: int | None) -> ValueError:
    """Return an error about a row as one about that row of a part,
    where the part is all one knows.
    """

    def place(found: re.Match[str]) -> str:
        return f"row {int(found[1].replace(',', '')) - first_id:,} of partition {part}"

    return ValueError(str(error) if part is None else re.sub(r"\brow ([\d,]*\d)", place, str(error), count=1))


def parts_of(exclusion: Exclusion, starts: Any, parts: int) -> list[NDArray[np.int64] | None]:
    """Return the excluded rows of each part, counted from its first row."""
    if exclusion.ids is None and exclusion.mask is None:
        return [None] * parts
    ids = exclusion.ids if exclusion.ids is not None else np.flatnonzero(exclusion.mask)  # type: ignore[arg-type]
    places = np.searchsorted(ids, starts)
    return [ids[a:b] - start for a, b, start in zip(places[:-1], places[1:], starts[:-1], strict=True)]


def count_labels(groups: ArrayLike, excluded: NDArray[np.int64] | None = None) -> tuple[list[Any], list[int]]:
    """Return the labels of one part, and how many rows of each may be picked: a task."""
    array = plain(groups)
    labels = distinct(array)
    codes = labels.codes(array)
    keep = np.ones(len(array), dtype=np.bool)
    if excluded is not None:
        keep[excluded] = False
    return labels.labels.tolist(), np.bincount(codes[keep], minlength=len(labels)).tolist()


def merge_labels(found: Sequence[tuple[list[Any], list[int]]]) -> tuple[Labels, NDArray[np.int64]]:
    """Return the labels of all parts in one fixed order,
    and the rows of each that may be picked.
    """
    totals: dict[Any, int] = {}
    for labels, free in found:
        for label, rows in zip(labels, free, strict=True):
            totals[label] = totals.get(label, 0) + rows
    array = np.array(list(totals))
    if array.dtype.kind in "US" and not all(isinstance(label, str | bytes) for label in totals):
        array = np.empty(len(totals), dtype=object)
        array[:] = list(totals)
    known = distinct(array)
    return known, np.array([totals[label] for label in known.labels.tolist()], dtype=np.int64)


def plain(groups: Any) -> NDArray[Any]:
    """Return group labels of any column as an array that compares by value."""
    array = np.asarray(groups)
    refuse_missing(groups, array, "groups")
    if array.dtype.kind == "O" and all(isinstance(label, str) for label in array.tolist()):
        return array.astype(str)
    return array
