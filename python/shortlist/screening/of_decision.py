"""Linear decision functions: how far a row is from the border of its two likeliest classes.

With ``z1`` and ``z2`` the two largest values of a row, ``z1 - z2`` is bounded by way of the ratio
of the two largest softmax probabilities, ``exp(z2 - z1)``, which falls as it grows. Both are
unlike only by a scale, which is chosen so that the ratios of most rows are not all 0 or 1.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from shortlist.screening.candidates import Candidates
from shortlist.screening.classes import is_exactly
from shortlist.screening.of_linear import coefficients
from shortlist.screening.of_pipeline import of_pipeline

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from shortlist.screening.bounds import Linear

DECISION_MARGIN = "decision_margin"
"""What can be bounded of a decision function."""

BY = "ratio"
"""The measure by which it is bounded."""

DECISIONS = {
    "LinearSVC": "svm._classes",
    "RidgeClassifier": "linear_model._ridge",
    "RidgeClassifierCV": "linear_model._ridge",
    "SGDClassifier": "linear_model._stochastic_gradient",
    "Perceptron": "linear_model._perceptron",
    "PassiveAggressiveClassifier": "linear_model._passive_aggressive",
    "LogisticRegression": "linear_model._logistic",
    "LogisticRegressionCV": "linear_model._logistic",
    "LinearDiscriminantAnalysis": "discriminant_analysis",
}
"""Classifiers whose decision function is ``X @ coef_.T + intercept_``, by where they lie."""


def bounds_of_decision(estimator: Any) -> Linear | None:
    """Return the bounds of a model's decision function; None of one that is not known or not
    fitted, as `bounds_of` does.
    """
    name = type(estimator).__name__
    if not type(estimator).__module__.startswith("sklearn.") or "decision_function" in vars(estimator):
        return None
    try:
        if is_exactly(estimator, "pipeline", "Pipeline"):
            return of_pipeline(estimator, bounds_of_decision)
        known = name in DECISIONS and is_exactly(estimator, DECISIONS[name], name)
        return coefficients(estimator, "softmax") if known else None
    except (AttributeError, IndexError, TypeError, ValueError):
        return None


def in_reach(bounds: Linear, margins: NDArray[Any]) -> tuple[Linear, float]:
    """Return bounds of a model whose margins are of the size of 1, given some of them, and what
    they were multiplied by.
    """
    size = float(np.median(margins[np.isfinite(margins)])) if np.isfinite(margins).any() else 0.0
    # A power of two changes no digit.
    scale = 2.0 ** -round(np.log2(size)) if size > 0 and np.isfinite(size) else 1.0
    if not 2.0**-500 < scale < 2.0**500:
        scale = 1.0
    scaled = replace(
        bounds,
        weights=bounds.weights * scale,
        intercepts=bounds.intercepts * scale,
        hidden=bounds.hidden * scale,
        own_sizes=None if bounds.own_sizes is None else bounds.own_sizes * scale,
    )
    return scaled, scale


def as_margins(found: Candidates | None, scale: float) -> Candidates | None:
    """Return candidates by ratio as candidates by margin."""
    if found is None:
        return None
    with np.errstate(divide="ignore"):
        low, high = -np.log(np.maximum(found.high, 0.0)), -np.log(np.maximum(found.low, 0.0))
    return Candidates(found.rows, low / scale, high / scale)
