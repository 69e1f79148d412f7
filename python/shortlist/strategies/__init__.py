"""Strategies: plain callables ``(learner, X, n_instances=1, ...)`` that return positions and their scores, best first.

Any function of that shape is a strategy, and may return positions alone. `make_query_strategy`,
`make_linear_combination`, `make_product` and `mix` make one of parts.
"""

from shortlist.strategies.acquisition import max_EI, max_PI, max_UCB
from shortlist.strategies.batch import uncertainty_batch_sampling
from shortlist.strategies.chance import random_sampling
from shortlist.strategies.choice import multi_argmax, multi_argmin, shuffled_argmax, shuffled_argmin, weighted_random
from shortlist.strategies.combination import make_linear_combination, make_product, make_query_strategy
from shortlist.strategies.density import information_density
from shortlist.strategies.disagreement import (
    bald_sampling,
    consensus_entropy_sampling,
    max_disagreement_sampling,
    max_std_sampling,
    mean_std_sampling,
    regressor_std,
    variation_ratio_sampling,
    vote_entropy_sampling,
)
from shortlist.strategies.diverse import (
    badge_sampling,
    cluster_margin_sampling,
    herding_sampling,
    k_center_sampling,
    kmeans_plus_plus_sampling,
    typiclust_sampling,
)
from shortlist.strategies.dropout import (
    mc_dropout_bald,
    mc_dropout_max_entropy,
    mc_dropout_max_variationRatios,
    mc_dropout_mean_st,
)
from shortlist.strategies.errors import ArgumentError, NotCallableError, PoolTooSmallError
from shortlist.strategies.expected_error import expected_error_reduction
from shortlist.strategies.mixing import mix, mix_sampling
from shortlist.strategies.multilabel import (
    SVM_binary_minimum,
    avg_confidence,
    avg_score,
    max_loss,
    max_score,
    mean_max_loss,
    min_confidence,
)
from shortlist.strategies.uncertainty import (
    classifier_energy,
    classifier_entropy,
    classifier_gini,
    classifier_margin,
    classifier_normalised_entropy,
    classifier_ratio,
    classifier_uncertainty,
    energy_sampling,
    entropy_sampling,
    gini_sampling,
    margin_sampling,
    normalised_entropy_sampling,
    ratio_sampling,
    uncertainty_sampling,
)

__all__ = [
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
]
