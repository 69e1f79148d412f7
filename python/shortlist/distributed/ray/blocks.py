"""Blocks of a Ray Dataset as parts of a pool that is looked through in rounds."""

from __future__ import annotations

from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from shortlist.arguments import as_ids
from shortlist.distributed import rounds
from shortlist.distributed.ray.pickled import got
from shortlist.diversity.features import uncertainty_of
from shortlist.diversity.rounds import drive
from shortlist.diversity.rounds.part import NONE, advance
from shortlist.diversity.rounds.rows import Rows
from shortlist.pools.extras import need

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

    from shortlist.diversity.rounds.messages import Offer, Question, State


class Blocks:
    """Blocks as the parts of `drive.Parts`: they and the states of rounds
    stay in Ray's object store.

    Parameters
    ----------
    dataset : ray.data.Dataset
        It is executed once.
    id_column : str
        Column of whole numbers, each once.
    column, dtype
        As `Source` takes them.
    uncertainty : str or None
        Name of a column.
    n_threads : int or None
        Threads of a task, by default 1.
    """

    def __init__(
        self,
        dataset: Any,
        id_column: str,
        column: str | Sequence[str] | None,
        uncertainty: str | None,
        n_threads: int | None,
    ) -> None:
        self.ray = ray_for(dataset, id_column=id_column, uncertainty=uncertainty)
        self.read = partial(_read, id_column=id_column, column=column, uncertainty=uncertainty)
        self.threads = rounds.threads_of(n_threads)
        refs = dataset.to_arrow_refs()
        self.passes = 1
        look = self._task(_survey)
        found = got(self.ray, [look.remote(ref, id_column, column, uncertainty) for ref in refs])
        # In the order of ids, as far as blocks have one.
        kept = sorted((survey, number) for number, survey in enumerate(found) if survey[1])
        if not kept:
            raise ValueError("the dataset is empty: it has no rows to pick from")
        self.refs = [refs[number] for _, number in kept]
        surveys = [survey for survey, _ in kept]
        self.befores = np.cumsum([0, *(rows for _, rows, *_ in surveys)]).tolist()
        self.rows = self.befores[-1]
        self.columns, self.row_bytes = surveys[0][3:]
        self.ordered = all(a[2] < b[0] for a, b in pairwise(surveys))
        self.states: list[Any] = [None] * len(self.refs)

    def each(self, task: Callable[..., Any]) -> list[Any]:
        """See `Parts`."""
        self.passes += 1
        look = self._task(_look)
        found: list[Any] = got(self.ray, [look.remote(self.read, ref, task) for ref in self.refs])
        return found

    def fold(self, task: Callable[..., Any], add: Callable[[Any, Any], Any], start: Any) -> Any:
        """See `Parts`."""
        if not self.ordered:
            raise ValueError(
                "nothing is labelled and ids of blocks overlap, so rows cannot be added up to their mean in the order of ids; "
                "accepted are labelled=, init= with the id of a row, or dataset.sort(id_column)"
            )
        self.passes += 1
        look, call = self._task(_look), self._task(_call)
        for ref, before in zip(self.refs, self.befores, strict=False):
            start = call.remote(add, start, look.remote(self.read, ref, task, before))
        return got(self.ray, start)

    def advance(
        self, question: Question, amounts: Sequence[int] | None, gone: Mapping[int, NDArray[np.int64]]
    ) -> list[Offer]:
        """See `Parts`."""
        self.passes += 1
        asked, answer = self.ray.put(question), self._task(_answer, num_returns=2)
        answers = [
            answer.remote(self.read, ref, state, asked, amounts[number] if amounts else None, gone.get(number, NONE))
            for number, (ref, state) in enumerate(zip(self.refs, self.states, strict=True))
        ]
        self.states = [state for state, _ in answers]
        offers: list[Offer] = got(self.ray, [offer for _, offer in answers])
        return offers

    def row(self, row: int) -> drive.First:
        """See `Parts`."""
        for number, found in enumerate(self.each(partial(_find, row=row))):
            if found is not None:
                return drive.First(number, found[0], row, found[1])
        raise ValueError(f"init is {row}; accepted are the ids of the {self.rows:,} rows to pick from")

    def _task(self, function: Callable[..., Any], **options: int) -> Any:
        return self.ray.remote(function).options(num_cpus=1, **options)


def ray_for(dataset: Any, **columns: str | None) -> Any:
    """Return Ray, after a look at a dataset that is to have these columns."""
    ray = need("ray", "ray", "shortlist.distributed.ray")
    need("ray.data", "ray", "shortlist.distributed.ray")
    if not hasattr(dataset, "map_batches"):
        raise TypeError(f"dataset is a {type(dataset).__name__}; accepted is a ray.data.Dataset")
    schema = dataset.schema()
    if schema is None:  # what older versions say of a dataset without rows
        return ray
    names = schema.names
    for name, wanted in columns.items():
        if wanted is not None and wanted not in names:
            raise ValueError(f"{name} is {wanted!r}, and the dataset has no such column; there are {', '.join(names)}")
    return ray


def _read(table: Any, *, id_column: str, column: Any, uncertainty: str | None) -> Rows:
    """Return the rows of a block by ascending id."""
    ids = as_ids(np.asarray(table.column(id_column)), f"id_column {id_column!r}")
    known = None
    if uncertainty is not None:
        known = uncertainty_of(np.asarray(table.column(uncertainty)), len(ids), None)
        table = table.drop([uncertainty]) if column is None else table
    features = rounds.features_of(table, column, id_column, None)
    if (np.diff(ids) > 0).all():
        return Rows(features.array, ids, known, features.bfloat16)
    order = np.argsort(ids)
    repeated = np.flatnonzero(np.diff(ids[order]) == 0)
    if len(repeated):
        raise ValueError(f"two rows have the id {ids[order][repeated[0]]}; accepted is each id once")
    return Rows(features.array[order], ids[order], None if known is None else known[order], features.bfloat16)


def _survey(table: Any, id_column: str, column: Any, uncertainty: str | None) -> tuple[int, int, int, int, int]:
    """Return lowest id, rows, highest id, features and bytes of a row of a block: a task."""
    if not table.num_rows:
        return (0, 0, 0, 0, 0)
    rows = _read(table, id_column=id_column, column=column, uncertainty=uncertainty)
    columns = int(rows.features.shape[1])
    return int(rows.ids[0]), len(rows), int(rows.ids[-1]), columns, columns * rows.features.itemsize


def _look(read: Callable[[Any], Rows], table: Any, task: Callable[..., Any], before: int | None = None) -> Any:
    """Return what a task gives for a block: a task."""
    return task(read(table)) if before is None else task(read(table), before)


def _call(function: Callable[..., Any], *arguments: Any) -> Any:
    """Call a function: a task."""
    return function(*arguments)


def _answer(
    read: Callable[[Any], Rows],
    table: Any,
    state: State | None,
    question: Question,
    amount: int | None,
    gone: NDArray[np.int64],
) -> tuple[State, Offer]:
    """Return the next state of a block, and its answer: a task."""
    return advance(read(table), state, question, amount, gone)


def _find(rows: Rows, row: int) -> tuple[int, NDArray[np.float64]] | None:
    """Return the position of an id, and its features."""
    position = int(np.searchsorted(rows.ids, row))
    return (position, rows.point(position)) if position < len(rows) and rows.ids[position] == row else None
