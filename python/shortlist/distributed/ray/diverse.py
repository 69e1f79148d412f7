"""k_center() and ranked_batch() of a Ray Dataset, in rounds:
the picks of one machine that has the rows by ascending id.

The dataset is executed once; its blocks and what they remember between rounds (12 bytes a row) stay
in Ray's object store, which spills to disk. Both are results of pure tasks, so Ray makes them again
if they are lost.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shortlist.distributed import rounds
from shortlist.distributed.ray.blocks import Blocks
from shortlist.diversity.rounds import drive

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shortlist.arguments import Progress
    from shortlist.diversity.features import MetricName
    from shortlist.selection import Selection


def k_center(
    dataset: Any,
    k: int,
    *,
    id_column: str,
    column: str | Sequence[str] | None = None,
    labelled: Any = None,
    init: str | int = "farthest",
    metric: MetricName = "euclidean",
    strict: bool = True,
    candidates: int | None = None,
    n_threads: int | None = None,
    progress: Progress | None = None,
) -> Selection:
    """Pick what `shortlist.k_center` picks of all rows by ascending id, in rounds over the blocks.

    Parameters
    ----------
    dataset : ray.data.Dataset
        With a column of lists of one length or of tensors, or numeric columns, and a column of ids.
        It is executed once.
    k, labelled, metric, strict
        As `shortlist.k_center` takes them; no callable metric.
    id_column : str
        Column of whole numbers, 0 or more, each once. The lowest of equally far rows is picked.
    column : str or list of str, optional
        As `Source` takes it.
    init : {"farthest", "central"} or int
        As `shortlist.k_center` takes it; an int is an id. The mean behind the first two is added up
        in the order of ids, so no two blocks may have ids that overlap: ``dataset.sort(id_column)``
        sees to that.
    candidates : int, optional
        Rows that a round brings to the driver; by default 32 MiB of them, at most 16,384. More
        rows, fewer rounds.
    n_threads : int, optional
        Threads of each task; by default 1.
    progress : callable, optional
        Called after each round with (rows picked, k).

    Returns
    -------
    Selection
        ``.indices`` are ids; ``.report.passes`` is how many times the rows were looked through.

    Raises
    ------
    ValueError, TypeError
        As `shortlist.k_center`. A bad row is named by its id.

    Notes
    -----
    Rounds as in `shortlist.distributed.dask.k_center`; one pass before them counts rows and looks
    at ids.
    """
    parts = Blocks(dataset, id_column, column, None, n_threads)
    return rounds.pick(drive.k_center, parts, k, metric, labelled, strict, candidates, progress, init=init)


def ranked_batch(
    dataset: Any,
    uncertainty: str,
    k: int,
    *,
    id_column: str,
    labelled: Any,
    column: str | Sequence[str] | None = None,
    metric: MetricName = "euclidean",
    strict: bool = True,
    candidates: int | None = None,
    n_threads: int | None = None,
    progress: Progress | None = None,
) -> Selection:
    """Pick what `shortlist.ranked_batch` picks of all rows by ascending id,
    in rounds over the blocks.

    Parameters
    ----------
    dataset : ray.data.Dataset
        As in `k_center`.
    uncertainty : str
        Name of the column of uncertainties: finite numbers, the highest most uncertain.
    labelled : array-like, shape (m, features)
        Features of rows that are labelled already, at least one: without any, the first pick would
        take a comparison of each row with each.
    k, id_column, column, metric, strict, candidates, n_threads, progress
        As in `k_center`.

    Returns
    -------
    Selection
        ``.indices`` are ids; ``.report.passes`` is how many times the rows were looked through.

    Raises
    ------
    ValueError, TypeError
        As `shortlist.ranked_batch`. A bad row is named by its id.
    """
    if not isinstance(uncertainty, str):
        raise TypeError(
            f"uncertainty is a {type(uncertainty).__name__}; accepted is the name of a column of the dataset"
        )
    parts = Blocks(dataset, id_column, column, uncertainty, n_threads)
    return rounds.pick(drive.ranked_batch, parts, k, metric, labelled, strict, candidates, progress)
