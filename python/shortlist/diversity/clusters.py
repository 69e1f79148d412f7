"""Clusters of rows, by scikit-learn's k-means from seeds drawn by Shortlist."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from shortlist.diversity.kmeans_plus_plus import kmeans_plus_plus

if TYPE_CHECKING:
    from numpy.typing import NDArray

MINI_BATCH_FROM = 51
"""Clusters from which mini-batches are used, as in the reference implementation of TypiClust."""


def cluster(
    rows: NDArray[np.floating[Any]], n_clusters: int, seed: int, *, mini_batch: bool, n_threads: int
) -> NDArray[np.int64]:
    """Return the cluster of each row: fewer than `n_clusters` where fewer rows differ.

    Raises
    ------
    ValueError
        A row is not finite: the message names the first.
    """
    from sklearn.cluster import KMeans, MiniBatchKMeans
    from threadpoolctl import threadpool_limits

    seeds = kmeans_plus_plus(rows, min(n_clusters, len(rows)), random_state=seed, n_threads=n_threads)
    centres = rows[seeds.indices[: len(seeds) - seeds.report.filled]].astype(np.float64)
    options: dict[str, Any] = {"n_clusters": len(centres), "init": centres, "n_init": 1, "random_state": seed % 2**32}
    narrow = rows.astype(np.float32) if rows.dtype == np.float16 else rows
    model = MiniBatchKMeans(batch_size=5000, **options) if mini_batch else KMeans(**options)
    with threadpool_limits(n_threads):
        return np.asarray(model.fit_predict(narrow), dtype=np.int64)
