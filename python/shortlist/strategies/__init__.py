"""Strategies: callables ``(learner, X, n_instances=1, ...)`` that return positions and scores.

Any function of that shape is a strategy, and may return positions alone. `make_query_strategy`,
`make_linear_combination`, `make_product` and `mix` make one of parts.
"""

from shortlist.names import names_of
from shortlist.strategies.acquisition import max_EI as max_EI
from shortlist.strategies.acquisition import max_PI as max_PI
from shortlist.strategies.acquisition import max_UCB as max_UCB
from shortlist.strategies.batch import uncertainty_batch_sampling as uncertainty_batch_sampling
from shortlist.strategies.chance import random_sampling as random_sampling
from shortlist.strategies.choice import multi_argmax as multi_argmax
from shortlist.strategies.choice import multi_argmin as multi_argmin
from shortlist.strategies.choice import shuffled_argmax as shuffled_argmax
from shortlist.strategies.choice import shuffled_argmin as shuffled_argmin
from shortlist.strategies.choice import weighted_random as weighted_random
from shortlist.strategies.combination import make_linear_combination as make_linear_combination
from shortlist.strategies.combination import make_product as make_product
from shortlist.strategies.combination import make_query_strategy as make_query_strategy
from shortlist.strategies.decision import classifier_decision_margin as classifier_decision_margin
from shortlist.strategies.decision import decision_margin_sampling as decision_margin_sampling
from shortlist.strategies.density import information_density as information_density
from shortlist.strategies.disagreement import bald_sampling as bald_sampling
from shortlist.strategies.disagreement import consensus_entropy_sampling as consensus_entropy_sampling
from shortlist.strategies.disagreement import max_disagreement_sampling as max_disagreement_sampling
from shortlist.strategies.disagreement import max_std_sampling as max_std_sampling
from shortlist.strategies.disagreement import mean_std_sampling as mean_std_sampling
from shortlist.strategies.disagreement import regressor_std as regressor_std
from shortlist.strategies.disagreement import variation_ratio_sampling as variation_ratio_sampling
from shortlist.strategies.disagreement import vote_entropy_sampling as vote_entropy_sampling
from shortlist.strategies.diverse import badge_sampling as badge_sampling
from shortlist.strategies.diverse import cluster_margin_sampling as cluster_margin_sampling
from shortlist.strategies.diverse import herding_sampling as herding_sampling
from shortlist.strategies.diverse import k_center_sampling as k_center_sampling
from shortlist.strategies.diverse import kmeans_plus_plus_sampling as kmeans_plus_plus_sampling
from shortlist.strategies.diverse import typiclust_sampling as typiclust_sampling
from shortlist.strategies.dropout import mc_dropout_bald as mc_dropout_bald
from shortlist.strategies.dropout import mc_dropout_max_entropy as mc_dropout_max_entropy
from shortlist.strategies.dropout import mc_dropout_max_variationRatios as mc_dropout_max_variationRatios
from shortlist.strategies.dropout import mc_dropout_mean_st as mc_dropout_mean_st
from shortlist.strategies.errors import ArgumentError as ArgumentError
from shortlist.strategies.errors import NotCallableError as NotCallableError
from shortlist.strategies.errors import PoolTooSmallError as PoolTooSmallError
from shortlist.strategies.expected_error import expected_error_reduction as expected_error_reduction
from shortlist.strategies.mixing import mix as mix
from shortlist.strategies.mixing import mix_sampling as mix_sampling
from shortlist.strategies.multilabel import SVM_binary_minimum as SVM_binary_minimum
from shortlist.strategies.multilabel import avg_confidence as avg_confidence
from shortlist.strategies.multilabel import avg_score as avg_score
from shortlist.strategies.multilabel import max_loss as max_loss
from shortlist.strategies.multilabel import max_score as max_score
from shortlist.strategies.multilabel import mean_max_loss as mean_max_loss
from shortlist.strategies.multilabel import min_confidence as min_confidence
from shortlist.strategies.uncertainty import classifier_energy as classifier_energy
from shortlist.strategies.uncertainty import classifier_entropy as classifier_entropy
from shortlist.strategies.uncertainty import classifier_gini as classifier_gini
from shortlist.strategies.uncertainty import classifier_margin as classifier_margin
from shortlist.strategies.uncertainty import classifier_normalised_entropy as classifier_normalised_entropy
from shortlist.strategies.uncertainty import classifier_ratio as classifier_ratio
from shortlist.strategies.uncertainty import classifier_uncertainty as classifier_uncertainty
from shortlist.strategies.uncertainty import energy_sampling as energy_sampling
from shortlist.strategies.uncertainty import entropy_sampling as entropy_sampling
from shortlist.strategies.uncertainty import gini_sampling as gini_sampling
from shortlist.strategies.uncertainty import margin_sampling as margin_sampling
from shortlist.strategies.uncertainty import normalised_entropy_sampling as normalised_entropy_sampling
from shortlist.strategies.uncertainty import ratio_sampling as ratio_sampling
from shortlist.strategies.uncertainty import uncertainty_sampling as uncertainty_sampling

__all__ = names_of("shortlist.strategies")
