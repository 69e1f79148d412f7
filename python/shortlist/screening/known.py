"""Models whose scores can be bounded, by their exact type."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shortlist.screening import of_linear, of_trees
from shortlist.screening.classes import is_exactly
from shortlist.screening.of_committee import of_committee
from shortlist.screening.of_pipeline import of_pipeline

if TYPE_CHECKING:
    from collections.abc import Callable

    from shortlist.screening.bounds import Bounds

_ADAPTERS: dict[str, tuple[str, Callable[[Any], Bounds | None]]] = {
    "LogisticRegression": ("linear_model._logistic", of_linear.logistic),
    "LogisticRegressionCV": ("linear_model._logistic", of_linear.logistic),
    "SGDClassifier": ("linear_model._stochastic_gradient", of_linear.gradient_descent),
    "LinearDiscriminantAnalysis": ("discriminant_analysis", of_linear.discriminant),
    "MultinomialNB": ("naive_bayes", of_linear.multinomial),
    "BernoulliNB": ("naive_bayes", of_linear.bernoulli),
    "ComplementNB": ("naive_bayes", of_linear.complement),
    "DecisionTreeClassifier": ("tree._classes", of_trees.tree),
    "RandomForestClassifier": ("ensemble._forest", of_trees.forest),
    "ExtraTreesClassifier": ("ensemble._forest", of_trees.forest),
    "GradientBoostingClassifier": ("ensemble._gb", of_trees.boosted),
    "HistGradientBoostingClassifier": (
        "ensemble._hist_gradient_boosting.gradient_boosting",
        of_trees.boosted_by_histograms,
    ),
}
"""By name of the class: where scikit-learn has it, and what to read."""


def bounds_of(estimator: Any) -> Bounds | None:
    """Return the bounds of a model; None of one that is not known, not fitted,
    or not as it should be.

    Only exact types count: a subclass may predict in another way. A pipeline counts where its last
    step is a linear model and all others are `StandardScaler`, `MinMaxScaler` or `MaxAbsScaler`.

    Parameters
    ----------
    estimator : estimator
        Of scikit-learn, fitted.

    Returns
    -------
    Bounds or None
    """
    name = type(estimator).__name__
    if not type(estimator).__module__.startswith("sklearn.") or "predict_proba" in vars(estimator):
        return None
    try:
        if is_exactly(estimator, "pipeline", "Pipeline"):
            return of_pipeline(estimator, bounds_of)
        module, read = _ADAPTERS.get(name, ("", None))
        return read(estimator) if read is not None and is_exactly(estimator, module, name) else None
    except (AttributeError, IndexError, KeyError, TypeError, ValueError):
        # Not fitted, tampered with, or of a version that keeps its numbers elsewhere: the plain way
        # is always right.
        return None


def bounds_of_committee(members: list[Any]) -> Bounds | None:
    """Return the bounds of a committee of linear models; None of any other.

    Parameters
    ----------
    members : list of estimator
        Of scikit-learn, fitted.

    Returns
    -------
    Bounds or None
    """
    try:
        return of_committee(members, bounds_of)
    except (AttributeError, TypeError, ValueError):
        return None
