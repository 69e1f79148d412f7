"""Linear models of scikit-learn."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from shortlist.screening.bounds import Linear

if TYPE_CHECKING:
    from shortlist.screening.bounds import Link


def _coefficients(model: Any, link: Link) -> Linear | None:
    return _model(model, model.coef_, model.intercept_, link)


def _model(model: Any, weights: Any, intercepts: Any, link: Link) -> Linear | None:
    classes = len(model.classes_)
    if type(weights) is not np.ndarray or weights.ndim != 2 or classes < 2:
        return None
    if classes == 2 and len(weights) == 1:
        link = "logistic"
    elif link == "one_versus_rest":
        # Where every logistic function is 0, rounded, the model says that all classes are alike:
        # which rows these are, a bound on logits does not tell.
        return None
    intercepts = np.broadcast_to(np.asarray(intercepts, dtype=np.float64), (len(weights),))
    if len(weights) != (1 if link == "logistic" else classes):
        return None
    dtype = np.result_type(weights.dtype, np.float32)
    return Linear(np.ascontiguousarray(weights, dtype=np.float64), intercepts.copy(), link, dtype)


def logistic(model: Any) -> Linear | None:
    """Read a `LogisticRegression`."""
    # Older versions fit one model a class where told to, or where liblinear does.
    apart = getattr(model, "multi_class", "auto") == "ovr" or model.solver == "liblinear"
    return _coefficients(model, "one_versus_rest" if apart else "softmax")


def gradient_descent(model: Any) -> Linear | None:
    """Read an `SGDClassifier` of logistic loss."""
    return _coefficients(model, "one_versus_rest") if model.loss == "log_loss" else None


def discriminant(model: Any) -> Linear | None:
    """Read a `LinearDiscriminantAnalysis`."""
    return _coefficients(model, "softmax")


def multinomial(model: Any) -> Linear | None:
    """Read a `MultinomialNB`: its logits are linear in the counts."""
    return _model(model, model.feature_log_prob_, model.class_log_prior_, "softmax")


def complement(model: Any) -> Linear | None:
    """Read a `ComplementNB`."""
    # Its feature_log_prob_ are the weights; the prior counts only where there is one class.
    return _model(model, model.feature_log_prob_, 0.0, "softmax")
