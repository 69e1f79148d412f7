"""What the core needs to know of a fitted model to bound its scores, by the model's exact type."""

from __future__ import annotations

import sys
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

Link = Literal["softmax", "logistic", "one_versus_rest"]


@dataclass(frozen=True)
class Bounds:
    """A linear model: ``logits = X @ weights.T + intercepts``.

    Parameters
    ----------
    weights : ndarray of float64, shape (classes, features)
        One row where `link` is ``"logistic"``.
    intercepts : ndarray of float64, shape (classes,)
    link : {"softmax", "logistic", "one_versus_rest"}
        How logits become probabilities: together; of the second of two classes; or each, divided by their sum.
    dtype : dtype
        What the model multiplies its features by, which says how it rounds.
    hidden : float, default=0.0
        The size of numbers that cancel inside the intercepts, such as means that were subtracted.
    counts : bool, default=False
        Whether the model refuses features below 0.
    """

    weights: NDArray[np.float64]
    intercepts: NDArray[np.float64]
    link: Link
    dtype: np.dtype[Any]
    hidden: float = 0.0
    counts: bool = False


def bounds_of(estimator: Any) -> Bounds | None:
    """Return the bounds of a model; None of one that is not known, not fitted, or not as it should be.

    Only exact types count: a subclass may predict in another way. A pipeline counts where its last step does and all
    others are `StandardScaler`, `MinMaxScaler` or `MaxAbsScaler`.

    Parameters
    ----------
    estimator : estimator
        Of scikit-learn, fitted.

    Returns
    -------
    Bounds or None
    """
    module = type(estimator).__module__.partition(".")[0]
    if module != "sklearn" or "predict_proba" in vars(estimator):
        return None
    try:
        if type(estimator).__name__ == "Pipeline":
            return _of_pipeline(estimator)
        known = _ADAPTERS.get(type(estimator).__name__)
        if known is None or type(estimator) is not _the_class(*known[:2], type(estimator).__name__):
            return None
        return known[2](estimator)
    except (AttributeError, TypeError, ValueError):
        # Not fitted, tampered with, or of a version that keeps its numbers elsewhere: the plain way is always right.
        return None


def _the_class(module: str, package: str, name: str) -> Any:
    """Return the class of that name, if scikit-learn has loaded it."""
    return getattr(sys.modules.get(f"sklearn.{module}") or sys.modules.get(f"sklearn.{package}"), name, None)


def _linear(model: Any, link: Link) -> Bounds | None:
    return _checked(model, model.coef_, model.intercept_, link)


def _checked(model: Any, weights: Any, intercepts: Any, link: Link, **more: Any) -> Bounds | None:
    classes = len(model.classes_)
    if type(weights) is not np.ndarray or weights.ndim != 2 or classes < 2:
        return None
    if classes == 2 and len(weights) == 1:
        link = "logistic"
    intercepts = np.broadcast_to(np.asarray(intercepts, dtype=np.float64), (len(weights),))
    if len(weights) != (1 if link == "logistic" else classes):
        return None
    dtype = np.result_type(weights.dtype, np.float32)
    return Bounds(np.ascontiguousarray(weights, dtype=np.float64), intercepts.copy(), link, dtype, **more)


def _logistic(model: Any) -> Bounds | None:
    # Older versions fit one model a class where told to, or where liblinear does.
    apart = getattr(model, "multi_class", "auto") == "ovr" or model.solver == "liblinear"
    return _linear(model, "one_versus_rest" if apart else "softmax")


def _sgd(model: Any) -> Bounds | None:
    return _linear(model, "one_versus_rest") if model.loss == "log_loss" else None


def _discriminant(model: Any) -> Bounds | None:
    return _linear(model, "softmax")


def _multinomial(model: Any) -> Bounds | None:
    return _checked(model, model.feature_log_prob_, model.class_log_prior_, "softmax", counts=True)


def _complement(model: Any) -> Bounds | None:
    # Its feature_log_prob_ are the weights; the prior counts only where there is one class.
    return _checked(model, model.feature_log_prob_, 0.0, "softmax", counts=True)


_ADAPTERS: dict[str, tuple[str, str, Callable[[Any], Bounds | None]]] = {
    "LogisticRegression": ("linear_model._logistic", "linear_model", _logistic),
    "LogisticRegressionCV": ("linear_model._logistic", "linear_model", _logistic),
    "SGDClassifier": ("linear_model._stochastic_gradient", "linear_model", _sgd),
    "LinearDiscriminantAnalysis": ("discriminant_analysis", "discriminant_analysis", _discriminant),
    "MultinomialNB": ("naive_bayes", "naive_bayes", _multinomial),
    "ComplementNB": ("naive_bayes", "naive_bayes", _complement),
}
"""By name of the class: where scikit-learn has it, and what to read."""


def _of_pipeline(pipeline: Any) -> Bounds | None:
    """Fold scalers into the weights of the last step."""
    if type(pipeline) is not _the_class("pipeline", "pipeline", "Pipeline"):
        return None
    steps = [step for _, step in pipeline.steps if step is not None and not isinstance(step, str)]
    bounds = bounds_of(steps[-1])
    if bounds is None or bounds.counts:
        return None
    for step in reversed(steps[:-1]):
        scaling = _scaling_of(step)
        if scaling is None or len(scaling[0]) != bounds.weights.shape[1]:
            return None
        factor, shift = scaling
        moved = bounds.weights * shift
        bounds = replace(
            bounds,
            weights=bounds.weights * factor,
            intercepts=bounds.intercepts + moved.sum(axis=1),
            hidden=bounds.hidden + float(np.abs(moved).sum(axis=1).max()) + float(np.abs(bounds.intercepts).max()),
        )
    return bounds


def _scaling_of(step: Any) -> tuple[NDArray[np.float64], NDArray[np.float64]] | None:
    """Return ``factor, shift`` of a scaler that makes ``factor * x + shift`` of each feature."""
    name, count = type(step).__name__, getattr(step, "n_features_in_", 0)
    if name not in ("StandardScaler", "MinMaxScaler", "MaxAbsScaler"):
        return None
    if type(step) is not _the_class("preprocessing._data", "preprocessing", name):
        return None
    factor, shift = np.ones(count), np.zeros(count)
    if name == "MinMaxScaler":
        if step.clip:
            return None
        factor, shift = np.asarray(step.scale_, dtype=np.float64), np.asarray(step.min_, dtype=np.float64)
    else:
        if step.scale_ is not None:
            factor = 1.0 / np.asarray(step.scale_, dtype=np.float64)
        if name == "StandardScaler" and step.mean_ is not None and step.with_mean:
            shift = -np.asarray(step.mean_, dtype=np.float64) * factor
    return factor, shift
