"""The method to ask, or what to do where a model has none."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sklearn.base import ClassifierMixin, RegressorMixin, is_classifier, is_regressor

from shortlist.strategies.answers.models import final_model

if TYPE_CHECKING:
    from collections.abc import Callable

_CALIBRATED = "sklearn.calibration.CalibratedClassifierCV"


def predict_proba_of(model: Any) -> Callable[..., Any]:
    """Return ``predict_proba``, or say how to come by one."""
    method: Callable[..., Any] | None = getattr(model, "predict_proba", None)
    final = final_model(model)
    if callable(method) and not _is_regressor(final):
        return method
    raise AttributeError(f"{type(final).__name__} has no predict_proba; {_remedy(final)}")


def _remedy(final: Any) -> str:
    name, libraries = type(final).__name__, {base.__module__.partition(".")[0] for base in type(final).__mro__}
    if _is_regressor(final):
        return (
            "it is a regressor: use max_std_sampling with a model whose predict takes return_std=True, "
            "or several models in a CommitteeRegressor"
        )
    if getattr(final, "refit", True) is False:
        return "it was made with refit=False, which keeps no fitted model: make it with refit=True"
    if getattr(final, "voting", None) == "hard":
        return 'it was made with voting="hard": make it with voting="soft"'
    if libraries & {"keras", "tensorflow", "tf_keras"}:
        return "wrap it: scikeras.wrappers.KerasClassifier(model=...) has one"
    if "torch" in libraries:
        return "wrap it: skorch.NeuralNetClassifier(...) has one"
    inner = getattr(final, "estimator", None)
    if hasattr(inner, "fit"):
        return f"wrap what is in it: {name}({_CALIBRATED}({type(inner).__name__}(...))) has one"
    if hasattr(final, "__sklearn_tags__") and not is_classifier(final):
        return "this strategy needs a classifier that gives probabilities"
    return f"wrap it: {_CALIBRATED}({name}(...)) has one"


def _is_regressor(model: Any) -> bool:
    # Tags are made anew for each look, which takes as long as to pick from a small pool.
    if isinstance(model, ClassifierMixin) and not isinstance(model, RegressorMixin):
        return False
    return hasattr(model, "__sklearn_tags__") and is_regressor(model)
