"""Strategies for rows with several labels."""

from shortlist.strategies.multilabel import (
    SVM_binary_minimum,
    avg_confidence,
    avg_score,
    max_loss,
    max_score,
    mean_max_loss,
    min_confidence,
)
from shortlist.strategies.multilabel import SVM_loss as _SVM_loss

__all__ = [
    "SVM_binary_minimum", "max_loss", "mean_max_loss", "min_confidence", "avg_confidence", "max_score", "avg_score",
    "_SVM_loss",
]  # fmt: skip
