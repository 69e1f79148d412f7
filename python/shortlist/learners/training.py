"""Guard what a learner is taught: rows and labels that agree, known classes, a fit that explains its failure."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from sklearn.utils import check_array

from shortlist.rows import count, kind, shape, take, vstack
from shortlist.strategies.randomness import RandomState, generator


def check(X: Any, y: Any, all_finite: bool) -> None:
    """Raise unless there is one label for each row, and, where asked for, all numbers are finite."""
    rows, labels = count(X), count(y)
    if rows != labels:
        raise ValueError(f"X has {rows} rows and y has {labels}; accepted is one label for each row")
    for part in X.values() if kind(X) == "dict" else [X]:
        _check_values(part, "X", all_finite)
    _check_values(y, "y", all_finite)


def _check_values(part: Any, name: str, all_finite: bool) -> None:
    holder = kind(part)
    if holder == "array" and part.dtype.kind in "fiub" and (not all_finite or np.isfinite(part).all()):
        return
    values = part.detach().cpu().numpy() if holder == "torch" else part.tocsr() if holder == "sparse" else part
    check_array(
        values,
        accept_sparse=True,
        ensure_2d=False,
        allow_nd=True,
        dtype=None,
        ensure_all_finite=all_finite,
        input_name=name,
    )


def extend(known: Any, new: Any, name: str) -> Any:
    """Return the known rows with the new ones under them."""
    if known is None:
        return new
    try:
        return vstack([known, new])
    except (ValueError, TypeError) as error:
        raise ValueError(
            f"the new {name} of shape {shape(new)} does not agree with the known {name} "
            f"of shape {shape(known)}: {error}"
        ) from error


def resample(X: Any, y: Any, random_state: RandomState) -> tuple[Any, Any]:
    """Return as many rows, with their labels, drawn with replacement."""
    rows = count(X)
    drawn = generator(random_state).choice(rows, rows, replace=True)
    return take(X, drawn), take(y, drawn)


def fit(estimator: Any, X: Any, y: Any, kwargs: dict[str, Any]) -> None:
    """Fit the estimator; where it fails on labels of one class, say what to do."""
    try:
        estimator.fit(X, y, **kwargs)
    except ValueError as error:
        labels = _labels(y)
        if labels is not None and len(labels) == 1:
            error.add_note(f"every label is {labels[0]!r}: give the learner rows of at least two classes to start from")
        raise


def known_classes(estimator: Any) -> set[Any]:
    """Return the classes a classifier has been fitted on; empty for what has none."""
    classes = getattr(estimator, "classes_", None)
    return set(classes.tolist()) if isinstance(classes, np.ndarray) and classes.ndim == 1 else set()


def warn_new_classes(known: set[Any], y: Any) -> None:
    """Say that labels came which the model could not have asked for."""
    labels = _labels(y) if known else None
    new = [label for label in labels or () if label not in known]
    if new:
        warnings.warn(
            f"y brings labels the model was not fitted on: {new}; it gave them no probability until now. "
            "A seed set with rows of each class avoids this",
            UserWarning,
            stacklevel=4,
        )


def warn_forgotten_classes(known: set[Any], now: set[Any]) -> None:
    """Say that fitting on new rows alone has made the model forget classes."""
    if now and known - now:
        warnings.warn(
            f"only_new=True fitted the model on rows without the classes {sorted(known - now, key=str)}, which it no "
            "longer knows; teach without only_new, or use an estimator whose fit goes on from where it was",
            UserWarning,
            stacklevel=4,
        )


def _labels(y: Any) -> list[Any] | None:
    labels = np.asarray(y)
    if labels.ndim == 2 and labels.shape[1] == 1:
        labels = labels[:, 0]
    return np.unique(labels).tolist() if labels.ndim == 1 and labels.dtype.kind != "O" else _distinct(labels)


def _distinct(labels: Any) -> list[Any] | None:
    return sorted(set(labels.tolist()), key=str) if labels.ndim == 1 else None
