"""Picking rows that differ from each other: core-sets, ranked batches, BADGE, coverage.

Every function is exact, reads the pool as it lies in memory, takes O(N) memory beside it, and gives
the same picks for any number of threads.
"""

from __future__ import annotations

from shortlist.diversity.badge import badge
from shortlist.diversity.cluster_margin import cluster_margin
from shortlist.diversity.density import density
from shortlist.diversity.diverse_uncertain import diverse_uncertain
from shortlist.diversity.herding import herding
from shortlist.diversity.k_center import k_center
from shortlist.diversity.kmeans_plus_plus import kmeans_plus_plus
from shortlist.diversity.min_distances import min_distances
from shortlist.diversity.ranked_batch import ranked_batch
from shortlist.diversity.typiclust import typiclust

__all__ = [
    "density",
    "k_center",
    "min_distances",
    "ranked_batch",
    "diverse_uncertain",
    "badge",
    "kmeans_plus_plus",
    "cluster_margin",
    "typiclust",
    "herding",
]
