"""Uncertainty of classifiers."""

from shortlist.strategies.uncertainty import (
    classifier_entropy,
    classifier_margin,
    classifier_uncertainty,
    entropy_sampling,
    margin_sampling,
    uncertainty_sampling,
)
from shortlist.strategies.uncertainty import proba_entropy as _proba_entropy
from shortlist.strategies.uncertainty import proba_margin as _proba_margin
from shortlist.strategies.uncertainty import proba_uncertainty as _proba_uncertainty

__all__ = [
    "classifier_uncertainty", "classifier_margin", "classifier_entropy", "uncertainty_sampling", "margin_sampling",
    "entropy_sampling", "_proba_uncertainty", "_proba_margin", "_proba_entropy",
]  # fmt: skip
