"""query(): the model is asked where the features lie, about rows of a block that may be picked."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from shortlist.arguments import as_ids
from shortlist.distributed import rounds, states
from shortlist.distributed.ray.blocks import ray_for
from shortlist.distributed.ray.pickled import noting, received, sent
from shortlist.pools.extras import need

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shortlist.selection import Selection
    from shortlist.strategies.answers import Invalid
    from shortlist.strategies.parts import PartQuery
    from shortlist.strategies.randomness import RandomState


def query(
    model: Any,
    dataset: Any,
    measure: str,
    k: int,
    *,
    id_column: str,
    column: str | Sequence[str] | None = None,
    screen: bool = True,
    ties: str = "first",
    random_state: RandomState = None,
    invalid: Invalid = "raise",
) -> Selection:
    """Pick the k rows of a Ray Dataset that a fitted model is least sure of.

    What `shortlist.query` picks. The model goes to the workers once, and each block becomes the
    state of a selection where it lies.

    Parameters
    ----------
    model : classifier, learner or committee
        Fitted; it is pickled, and given arrays of features.
    dataset : ray.data.Dataset
        With a column of lists of one length or of tensors, or numeric columns, and a column of ids.
    measure, k, screen, ties, random_state, invalid
        As `shortlist.query` takes them; `random_state` is an int, or drawn here.
    id_column : str
        Column of whole numbers, 0 or more, each once. They decide between equal scores.
    column : str or list of str, optional
        The features, as `Source` takes them.

    Returns
    -------
    Selection
        ``.indices`` are ids. ``report.asked`` is how many rows the model was asked about on all
        workers, ``report.screen`` by which bounds, or why.

    Raises
    ------
    ArgumentError, ValueError, TypeError, AttributeError
        As `shortlist.query`.

    Notes
    -----
    One pass over the data. A block is asked about whole where it has fewer than 2,000 rows or 8 k.
    """
    from shortlist.strategies.parts import finished, nothing, part_query, together

    ray = ray_for(dataset, id_column=id_column)
    asked = part_query(measure, k, screen, ties, random_state, invalid)
    note = partial(_note, asked=asked, model=ray.put(model), id_column=id_column, column=column)
    lazy = dataset.map_batches(note, batch_size=None, batch_format="pyarrow", zero_copy_batch=True)
    return finished(asked, states.tree(received(lazy.take_all()) or [nothing(asked)], together))


@noting
def _note(table: Any, *, asked: PartQuery, model: Any, id_column: str, column: Any) -> Any:
    """Turn a block of rows into a block of one state: a task."""
    from shortlist.strategies.parts import state_of_part

    ray: Any = need("ray", "ray", "shortlist.distributed.ray")
    if not table.num_rows:
        return sent()
    ids = as_ids(np.asarray(table.column(id_column)), f"id_column {id_column!r}")
    features = rounds.features_of(table, column, id_column, None).array
    return sent(state_of_part(asked, ray.get(model), features, ids))
