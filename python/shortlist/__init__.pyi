"""The types of the public names of `shortlist.names`, which load when they are first used."""

from shortlist import labels, learners, stopping, strategies
from shortlist.benchmarking import Benchmark, bench
from shortlist.comparing import compare
from shortlist.comparison import Comparison
from shortlist.diversity import (
    badge,
    cluster_margin,
    density,
    diverse_uncertain,
    herding,
    k_center,
    kmeans_plus_plus,
    min_distances,
    ranked_batch,
    typiclust,
)
from shortlist.learners import ActiveLearner, BayesianOptimizer, Committee, CommitteeRegressor, DeepActiveLearner
from shortlist.loop.loop import Loop
from shortlist.own_ids import Positions
from shortlist.pools import Source
from shortlist.registry import measures
from shortlist.sampling import sample
from shortlist.scoring import score
from shortlist.selecting import select
from shortlist.selection import Selection
from shortlist.selection_report import Report
from shortlist.selector import Selector
from shortlist.simulation import Simulation, simulate
from shortlist.strategies import (
    ArgumentError,
    NotCallableError,
    PoolTooSmallError,
    SVM_binary_minimum,
    avg_confidence,
    avg_score,
    badge_sampling,
    bald_sampling,
    classifier_decision_margin,
    classifier_energy,
    classifier_entropy,
    classifier_gini,
    classifier_margin,
    classifier_normalised_entropy,
    classifier_ratio,
    classifier_uncertainty,
    cluster_margin_sampling,
    consensus_entropy_sampling,
    decision_margin_sampling,
    energy_sampling,
    entropy_sampling,
    expected_error_reduction,
    gini_sampling,
    herding_sampling,
    information_density,
    k_center_sampling,
    kmeans_plus_plus_sampling,
    make_linear_combination,
    make_product,
    make_query_strategy,
    margin_sampling,
    max_disagreement_sampling,
    max_EI,
    max_loss,
    max_PI,
    max_score,
    max_std_sampling,
    max_UCB,
    mc_dropout_bald,
    mc_dropout_max_entropy,
    mc_dropout_max_variationRatios,
    mc_dropout_mean_st,
    mean_max_loss,
    mean_std_sampling,
    min_confidence,
    mix,
    mix_sampling,
    multi_argmax,
    multi_argmin,
    normalised_entropy_sampling,
    random_sampling,
    ratio_sampling,
    regressor_std,
    shuffled_argmax,
    shuffled_argmin,
    typiclust_sampling,
    uncertainty_batch_sampling,
    uncertainty_sampling,
    variation_ratio_sampling,
    vote_entropy_sampling,
    weighted_random,
)
from shortlist.strategies.querying import query

__version__: str

__all__ = [
    # Score and select
    "score",
    "select",
    "query",
    "sample",
    "Selector",
    "Selection",
    "Report",
    "measures",
    # Pools
    "Source",
    "Positions",
    # Diverse batches
    "k_center",
    "kmeans_plus_plus",
    "badge",
    "cluster_margin",
    "typiclust",
    "herding",
    "ranked_batch",
    "diverse_uncertain",
    "density",
    "min_distances",
    # Labelling projects
    "Loop",
    "labels",
    "stopping",
    # Comparing strategies
    "compare",
    "Comparison",
    "simulate",
    "Simulation",
    "bench",
    "Benchmark",
    # Learners
    "ActiveLearner",
    "Committee",
    "CommitteeRegressor",
    "BayesianOptimizer",
    "DeepActiveLearner",
    "learners",
    "strategies",
    # Strategies by the uncertainty of a classifier
    "uncertainty_sampling",
    "margin_sampling",
    "ratio_sampling",
    "entropy_sampling",
    "normalised_entropy_sampling",
    "gini_sampling",
    "energy_sampling",
    "decision_margin_sampling",
    # Strategies by the disagreement of a committee
    "vote_entropy_sampling",
    "consensus_entropy_sampling",
    "max_disagreement_sampling",
    "bald_sampling",
    "variation_ratio_sampling",
    "mean_std_sampling",
    "max_std_sampling",
    # Strategies for diverse rows
    "uncertainty_batch_sampling",
    "mix",
    "mix_sampling",
    "k_center_sampling",
    "kmeans_plus_plus_sampling",
    "badge_sampling",
    "cluster_margin_sampling",
    "typiclust_sampling",
    "herding_sampling",
    # Strategies for several labels a row
    "SVM_binary_minimum",
    "max_loss",
    "mean_max_loss",
    "min_confidence",
    "avg_confidence",
    "max_score",
    "avg_score",
    # Other strategies
    "random_sampling",
    "expected_error_reduction",
    "max_PI",
    "max_EI",
    "max_UCB",
    "mc_dropout_bald",
    "mc_dropout_mean_st",
    "mc_dropout_max_entropy",
    "mc_dropout_max_variationRatios",
    # Strategies of your own
    "make_query_strategy",
    "make_linear_combination",
    "make_product",
    "classifier_uncertainty",
    "classifier_margin",
    "classifier_ratio",
    "classifier_entropy",
    "classifier_normalised_entropy",
    "classifier_gini",
    "classifier_energy",
    "classifier_decision_margin",
    "regressor_std",
    "information_density",
    "multi_argmax",
    "multi_argmin",
    "shuffled_argmax",
    "shuffled_argmin",
    "weighted_random",
    # Errors of learners and strategies
    "ArgumentError",
    "NotCallableError",
    "PoolTooSmallError",
]
