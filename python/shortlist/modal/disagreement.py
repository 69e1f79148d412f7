"""Disagreement of committees."""

from shortlist.strategies.disagreement import (
    KL_max_disagreement,
    consensus_entropy,
    consensus_entropy_sampling,
    max_disagreement_sampling,
    max_std_sampling,
    vote_entropy,
    vote_entropy_sampling,
)

__all__ = [
    "vote_entropy", "consensus_entropy", "KL_max_disagreement", "vote_entropy_sampling", "consensus_entropy_sampling",
    "max_disagreement_sampling", "max_std_sampling",
]  # fmt: skip
