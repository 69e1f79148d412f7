"""Models whose scores can be bounded, by their exact type."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shortlist.screening import of_lightgbm, of_linear, of_trees, of_xgboost
from shortlist.screening.bounds import Trees
from shortlist.screening.classes import is_exactly, is_of
from shortlist.screening.of_calibrated import of_calibrated
from shortlist.screening.of_committee import of_committee
from shortlist.screening.of_decision import DECISIONS
from shortlist.screening.of_pipeline import of_pipeline

if TYPE_CHECKING:
    from collections.abc import Callable

    from shortlist.screening.bounds import Bounds

    Adapters = dict[str, tuple[str, Callable[[Any], Bounds | None]]]

_BOOSTED: Adapters = {
    "GradientBoostingClassifier": ("sklearn.ensemble._gb", of_trees.boosted),
    "HistGradientBoostingClassifier": (
        "sklearn.ensemble._hist_gradient_boosting.gradient_boosting",
        of_trees.boosted_by_histograms,
    ),
}
_GROWN: Adapters = {
    "DecisionTreeClassifier": ("sklearn.tree._classes", of_trees.tree),
    "RandomForestClassifier": ("sklearn.ensemble._forest", of_trees.forest),
    "ExtraTreesClassifier": ("sklearn.ensemble._forest", of_trees.forest),
}
_ADAPTERS: Adapters = {
    "LogisticRegression": ("sklearn.linear_model._logistic", of_linear.logistic),
    "LogisticRegressionCV": ("sklearn.linear_model._logistic", of_linear.logistic),
    "SGDClassifier": ("sklearn.linear_model._stochastic_gradient", of_linear.gradient_descent),
    "LinearDiscriminantAnalysis": ("sklearn.discriminant_analysis", of_linear.discriminant),
    "MultinomialNB": ("sklearn.naive_bayes", of_linear.multinomial),
    "BernoulliNB": ("sklearn.naive_bayes", of_linear.bernoulli),
    "ComplementNB": ("sklearn.naive_bayes", of_linear.complement),
    **_GROWN,
    **_BOOSTED,
    "XGBClassifier": ("xgboost.sklearn", of_xgboost.boosted),
    "LGBMClassifier": ("lightgbm.sklearn", of_lightgbm.boosted),
}
"""By name of the class: where it is defined, and what reads its probabilities."""
_SCORED: Adapters = {
    **{name: (f"sklearn.{module}", of_linear.scores) for name, module in DECISIONS.items()},
    **_GROWN,
    **_BOOSTED,
}
"""The same of what a calibration reads: `decision_function`, or else probabilities."""


_LEAST_ROWS = {"XGBClassifier": 200_000, "LGBMClassifier": 50_000}
"""Rows from which on it pays to read models that take longer to read than to predict a few."""


def least_rows(estimators: list[Any]) -> int:
    """Return the rows of a pool from which on it pays to bound all these models.

    Parameters
    ----------
    estimators : list of estimator

    Returns
    -------
    int
    """
    return max((_LEAST_ROWS.get(type(estimator).__name__, 0) for estimator in estimators), default=0)


def bounds_of(estimator: Any) -> Bounds | None:
    """Return the bounds of a model; None of one that is not known, not fitted,
    or not as it should be.

    Only exact types count: a subclass may predict in another way. A pipeline counts where its last
    step is a linear model and all others are `StandardScaler`, `MinMaxScaler`, `MaxAbsScaler`,
    `PCA` or `TruncatedSVD`; a `CalibratedClassifierCV` where its models' scores are known.

    Parameters
    ----------
    estimator : estimator
        Fitted.

    Returns
    -------
    Bounds or None
    """
    return _read(estimator, _ADAPTERS, bounds_of)


def bounds_of_committee(members: list[Any]) -> Bounds | None:
    """Return the bounds of a committee of linear models, or of trees; None of any other.

    Parameters
    ----------
    members : list of estimator
        Fitted.

    Returns
    -------
    Bounds or None
    """
    try:
        return of_committee(members, bounds_of)
    except (AttributeError, TypeError, ValueError):
        return None


def _scores_of(estimator: Any) -> Bounds | None:
    """Return the bounds of what a calibration reads of a model, whatever its link."""
    if is_exactly(estimator, "frozen._frozen", "FrozenEstimator"):
        return _scores_of(estimator.estimator)
    if "decision_function" in vars(estimator):
        return None
    bounds = _read(estimator, _SCORED, _scores_of)
    return of_trees.second_of_two(bounds) if isinstance(bounds, Trees) else bounds


def _read(estimator: Any, adapters: Adapters, read_last: Callable[[Any], Bounds | None]) -> Bounds | None:
    """Read a model by the adapter of its exact type, a pipeline by that of its last step."""
    if "predict_proba" in vars(estimator):
        return None
    try:
        if is_exactly(estimator, "pipeline", "Pipeline"):
            return of_pipeline(estimator, read_last)
        if adapters is _ADAPTERS and is_exactly(estimator, "calibration", "CalibratedClassifierCV"):
            return of_calibrated(estimator, _scores_of)
        module, read = adapters.get(type(estimator).__name__, ("", None))
        return read(estimator) if read is not None and is_of(estimator, module) else None
    except (AttributeError, IndexError, KeyError, TypeError, ValueError):
        # Not fitted, tampered with, or of a version that keeps its numbers elsewhere: the plain way
        # is always right.
        return None
