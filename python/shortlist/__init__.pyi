"""The types of the public names, in the groups of `shortlist.names`: they load when first used."""

# Score and select
from shortlist.registry import measures as measures
from shortlist.sampling import sample as sample
from shortlist.scoring import score as score
from shortlist.selecting import select as select
from shortlist.selection import Report as Report
from shortlist.selection import Selection as Selection
from shortlist.selector import Selector as Selector

# isort: split
# Pools
from shortlist.own_ids import Positions as Positions
from shortlist.pools import Source as Source

# isort: split
# Diverse batches
from shortlist.diversity import badge as badge
from shortlist.diversity import cluster_margin as cluster_margin
from shortlist.diversity import density as density
from shortlist.diversity import diverse_uncertain as diverse_uncertain
from shortlist.diversity import herding as herding
from shortlist.diversity import k_center as k_center
from shortlist.diversity import kmeans_plus_plus as kmeans_plus_plus
from shortlist.diversity import min_distances as min_distances
from shortlist.diversity import ranked_batch as ranked_batch
from shortlist.diversity import typiclust as typiclust

# isort: split
# Labelling projects
from shortlist import labels as labels
from shortlist import stopping as stopping
from shortlist.loop.loop import Loop as Loop

# isort: split
# Comparing strategies
from shortlist.benchmarking import Benchmark as Benchmark
from shortlist.benchmarking import bench as bench
from shortlist.comparing import compare as compare
from shortlist.comparison import Comparison as Comparison
from shortlist.simulation import Simulation as Simulation
from shortlist.simulation import simulate as simulate

# isort: split
# Learners
from shortlist import learners as learners
from shortlist import strategies as strategies
from shortlist.learners import ActiveLearner as ActiveLearner
from shortlist.learners import BayesianOptimizer as BayesianOptimizer
from shortlist.learners import Committee as Committee
from shortlist.learners import CommitteeRegressor as CommitteeRegressor
from shortlist.learners import DeepActiveLearner as DeepActiveLearner

# isort: split
# Strategies by the uncertainty of a classifier
from shortlist.strategies import energy_sampling as energy_sampling
from shortlist.strategies import entropy_sampling as entropy_sampling
from shortlist.strategies import gini_sampling as gini_sampling
from shortlist.strategies import margin_sampling as margin_sampling
from shortlist.strategies import normalised_entropy_sampling as normalised_entropy_sampling
from shortlist.strategies import ratio_sampling as ratio_sampling
from shortlist.strategies import uncertainty_sampling as uncertainty_sampling

# isort: split
# Strategies by the disagreement of a committee
from shortlist.strategies import bald_sampling as bald_sampling
from shortlist.strategies import consensus_entropy_sampling as consensus_entropy_sampling
from shortlist.strategies import max_disagreement_sampling as max_disagreement_sampling
from shortlist.strategies import max_std_sampling as max_std_sampling
from shortlist.strategies import mean_std_sampling as mean_std_sampling
from shortlist.strategies import variation_ratio_sampling as variation_ratio_sampling
from shortlist.strategies import vote_entropy_sampling as vote_entropy_sampling

# isort: split
# Strategies for diverse rows
from shortlist.strategies import badge_sampling as badge_sampling
from shortlist.strategies import cluster_margin_sampling as cluster_margin_sampling
from shortlist.strategies import herding_sampling as herding_sampling
from shortlist.strategies import k_center_sampling as k_center_sampling
from shortlist.strategies import kmeans_plus_plus_sampling as kmeans_plus_plus_sampling
from shortlist.strategies import mix as mix
from shortlist.strategies import mix_sampling as mix_sampling
from shortlist.strategies import typiclust_sampling as typiclust_sampling
from shortlist.strategies import uncertainty_batch_sampling as uncertainty_batch_sampling

# isort: split
# Strategies for several labels a row
from shortlist.strategies import SVM_binary_minimum as SVM_binary_minimum
from shortlist.strategies import avg_confidence as avg_confidence
from shortlist.strategies import avg_score as avg_score
from shortlist.strategies import max_loss as max_loss
from shortlist.strategies import max_score as max_score
from shortlist.strategies import mean_max_loss as mean_max_loss
from shortlist.strategies import min_confidence as min_confidence

# isort: split
# Strategies for the rest
from shortlist.strategies import expected_error_reduction as expected_error_reduction
from shortlist.strategies import max_EI as max_EI
from shortlist.strategies import max_PI as max_PI
from shortlist.strategies import max_UCB as max_UCB
from shortlist.strategies import mc_dropout_bald as mc_dropout_bald
from shortlist.strategies import mc_dropout_max_entropy as mc_dropout_max_entropy
from shortlist.strategies import mc_dropout_max_variationRatios as mc_dropout_max_variationRatios
from shortlist.strategies import mc_dropout_mean_st as mc_dropout_mean_st
from shortlist.strategies import random_sampling as random_sampling

# isort: split
# Strategies of your own
from shortlist.strategies import classifier_energy as classifier_energy
from shortlist.strategies import classifier_entropy as classifier_entropy
from shortlist.strategies import classifier_gini as classifier_gini
from shortlist.strategies import classifier_margin as classifier_margin
from shortlist.strategies import classifier_normalised_entropy as classifier_normalised_entropy
from shortlist.strategies import classifier_ratio as classifier_ratio
from shortlist.strategies import classifier_uncertainty as classifier_uncertainty
from shortlist.strategies import information_density as information_density
from shortlist.strategies import make_linear_combination as make_linear_combination
from shortlist.strategies import make_product as make_product
from shortlist.strategies import make_query_strategy as make_query_strategy
from shortlist.strategies import multi_argmax as multi_argmax
from shortlist.strategies import multi_argmin as multi_argmin
from shortlist.strategies import regressor_std as regressor_std
from shortlist.strategies import shuffled_argmax as shuffled_argmax
from shortlist.strategies import shuffled_argmin as shuffled_argmin
from shortlist.strategies import weighted_random as weighted_random

# isort: split
# Errors of learners and strategies
from shortlist.strategies import ArgumentError as ArgumentError
from shortlist.strategies import NotCallableError as NotCallableError
from shortlist.strategies import PoolTooSmallError as PoolTooSmallError

__version__: str
