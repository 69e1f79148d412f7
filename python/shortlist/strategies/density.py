"""Information density: how close a row is to all others."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from scipy.sparse import issparse
from scipy.spatial.distance import cosine, euclidean

from shortlist.diversity.density import density
from shortlist.strategies.distances import Array, Metric, features, reduced

if TYPE_CHECKING:
    from collections.abc import Callable

_COMPILED: dict[Any, str] = {
    "euclidean": "euclidean",
    "l2": "euclidean",
    "sqeuclidean": "sqeuclidean",
    "cosine": "cosine",
    "manhattan": "manhattan",
    "cityblock": "manhattan",
    "l1": "manhattan",
}


def similarize_distance(distance_measure: Callable[..., Any]) -> Callable[..., Any]:
    """Turn a distance d into the similarity ``1 / (1 + d)``."""
    return partial(_similarity, distance_measure)


def _similarity(distance_measure: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
    return 1 / (1 + distance_measure(*args, **kwargs))


cosine_similarity = similarize_distance(cosine)
euclidean_similarity = similarize_distance(euclidean)


def information_density(X: Any, metric: Metric = "euclidean") -> Array:
    """Return the mean of ``1 / (1 + d)`` over the distances d of each row to all rows.

    Parameters
    ----------
    X : array, sparse matrix or frame, shape (rows, features)
        The pool. Memory is that of a few blocks; time grows with the square of the rows.
    metric : str or callable, default="euclidean"
        Any that scikit-learn's ``pairwise_distances`` takes. Dense rows under Euclidean, squared
        Euclidean, cosine and Manhattan distances are the work of `shortlist.density`.

    Returns
    -------
    ndarray of float64, shape (rows,)
        Above 0, to 1.

    Raises
    ------
    TypeError
        The rows are not numbers.
    ValueError
        `metric` is unknown, or a row is not finite.

    Examples
    --------
    >>> import numpy as np, shortlist as sl
    >>> sl.information_density(np.array([[0.0], [1.0], [3.0]])).round(3)
    array([0.583, 0.611, 0.528])
    """
    matrix = features(None, X)
    if metric in _COMPILED and not issparse(matrix) and matrix.shape[1] and matrix.dtype.kind in "fiub":
        return density(matrix, metric=_COMPILED[metric])
    return reduced(matrix, matrix, metric, None, lambda distances: (1 / (1 + distances)).mean(axis=1))
