"""k_center() and ranked_batch() of Dask arrays and dataframes, in rounds: the picks of one machine.

What a chunk remembers between rounds (12 bytes a row) stays on the worker that computed it. It
depends on the chunk and on the questions alone, so Dask makes it again if the worker dies.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shortlist.distributed import rounds
from shortlist.distributed.dask.chunks import Chunks
from shortlist.diversity.rounds import drive

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike

    from shortlist.arguments import Progress
    from shortlist.diversity.features import MetricName
    from shortlist.selection import Selection


def k_center(
    x: Any,
    k: int,
    *,
    labelled: Any = None,
    init: str | int = "farthest",
    metric: MetricName = "euclidean",
    among: Selection | ArrayLike | None = None,
    column: str | Sequence[str] | None = None,
    id_column: str | None = None,
    dtype: str | None = None,
    strict: bool = True,
    candidates: int | None = None,
    n_threads: int | None = None,
    progress: Progress | None = None,
) -> Selection:
    """Pick what `shortlist.k_center` picks of all rows, in rounds over the chunks.

    Parameters
    ----------
    x : dask array, shape (rows, features), or dask dataframe
        Chunks may have any sizes. It is computed once a round: `persist` it if it fits into the
        memory of the workers.
    k, labelled, init, metric, dtype, strict
        As `shortlist.k_center` takes them; no callable metric.
    among : Selection, Positions, array of ids, or mask of bool, optional
        The rows, by their own ids where `id_column` names these and else by their places, to pick
        from and to cover; chunks without any are not computed.
    column, id_column : str, optional
        For dataframes, as `Source` takes them.
    candidates : int, optional
        Rows that a round brings to the client; by default 32 MiB of them, at most 16,384. More
        rows, fewer rounds.
    n_threads : int, optional
        Threads of each task; by default 1, as the workers have a task for each core already.
    progress : callable, optional
        Called after each round with (rows picked, k).

    Returns
    -------
    Selection
        As from `shortlist.k_center`; ``.report.passes`` is how many times the rows were looked
        through. With `id_column` there are ``.ids``.

    Raises
    ------
    ValueError, TypeError
        As `shortlist.k_center`; of data the first bad row of one of the chunks.

    Notes
    -----
    In a round each chunk offers its best rows with exact distances, and the best that any other row
    of it could be; the client picks from what is offered for as long as its pick beats all of
    those. So a round makes at least one pick, and usually hundreds. Where nothing is labelled there
    are two passes before: the mean, and the row farthest from it (or nearest to it); and one that
    counts rows where Dask does not know the sizes of chunks.

    A round sends k rows of float64 to each worker and `candidates` rows to the client.

    Examples
    --------
    >>> import dask.array as da, numpy as np, shortlist as sl
    >>> from shortlist.distributed import dask as sld
    >>> X = np.random.default_rng(0).normal(size=(1000, 8))
    >>> sld.k_center(da.from_array(X, chunks=(300, 8)), 20) == sl.k_center(X, 20)
    True
    """
    parts = Chunks(x, None, column, id_column, dtype, among, n_threads)
    picks = rounds.pick(
        drive.k_center, parts, k, metric, labelled, strict, candidates, progress, dtype=dtype, init=init
    )
    return parts.named(picks, id_column)


def ranked_batch(
    x: Any,
    uncertainty: Any,
    k: int,
    *,
    labelled: Any,
    metric: MetricName = "euclidean",
    among: Selection | ArrayLike | None = None,
    column: str | Sequence[str] | None = None,
    id_column: str | None = None,
    dtype: str | None = None,
    strict: bool = True,
    candidates: int | None = None,
    n_threads: int | None = None,
    progress: Progress | None = None,
) -> Selection:
    """Pick what `shortlist.ranked_batch` picks of all rows, in rounds over the chunks.

    Parameters
    ----------
    x : dask array, shape (rows, features), or dask dataframe
        As in `k_center`.
    uncertainty : array of numpy or dask, shape (rows,), or str
        Finite numbers, the highest most uncertain; for dataframes also the name of a column.
    labelled : array-like, shape (m, features)
        Features of rows that are labelled already, at least one: without any, the first pick would
        take a comparison of each row with each.
    k, metric, dtype, strict
        As `shortlist.ranked_batch` takes them; no callable metric.
    among, column, id_column, candidates, n_threads, progress
        As in `k_center`.

    Returns
    -------
    Selection
        As from `shortlist.ranked_batch`; ``.report.passes`` is how many times the rows were looked
        through.

    Raises
    ------
    ValueError, TypeError
        As `shortlist.ranked_batch`; of data the first bad row of one of the chunks.

    Notes
    -----
    Rounds as in `k_center`, with bounds for each of the next steps, as what rows are worth changes
    from step to step.

    Examples
    --------
    >>> import dask.array as da, numpy as np, shortlist as sl
    >>> from shortlist.distributed import dask as sld
    >>> rng = np.random.default_rng(0)
    >>> X, u = rng.normal(size=(1000, 8)), rng.random(1000)
    >>> lazy = da.from_array(X[5:], chunks=(300, 8))
    >>> picks = sld.ranked_batch(lazy, u[5:], 20, labelled=X[:5])
    >>> picks == sl.ranked_batch(X[5:], u[5:], 20, labelled=X[:5])
    True
    """
    parts = Chunks(x, uncertainty, column, id_column, dtype, among, n_threads)
    picks = rounds.pick(drive.ranked_batch, parts, k, metric, labelled, strict, candidates, progress, dtype=dtype)
    return parts.named(picks, id_column)
