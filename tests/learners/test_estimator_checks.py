"""scikit-learn's own checks of estimators, but for those that modAL's API rules out."""

import warnings

import pytest
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.utils.estimator_checks import check_estimator

import shortlist as sl

CHECKED = "strategies are checked when a learner is made, so that a mistake shows before people have labelled"
GROWS = "what a learner was taught is in its parameters, as in modAL: a clone is a learner of the same labels"
LEARNER = {
    "check_no_attributes_set_in_init": "modAL's learners take keywords for the first fit, kept as fit_kwargs",
    "check_estimators_overwrite_params": GROWS,
    "check_dont_overwrite_parameters": GROWS,
    "check_do_not_raise_errors_in_init_or_set_params": CHECKED,
}
COMMITTEE = {
    "check_estimators_overwrite_params": "a committee trains the learners that it was given, as in modAL",
    "check_do_not_raise_errors_in_init_or_set_params": CHECKED,
}


@pytest.mark.parametrize(
    ("estimator", "expected"),
    [
        (sl.ActiveLearner(LogisticRegression(), sl.margin_sampling), LEARNER),
        (sl.Committee([sl.ActiveLearner(LogisticRegression(C=C)) for C in (1.0, 2.0)]), COMMITTEE),
        (sl.CommitteeRegressor([sl.ActiveLearner(LinearRegression(), sl.random_sampling)]), COMMITTEE),
    ],
    ids=["ActiveLearner", "Committee", "CommitteeRegressor"],
)
def test_the_checks_of_scikit_learn(estimator, expected):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the checks provoke them
        found = check_estimator(estimator, expected_failed_checks=expected, on_skip=None, on_fail=None)
    assert len(found) > 40
    said = {check["check_name"]: check["exception"] for check in found if check["status"] == "failed"}
    assert not said
    # What is expected to fail does, so that the list can't grow stale.
    assert {check["check_name"] for check in found if check["status"] == "xfail"} == set(expected)
