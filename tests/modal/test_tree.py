"""modAL's names are where modAL has them, and `install_as_modAL` comes and goes without a trace."""

import inspect
import os
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

import shortlist.modal
from shortlist import learners

NAMES = {
    "": "ActiveLearner Committee CommitteeRegressor",
    ".models": "ActiveLearner BayesianOptimizer Committee CommitteeRegressor DeepActiveLearner",
    ".models.base": "BaseLearner BaseCommittee",
    ".models.learners": "ActiveLearner BayesianOptimizer Committee CommitteeRegressor DeepActiveLearner",
    ".uncertainty": "classifier_uncertainty classifier_margin classifier_entropy uncertainty_sampling margin_sampling "
    "entropy_sampling _proba_uncertainty _proba_margin _proba_entropy",
    ".disagreement": "vote_entropy consensus_entropy KL_max_disagreement vote_entropy_sampling "
    "consensus_entropy_sampling max_disagreement_sampling max_std_sampling",
    ".batch": "select_cold_start_instance select_instance ranked_batch uncertainty_batch_sampling",
    ".density": "similarize_distance cosine_similarity euclidean_similarity information_density",
    ".acquisition": "PI EI UCB optimizer_PI optimizer_EI optimizer_UCB max_PI max_EI max_UCB",
    ".expected_error": "expected_error_reduction",
    ".multilabel": "SVM_binary_minimum max_loss mean_max_loss min_confidence avg_confidence max_score avg_score _SVM_loss",
    ".dropout": "mc_dropout_bald mc_dropout_mean_st mc_dropout_max_entropy mc_dropout_max_variationRatios "
    "get_predictions set_dropout_mode entropy_sum default_logits_adaptor _bald_divergence _entropy "
    "_mean_standard_deviation _variation_ratios",
    ".utils": "make_linear_combination make_product make_query_strategy data_vstack multi_argmax weighted_random "
    "check_class_labels check_class_proba",
    ".utils.combination": "make_linear_combination make_product make_query_strategy",
    ".utils.selection": "multi_argmax multi_argmin shuffled_argmax shuffled_argmin weighted_random",
    ".utils.data": "modALinput data_vstack data_hstack add_row retrieve_rows drop_rows enumerate_data data_shape",
    ".utils.validation": "check_class_labels check_class_proba",
}
SIGNATURES = {
    ".models.ActiveLearner": "estimator query_strategy X_training y_training bootstrap_init on_transformed",
    ".models.BayesianOptimizer": "estimator query_strategy X_training y_training bootstrap_init on_transformed",
    ".models.DeepActiveLearner": "estimator query_strategy on_transformed",
    ".models.Committee": "learner_list query_strategy on_transformed",
    ".models.CommitteeRegressor": "learner_list query_strategy on_transformed",
    ".models.base.BaseLearner": "estimator query_strategy on_transformed force_all_finite",
    ".uncertainty.uncertainty_sampling": "classifier X n_instances random_tie_break",
    ".uncertainty.margin_sampling": "classifier X n_instances random_tie_break",
    ".uncertainty.entropy_sampling": "classifier X n_instances random_tie_break",
    ".disagreement.vote_entropy_sampling": "committee X n_instances random_tie_break",
    ".disagreement.max_std_sampling": "regressor X n_instances random_tie_break",
    ".batch.uncertainty_batch_sampling": "classifier X n_instances metric n_jobs",
    ".batch.ranked_batch": "classifier unlabeled uncertainty_scores n_instances metric n_jobs",
    ".batch.select_instance": "X_training X_pool X_uncertainty mask metric n_jobs",
    ".acquisition.max_EI": "optimizer X tradeoff n_instances",
    ".acquisition.max_UCB": "optimizer X beta n_instances",
    ".expected_error.expected_error_reduction": "learner X loss p_subsample n_instances random_tie_break",
    ".multilabel.max_loss": "classifier X_pool n_instances random_tie_break",
    ".multilabel.SVM_binary_minimum": "classifier X_pool random_tie_break",
    ".dropout.mc_dropout_bald": "classifier X n_instances random_tie_break dropout_layer_indexes num_cycles "
    "sample_per_forward_pass logits_adaptor",
    ".dropout.get_predictions": "classifier X dropout_layer_indexes num_predictions sample_per_forward_pass "
    "logits_adaptor",
    ".utils.selection.multi_argmax": "values n_instances",
    ".utils.selection.weighted_random": "weights n_instances",
}


@pytest.mark.parametrize("module", NAMES)
def test_every_name_is_there(module):
    found = import_module(f"shortlist.modal{module}")
    for name in NAMES[module].split():
        assert hasattr(found, name), name
        assert name in found.__all__


@pytest.mark.parametrize("path", SIGNATURES)
def test_positional_arguments_come_in_the_same_order(path):
    module, _, name = path.rpartition(".")
    function = getattr(import_module(f"shortlist.modal{module}"), name)
    names = list(inspect.signature(function).parameters)
    expected = SIGNATURES[path].split()
    assert names[: len(expected)] == expected


def test_the_classes_are_the_native_ones():
    assert shortlist.modal.ActiveLearner is learners.ActiveLearner
    assert import_module("shortlist.modal.models").Committee is learners.Committee


def run(code):
    paths = os.pathsep.join(path for path in sys.path if path)
    environment = {**os.environ, "PYTHONPATH": paths}
    subprocess.run([sys.executable, "-W", "error", "-c", code], check=True, env=environment, cwd=Path(__file__).parent)


def test_importing_does_not_install_or_need_torch():
    run("""
import sys, shortlist.modal, shortlist.modal.dropout
assert not {module.split('.')[0] for module in sys.modules} & {'modAL', 'torch'}
""")


def test_install_and_uninstall():
    run("""
import sys, types
other = types.ModuleType("modAL"); sys.modules["modAL"] = other
import shortlist.modal as own
own.install_as_modAL()
own.install_as_modAL()
import modAL, modAL.models.learners, modAL.dropout
from modAL.uncertainty import margin_sampling
from modAL.utils.data import modALinput
assert modAL is own and modAL.ActiveLearner is own.ActiveLearner
assert modAL.models.learners is sys.modules["shortlist.modal.models.learners"]
try:
    import modAL.cluster
except ModuleNotFoundError:
    pass
else:
    raise AssertionError("the stub is left out")
own.uninstall_modAL()
own.uninstall_modAL()
import modAL
assert modAL is other
assert [m for m in sys.modules if m.split(".")[0] == "modAL"] == ["modAL"]
""")
