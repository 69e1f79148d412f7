"""Guard what a learner is taught: rows and labels agree, classes are known, fits explain errors."""

from __future__ import annotations

import warnings
from collections.abc import Hashable
from numbers import Number
from typing import Any

import numpy as np
from sklearn.base import is_classifier
from sklearn.exceptions import NotFittedError
from sklearn.utils import get_tags
from sklearn.utils.validation import check_is_fitted

from shortlist.rows import as_rows, check_finite, count, is_row_of, kind, one_row, shape, take, vstack
from shortlist.strategies.randomness import RandomState, generator


def given(X: Any, y: Any, all_finite: bool, known: Any = None) -> tuple[Any, Any]:
    """Return rows and labels as they are kept, or raise where they can't be.

    Parameters
    ----------
    X, y : rows
        One label for each row. One row alone may come as it was cut from its pool, with one label.
    all_finite : bool
        Whether NaN, infinity and missing cells are an error.
    known : rows, default=None
        What the learner has been taught, which shows what a single row looks like.
    """
    if y is None:
        raise ValueError("a fit requires y to be passed, but the target y is None; accepted is one label for each row")
    if isinstance(y, str | Number | np.generic) or getattr(y, "shape", None) == ():
        X, y = as_one_row(X, known), [y]
    X, y = as_rows(X, "X"), as_rows(y, "y")
    if count(y) == 1 and known is not None and _lacks_the_axis_of_rows(X, known):
        X = one_row(X)
    check_counts(X, y)
    if all_finite:
        check_finite(X, "X")
        check_finite(y, "y")
    return X, y


def check_counts(X: Any, y: Any) -> None:
    """Raise unless there is one label for each row."""
    rows, labels = count(X), count(y)
    if rows != labels:
        raise ValueError(f"X has {rows} rows and y has {labels}; accepted is one label for each row")


def as_one_row(X: Any, known: Any) -> Any:
    """Return the row that came with a single label as rows."""
    if isinstance(X, dict) and isinstance(known, dict):
        return {name: as_one_row(part, known[name]) for name, part in X.items()}
    axes = 0 if isinstance(X, str | dict | Number) else len(shape(X))
    wanted = len(shape(known)) if known is not None else 1 if axes and count(X) == 1 else 2
    return one_row(X) if axes < wanted else X


def _lacks_the_axis_of_rows(X: Any, known: Any) -> bool:
    if kind(X) in ("array", "list", "torch"):
        return len(shape(known)) > 1 and shape(X) == shape(known)[1:]
    return is_row_of(X, known)


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


def fit(
    estimator: Any, X: Any, y: Any, kwargs: dict[str, Any], bootstrap: bool = False, random_state: RandomState = None
) -> None:
    """Fit the estimator, where wanted on a resample; a failure says what to do."""
    check_weights(kwargs, count(X))
    if bootstrap:
        X, y, kwargs = resample(estimator, X, y, kwargs, random_state)
    try:
        estimator.fit(X, y, **kwargs)
    except ValueError as error:
        labels = _labels(y)
        if labels is not None and len(labels) == 1:
            error.add_note(f"every label is {labels[0]!r}: give the learner rows of at least two classes to start from")
        raise


def check_weights(kwargs: dict[str, Any], rows: int) -> None:
    """Raise unless there is one weight for each row of the fit."""
    for name, value in kwargs.items():
        weights = _count(value) if name.endswith("sample_weight") else None
        if weights not in (None, rows):
            raise ValueError(
                f"{name} has {weights} entries, and the fit is on {rows} rows: all that are known, the new ones last; "
                "accepted is one weight for each of them"
            )


NOT_OF_ROWS = ("class", "feature", "eval", "callback")
"""Arguments of fits with these words in their names are lists of something else."""


def resample(
    estimator: Any, X: Any, y: Any, kwargs: dict[str, Any], random_state: RandomState
) -> tuple[Any, Any, dict[str, Any]]:
    """Return as many rows, drawn with replacement, with all that has one entry a row.

    A classifier gets a row of every class: one that is lost takes the place of a row whose class
    came more than once.
    """
    rows, draw = count(X), generator(random_state)
    drawn = draw.choice(rows, rows, replace=True)
    if known_as_classifier(estimator):
        drawn = _with_every_class(drawn, y, draw)
    of_rows = {
        name: take(value, drawn)
        for name, value in kwargs.items()
        if _count(value) == rows and not any(word in name for word in NOT_OF_ROWS)
    }
    return take(X, drawn), take(y, drawn), {**kwargs, **of_rows}


def _with_every_class(drawn: Any, y: Any, draw: Any) -> Any:
    labels = _column(y)
    if labels is None:
        return drawn
    classes: dict[Any, int] = {}
    of_row = np.array([classes.setdefault(label, len(classes)) for label in labels.tolist()])
    counts = np.bincount(of_row[drawn], minlength=len(classes))
    for lost in np.flatnonzero(counts == 0):
        spare = draw.choice(np.flatnonzero(counts[of_row[drawn]] > 1))
        counts[of_row[drawn[spare]]] -= 1
        drawn[spare] = draw.choice(np.flatnonzero(of_row == lost))
        counts[lost] = 1
    return drawn


def known_as_classifier(estimator: Any) -> bool:
    """Return whether an estimator says that it is a classifier."""
    return hasattr(estimator, "__sklearn_tags__") and bool(is_classifier(estimator))


def _count(value: Any) -> int | None:
    """Return how many entries an argument of a fit has; None for what has none."""
    if isinstance(value, str | dict):
        return None
    try:
        return count(value)
    except (TypeError, ValueError):
        return None


def is_fitted(estimator: Any) -> bool:
    """Return whether an estimator has learnt something, as far as it can be told."""
    try:
        check_is_fitted(estimator)
        return bool(get_tags(estimator).requires_fit)
    except (NotFittedError, TypeError, AttributeError, ValueError):
        return False


def about_to_forget(learner: Any, only_new: bool = False) -> bool:
    """Return whether the model was trained by someone else, and a fit will start it afresh.

    One that is fitted on new rows only is taken to go on from where it was, unless it says
    otherwise.
    """
    if getattr(learner, "_fitted_to_known", True) or not is_fitted(learner.estimator):
        return False
    last = learner.estimator.steps[-1][1] if hasattr(learner.estimator, "steps") else learner.estimator
    return not getattr(last, "warm_start", only_new)


def warn_trained_elsewhere(rows: int) -> None:
    """Say that a model is about to forget what it was trained on."""
    warnings.warn(
        f"the estimator came fitted on rows the learner does not know, and forgets them: it is fitted anew on the {rows} "
        "rows it is taught. Give the rows it was trained on as X_training and y_training, or teach with only_new=True an "
        "estimator whose fit goes on from where it was, as with warm_start=True",
        UserWarning,
        stacklevel=4,
    )


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
    """Return the distinct labels, sorted; None where a row has several."""
    labels = _column(y)
    if labels is None:
        return None
    return np.unique(labels).tolist() if labels.dtype.kind != "O" else sorted(set(labels.tolist()), key=str)


def _column(y: Any) -> Any:
    """Return labels as an array of one axis; None where a row has several, or unhashable ones."""
    try:
        labels = np.asarray(y)
    except ValueError:  # lists of different lengths
        return None
    if labels.ndim == 2 and labels.shape[1] == 1:
        labels = labels[:, 0]
    hashable = labels.dtype.kind != "O" or all(isinstance(label, Hashable) for label in labels.flat)
    return labels if labels.ndim == 1 and hashable else None
