"""Information density."""

from shortlist.strategies.density import (
    cosine_similarity,
    euclidean_similarity,
    information_density,
    similarize_distance,
)

__all__ = ["similarize_distance", "cosine_similarity", "euclidean_similarity", "information_density"]
