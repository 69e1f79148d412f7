"""Pipelines of scalers before a linear model."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from shortlist.screening.bounds import Linear
from shortlist.screening.classes import is_exactly

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from shortlist.screening.bounds import Bounds


def of_pipeline(pipeline: Any, bounds_of: Callable[[Any], Bounds | None]) -> Linear | None:
    """Fold scalers into the weights of the last step."""
    steps = [step for _, step in pipeline.steps if step is not None and not isinstance(step, str)]
    bounds = bounds_of(steps[-1])
    if not isinstance(bounds, Linear):
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
            scaled=True,
            intercepts=bounds.intercepts + moved.sum(axis=1),
            hidden=bounds.hidden + float(np.abs(moved).sum(axis=1).max()) + float(np.abs(bounds.intercepts).max()),
        )
    return bounds


def _scaling_of(step: Any) -> tuple[NDArray[np.float64], NDArray[np.float64]] | None:
    """Return ``factor, shift`` of a scaler that makes ``factor * x + shift`` of each feature."""
    name, count = type(step).__name__, getattr(step, "n_features_in_", 0)
    known = name in ("StandardScaler", "MinMaxScaler", "MaxAbsScaler")
    if not known or not is_exactly(step, "preprocessing._data", name):
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
