"""Ranked batch-mode sampling."""

from shortlist.strategies.batch import (
    ranked_batch,
    select_cold_start_instance,
    select_instance,
    uncertainty_batch_sampling,
)

__all__ = ["select_cold_start_instance", "select_instance", "ranked_batch", "uncertainty_batch_sampling"]
