"""Pipelines of linear steps before a linear model."""

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
    """Fold scalers and projections into the weights of the last step."""
    steps = [step for _, step in pipeline.steps if step is not None and not isinstance(step, str)]
    bounds = bounds_of(steps[-1])
    if not isinstance(bounds, Linear):
        return None
    for step in reversed(steps[:-1]):
        if getattr(step, "n_features_in_", None) is None or "transform" in vars(step):
            return None
        scaling = _scaling_of(step)
        folded = _behind_projection(bounds, step) if scaling is None else _behind_scaler(bounds, *scaling)
        if folded is None:
            return None
        bounds = folded
    return bounds


def _behind_scaler(bounds: Linear, factor: NDArray[np.float64], shift: NDArray[np.float64]) -> Linear | None:
    if len(factor) != bounds.features:
        return None
    moved = bounds.weights * shift
    return replace(
        bounds,
        weights=bounds.weights * factor,
        scaled=True,
        intercepts=bounds.intercepts + moved.sum(axis=1),
        hidden=bounds.hidden + float(np.abs(shift) @ bounds.sizes) + float(np.abs(bounds.intercepts).max()),
        own_sizes=None if bounds.own_sizes is None else bounds.own_sizes * np.abs(factor),
    )


def _behind_projection(bounds: Linear, step: Any) -> Linear | None:
    """Fold ``(x - mean) @ components.T`` into the weights.

    The model rounds what it makes of x on the way: by units of what all products come to there,
    ``abs(x) @ abs(components).T @ abs(weights).T``.
    """
    principal = is_exactly(step, "decomposition._pca", "PCA")
    if not principal and not is_exactly(step, "decomposition._truncated_svd", "TruncatedSVD"):
        return None
    components = np.asarray(step.components_, dtype=np.float64)
    if len(components) != bounds.features:
        return None
    scale = np.ones(len(components))
    if principal and step.whiten:
        variance = np.asarray(step.explained_variance_)
        scale = np.sqrt(np.maximum(np.sqrt(variance), np.finfo(variance.dtype).eps) ** 2).astype(np.float64)
    components = components / scale[:, None]
    sizes = bounds.sizes @ np.abs(components)
    mean = getattr(step, "mean_", None) if principal else None
    mean = np.zeros(components.shape[1]) if mean is None else np.asarray(mean, dtype=np.float64)
    moved = -(components @ mean)
    return replace(
        bounds,
        weights=bounds.weights @ components,
        intercepts=bounds.intercepts + bounds.weights @ moved,
        # The first product is the one that is rounded the most: it is of the narrower types.
        dtype=step.components_.dtype,
        scaled=False,
        hidden=bounds.hidden + float(np.abs(mean) @ sizes) + float(np.abs(bounds.intercepts).max()),
        own_sizes=sizes,
        own_steps=bounds.own_steps + 2 * len(components) + 8,
    )


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
