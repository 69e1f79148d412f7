"""Linear models of scikit-learn."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from shortlist.screening.bounds import Linear

if TYPE_CHECKING:
    from shortlist.screening.bounds import Link


def coefficients(model: Any, link: Link) -> Linear | None:
    """Read a model by its coefficients."""
    return _model(model, model.coef_, model.intercept_, link)


def _model(model: Any, weights: Any, intercepts: Any, link: Link) -> Linear | None:
    classes = len(model.classes_)
    if type(weights) is np.ndarray and weights.ndim == 1:
        weights = weights[None]
    if type(weights) is not np.ndarray or weights.ndim != 2 or classes < 2:
        return None
    if classes == 2 and len(weights) == 1:
        link = "logistic"
    intercepts = np.broadcast_to(np.asarray(intercepts, dtype=np.float64), (len(weights),))
    if len(weights) != (1 if link == "logistic" else classes):
        return None
    dtype = np.result_type(weights.dtype, np.float32)
    return Linear(np.asarray(weights, dtype=np.float64), intercepts.copy(), link, dtype)


def scores(model: Any) -> Linear | None:
    """Read the `decision_function` of a linear classifier, whatever it makes of it."""
    return coefficients(model, "one_versus_rest")


def logistic(model: Any) -> Linear | None:
    """Read a `LogisticRegression`."""
    # Older versions fit one model a class where told to, or where liblinear does.
    apart = getattr(model, "multi_class", "auto") == "ovr" or model.solver == "liblinear"
    return coefficients(model, "one_versus_rest" if apart else "softmax")


def gradient_descent(model: Any) -> Linear | None:
    """Read an `SGDClassifier` of logistic loss."""
    return coefficients(model, "one_versus_rest") if model.loss == "log_loss" else None


def discriminant(model: Any) -> Linear | None:
    """Read a `LinearDiscriminantAnalysis`."""
    return coefficients(model, "softmax")


def multinomial(model: Any) -> Linear | None:
    """Read a `MultinomialNB`: its logits are linear in the counts."""
    return _model(model, model.feature_log_prob_, model.class_log_prior_, "softmax")


def complement(model: Any) -> Linear | None:
    """Read a `ComplementNB`."""
    # Its feature_log_prob_ are the weights; the prior counts only where there is one class.
    return _model(model, model.feature_log_prob_, 0.0, "softmax")


def bernoulli(model: Any) -> Linear | None:
    """Read a `BernoulliNB`: its logits are linear in features that are 0 or 1."""
    if model.binarize is not None and not 0 <= model.binarize < 1:
        return None
    absent = np.log(1 - np.exp(model.feature_log_prob_))
    bounds = _model(model, model.feature_log_prob_ - absent, model.class_log_prior_ + absent.sum(axis=1), "softmax")
    hidden = float(np.abs(absent).sum(axis=1).max())
    return None if bounds is None else replace(bounds, hidden=hidden, binary=True)
