"""scikit-learn's own checks: what modAL's API forces to fail is named here, and nothing else fails."""

import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.utils.estimator_checks import check_estimator

from shortlist.learners import ActiveLearner, Committee

NOT_CALLABLE = "modAL refuses a query_strategy that is not callable when the learner is made"
LEARNER = {
    "check_no_attributes_set_in_init": "modAL keeps the arguments for the first fit as fit_kwargs",
    "check_estimators_overwrite_params": "X_training and y_training are parameters, and grow with what is taught",
    "check_dont_overwrite_parameters": "X_training and y_training are parameters, and grow with what is taught",
    "check_do_not_raise_errors_in_init_or_set_params": NOT_CALLABLE,
}
COMMITTEE = {
    "check_estimators_overwrite_params": "the members are parameters, and are fitted where they are",
    "check_do_not_raise_errors_in_init_or_set_params": NOT_CALLABLE,
}


@pytest.mark.parametrize(
    ("estimator", "forced"),
    [
        (ActiveLearner(LogisticRegression()), LEARNER),
        (Committee([ActiveLearner(LogisticRegression(C=C)) for C in (1.0, 2.0)]), COMMITTEE),
    ],
    ids=["ActiveLearner", "Committee"],
)
def test_only_what_modal_forces_fails(estimator, forced):
    results = check_estimator(estimator, expected_failed_checks=forced, on_fail=None, on_skip=None)
    assert len(results) > 50
    failed = {result["check_name"]: result["exception"] for result in results if result["status"] == "failed"}
    assert not failed
    assert {result["check_name"] for result in results if result["status"] == "xfail"} == set(forced)
