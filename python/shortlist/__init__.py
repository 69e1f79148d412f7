"""Pick, out of a huge unlabelled pool, the few rows worth a person's time.

>>> import numpy as np
>>> import shortlist as sl
>>> probs = np.array([[0.9, 0.1], [0.5, 0.5], [0.3, 0.7]])
>>> sl.select(probs, "margin", k=1).indices
array([1])
"""

from __future__ import annotations

import importlib
from typing import Any

from shortlist import _core
from shortlist.own_ids import Positions
from shortlist.pools import Source
from shortlist.registry import OTHERS, measures
from shortlist.scoring import score
from shortlist.selecting import select
from shortlist.selection import Report, Selection
from shortlist.selector import Selector

__version__: str = _core.build_info()["version"]

# Names that need more than NumPy, and the module each comes from: imported when first used.
_LAZY: dict[str, str] = {
    **dict.fromkeys(
        (
            "k_center",
            "ranked_batch",
            "diverse_uncertain",
            "badge",
            "density",
            "min_distances",
            "kmeans_plus_plus",
            "cluster_margin",
            "typiclust",
            "herding",
        ),
        "shortlist.diversity",
    ),
    **dict.fromkeys(("simulate", "Simulation"), "shortlist.simulation"),
    **dict.fromkeys(("bench", "Benchmark"), "shortlist.benchmarking"),
    "Loop": "shortlist.loop.loop",
    "sample": "shortlist.sampling",
    "compare": "shortlist.comparing",
    "Comparison": "shortlist.comparison",
    **dict.fromkeys(
        ("ActiveLearner", "Committee", "CommitteeRegressor", "BayesianOptimizer", "DeepActiveLearner"),
        "shortlist.learners",
    ),
    **dict.fromkeys(
        (
            "uncertainty_sampling",
            "margin_sampling",
            "ratio_sampling",
            "entropy_sampling",
            "normalised_entropy_sampling",
            "gini_sampling",
            "energy_sampling",
            "classifier_uncertainty",
            "classifier_margin",
            "classifier_ratio",
            "classifier_entropy",
            "classifier_normalised_entropy",
            "classifier_gini",
            "classifier_energy",
            "vote_entropy_sampling",
            "consensus_entropy_sampling",
            "max_disagreement_sampling",
            "bald_sampling",
            "variation_ratio_sampling",
            "mean_std_sampling",
            "max_std_sampling",
            "regressor_std",
            "random_sampling",
            "uncertainty_batch_sampling",
            "mix",
            "mix_sampling",
            "k_center_sampling",
            "kmeans_plus_plus_sampling",
            "badge_sampling",
            "cluster_margin_sampling",
            "typiclust_sampling",
            "herding_sampling",
            "expected_error_reduction",
            "information_density",
            "max_PI",
            "max_EI",
            "max_UCB",
            "SVM_binary_minimum",
            "max_loss",
            "mean_max_loss",
            "min_confidence",
            "avg_confidence",
            "max_score",
            "avg_score",
            "mc_dropout_bald",
            "mc_dropout_mean_st",
            "mc_dropout_max_entropy",
            "mc_dropout_max_variationRatios",
            "make_linear_combination",
            "make_product",
            "make_query_strategy",
            "multi_argmax",
            "multi_argmin",
            "shuffled_argmax",
            "shuffled_argmin",
            "weighted_random",
            "ArgumentError",
            "NotCallableError",
            "PoolTooSmallError",
        ),
        "shortlist.strategies",
    ),
}

OTHERS.update(_LAZY)

_MODULES = ("labels",)
"""Modules that are used by their names, as `shortlist.labels.read`, and imported when first used."""

__all__ = [
    "score",
    "select",
    "Selector",
    "Selection",
    "Report",
    "Source",
    "Positions",
    "measures",
    *_LAZY,
    *_MODULES,
]


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return importlib.import_module(f"shortlist.{name}")
    module = _LAZY.get(name)
    if module is None:
        raise AttributeError(f"module 'shortlist' has no attribute {name!r}")
    value = getattr(importlib.import_module(module), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_LAZY, *_MODULES})
