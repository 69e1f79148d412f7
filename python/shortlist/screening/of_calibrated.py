"""`CalibratedClassifierCV`: the mean of models whose outputs are calibrated."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from shortlist.screening.classes import is_exactly

if TYPE_CHECKING:
    from collections.abc import Callable

    from shortlist.screening.bounds import Bounds, Curve, Link, Together


def of_calibrated(model: Any, scores_of: Callable[[Any], Bounds | None]) -> Bounds | None:
    """Fold what calibrates each output into the model, or hand it over as a curve.

    `scores_of` reads what a model is calibrated by: its `decision_function`, or its probabilities
    where it has none.
    """
    members: list[Bounds] = []
    curves: list[Curve] = []
    for part in model.calibrated_classifiers_:
        if not is_exactly(part, "calibration", "_CalibratedClassifier") or "predict_proba" in vars(part):
            return None
        if not np.array_equal(part.estimator.classes_, model.classes_):
            return None
        bounds = scores_of(part.estimator)
        if bounds is None or bounds.together != "one":
            return None
        found = _CALIBRATIONS[part.method](bounds, part.calibrators)
        if found is None:
            return None
        members.append(found[0])
        curves += found[1]
    together: Together = "one" if len(members) == 1 and not curves else "mean"
    return members[0].beside(members, together, curves)


def _by_sigmoid(bounds: Bounds, calibrators: list[Any]) -> tuple[Bounds, list[Curve]] | None:
    """Each output z becomes the logistic function of ``-(a z + b)``."""
    known = all(is_exactly(calibrator, "calibration", "_SigmoidCalibration") for calibrator in calibrators)
    if not known or len(calibrators) != bounds.outputs:
        return None
    slopes, shifts = (np.array([float(getattr(one, name)) for one in calibrators]) for name in ("a_", "b_"))
    return bounds.moved(-slopes, -shifts, _link(bounds)), []


def _by_temperature(bounds: Bounds, calibrators: list[Any]) -> tuple[Bounds, list[Curve]] | None:
    """Logits are multiplied; of two classes they are -z and z."""
    (calibrator,) = calibrators
    # Probabilities are turned into logarithms first, which sums of leaves are not.
    if not is_exactly(calibrator, "calibration", "_TemperatureScaling") or bounds.link == "given":
        return None
    two = bounds.outputs == 1
    factors = np.full(bounds.outputs, float(calibrator.beta_) * (2 if two else 1))
    return bounds.moved(factors, np.zeros(bounds.outputs), "logistic" if two else "softmax"), []


def _by_steps(bounds: Bounds, calibrators: list[Any]) -> tuple[Bounds, list[Curve]] | None:
    """Each output is looked up between points that rise."""
    if len(calibrators) != bounds.outputs:
        return None
    curves = []
    for one in calibrators:
        if not is_exactly(one, "isotonic", "IsotonicRegression") or one.out_of_bounds != "clip":
            return None
        x, y = (np.ascontiguousarray(part, dtype=np.float64) for part in (one.X_thresholds_, one.y_thresholds_))
        curves.append((x, y))
    return bounds.moved(np.ones(bounds.outputs), np.zeros(bounds.outputs), _link(bounds)), curves


def _link(bounds: Bounds) -> Link:
    return "logistic" if bounds.outputs == 1 else "one_versus_rest"


_CALIBRATIONS = {"sigmoid": _by_sigmoid, "isotonic": _by_steps, "temperature": _by_temperature}
