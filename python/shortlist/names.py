"""The public names in groups, as people look for them, and the module each comes from: THE list.

`shortlist` loads a name from its module when it is first used, so nothing is imported here. The
stub `__init__.pyi` gives the same names their types, and docs/api.md lists them.
"""

from __future__ import annotations

GROUPS: dict[str, dict[str, str]] = {
    "Score and select": {
        "shortlist.scoring": "score",
        "shortlist.selecting": "select",
        "shortlist.strategies.querying": "query",
        "shortlist.sampling": "sample",
        "shortlist.selector": "Selector",
        "shortlist.selection": "Selection",
        "shortlist.selection_report": "Report",
        "shortlist.registry": "measures",
    },
    "Pools": {
        "shortlist.pools": "Source",
        "shortlist.own_ids": "Positions",
    },
    "Diverse batches": {
        "shortlist.diversity": "k_center kmeans_plus_plus badge cluster_margin typiclust herding ranked_batch "
        "diverse_uncertain density min_distances",
    },
    "Labelling projects": {
        "shortlist.loop.loop": "Loop",
        "shortlist": "labels stopping",
    },
    "Comparing strategies": {
        "shortlist.comparing": "compare",
        "shortlist.comparison": "Comparison",
        "shortlist.simulation": "simulate Simulation",
        "shortlist.benchmarking": "bench Benchmark",
    },
    "Learners": {
        "shortlist.learners": "ActiveLearner Committee CommitteeRegressor BayesianOptimizer DeepActiveLearner",
        "shortlist": "learners strategies",
    },
    "Strategies by the uncertainty of a classifier": {
        "shortlist.strategies": "uncertainty_sampling margin_sampling ratio_sampling entropy_sampling "
        "normalised_entropy_sampling gini_sampling energy_sampling decision_margin_sampling",
    },
    "Strategies by the disagreement of a committee": {
        "shortlist.strategies": "vote_entropy_sampling consensus_entropy_sampling max_disagreement_sampling "
        "bald_sampling variation_ratio_sampling mean_std_sampling max_std_sampling",
    },
    "Strategies for diverse rows": {
        "shortlist.strategies": "uncertainty_batch_sampling mix mix_sampling k_center_sampling "
        "kmeans_plus_plus_sampling badge_sampling cluster_margin_sampling typiclust_sampling herding_sampling",
    },
    "Strategies for several labels a row": {
        "shortlist.strategies": "SVM_binary_minimum max_loss mean_max_loss min_confidence avg_confidence max_score "
        "avg_score",
    },
    "Other strategies": {
        "shortlist.strategies": "random_sampling expected_error_reduction max_PI max_EI max_UCB mc_dropout_bald "
        "mc_dropout_mean_st mc_dropout_max_entropy mc_dropout_max_variationRatios",
    },
    "Strategies of your own": {
        "shortlist.strategies": "make_query_strategy make_linear_combination make_product classifier_uncertainty "
        "classifier_margin classifier_ratio classifier_entropy classifier_normalised_entropy classifier_gini "
        "classifier_energy classifier_decision_margin regressor_std information_density multi_argmax multi_argmin "
        "shuffled_argmax shuffled_argmin weighted_random",
    },
    "Errors of learners and strategies": {
        "shortlist.strategies": "ArgumentError NotCallableError PoolTooSmallError",
    },
}

MODULE_OF = {name: module for group in GROUPS.values() for module, names in group.items() for name in names.split()}
"""The module of each name, in the order of the groups; a module is in ``shortlist`` itself."""


def names_of(module: str) -> list[str]:
    """Return the public names that come from a module."""
    return [name for name, source in MODULE_OF.items() if source == module]
