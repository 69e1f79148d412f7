"""Rows that may be among the best, over pools of any kind."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from shortlist import _core
from shortlist.rows import blocks, kind
from shortlist.threads import thread_count

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from shortlist.rows.blocks import Progress
    from shortlist.screening.bounds import Bounds

MEASURES = ("least_confident", "margin", "ratio", "entropy", "normalised_entropy", "gini")
"""What can be bounded of a model."""

COMMITTEE_MEASURES = ("vote_entropy", "consensus_entropy", "max_disagreement", "bald", "variation_ratio", "mean_std")
"""What can be bounded of a committee."""

_READ_AS_IT_IS = {
    "array": (np.dtype(np.float16), np.dtype(np.float32), np.dtype(np.float64)),
    "sparse": (np.dtype(np.float32), np.dtype(np.float64), np.dtype(np.int32), np.dtype(np.int64)),
}
"""Types the core reads where they lie, by the kind of rows."""


@dataclass(frozen=True)
class Candidates:
    """Rows that may be among the best, in the order of the pool.

    Attributes
    ----------
    rows : ndarray of int64
        Their places in the pool.
    low, high : ndarray of float64
        The least and the greatest score that the model can give each.
    """

    rows: NDArray[np.int64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.rows)


def candidates(
    bounds: Bounds, X: Any, measure: str, k: int, *, n_threads: int | None = None, progress: Progress = None
) -> Candidates | None:
    """Return every row that can be among the `k` best by a measure of a model's probabilities.

    Parameters
    ----------
    bounds : Bounds
        Of the model.
    X : array, frame or sparse matrix of shape (rows, features)
        Features. Arrays and compressed rows of float32 and float64 are read as they lie, others in
        blocks.
    measure : str
        One of `MEASURES`, or of `COMMITTEE_MEASURES`.
    k : int
        How many rows are wanted.
    n_threads : int, optional
        By default as many as this process may use.
    progress : callable, optional
        Called with rows done and rows in all.

    Returns
    -------
    Candidates or None
        None where the features are of a kind that can't be read, or where so few rows can be ruled
        out that the model had better be asked about all.

    Notes
    -----
    O(rows x features x classes) operations in float32; of sparse rows, entries in place of
    features. Memory beside `X`: the weights in float32, and a few MiB.
    """
    holder = kind(X)
    if holder not in ("array", "pandas", *(["sparse"] if bounds.sparse else [])):
        return None
    if X.ndim != 2 or X.shape[1] != bounds.features:
        return None
    order = "lowest" if measure == "margin" else "highest"
    pool = blocks(X, None if _as_it_lies(X, holder) else "auto", progress=None)
    found: Candidates | None = None
    # One thread inside a worker of a cluster.
    n_threads = thread_count(n_threads)
    for first, block in pool:
        features = _numbers(block, holder)
        if features is None or (bounds.binary and not _binary(features, holder)):
            return None
        model = bounds.model(features.dtype, sparse=holder == "sparse")
        part = _of_block(model, features, measure, k, n_threads, progress if len(pool) == 1 else None)
        if part is None:
            return None
        part = Candidates(part.rows + first, part.low, part.high)
        found = part if found is None else _best_of(found, part, k, order)
    return found


def _as_it_lies(X: Any, holder: str) -> bool:
    """Return whether the core can read the rows where they are."""
    if holder == "sparse":
        return X.format == "csr" and X.dtype in _READ_AS_IT_IS["sparse"]
    return holder == "array" and type(X) in (np.ndarray, np.memmap) and X.dtype in _READ_AS_IT_IS["array"]


def _numbers(block: Any, holder: str) -> Any:
    """Return a block as floats the core reads; None where it holds anything else."""
    if holder == "sparse":
        block = block.tocsr()
        if not all(part.flags.aligned for part in (block.indptr, block.indices, block.data)):
            block = block.copy()
        return block if block.dtype in _READ_AS_IT_IS["sparse"] else _exact(block)
    # What comes from other processes may lie anywhere.
    array = np.require(block, requirements="A")
    return array if array.dtype in _READ_AS_IT_IS["array"] else _exact(array)


def _binary(block: Any, holder: str) -> bool:
    values = block.data if holder == "sparse" else block
    return bool(((values == 0) | (values == 1)).all())


def _exact(block: Any) -> Any:
    return block.astype(np.float64) if block.dtype.kind in "biu" else None


def _of_block(
    model: _core.LinearModel | _core.TreeModel,
    features: Any,
    measure: str,
    k: int,
    n_threads: int | None,
    progress: Any,
) -> Candidates | None:
    if isinstance(model, _core.TreeModel) or isinstance(features, np.ndarray):
        found = model.candidates(features, measure, k, n_threads=n_threads, progress=progress)
    else:
        found = model.candidates_of_sparse(
            features.indptr,
            features.indices,
            features.data,
            features.shape[1],
            measure,
            k,
            n_threads=n_threads,
            progress=progress,
        )
    return None if found is None else Candidates(*found)


def _best_of(one: Candidates, other: Candidates, k: int, order: str) -> Candidates:
    """Return what is left of both once the k-th best of the worse ends is known."""
    rows, low, high = (np.concatenate(pair) for pair in zip(_ends(one), _ends(other), strict=True))
    if len(rows) > k:
        best, worst = (high, low) if order == "highest" else (-low, -high)
        left = best >= np.partition(worst, len(worst) - k)[len(worst) - k]
        rows, low, high = rows[left], low[left], high[left]
    return Candidates(rows, low, high)


def _ends(found: Candidates) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]:
    return found.rows, found.low, found.high
