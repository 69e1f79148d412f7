"""Answers about rows with several labels each: probabilities, labels, distances to boundaries."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import numpy as np

from shortlist.rows import count
from shortlist.strategies.answers.arrays import floats, is_one_for_each_output, plain
from shortlist.strategies.answers.asked import Asked
from shortlist.strategies.answers.methods import predict_proba_of
from shortlist.strategies.answers.models import final_model, gives_several_labels, labels_taught
from shortlist.strategies.answers.validity import check_valid, tolerance

if TYPE_CHECKING:
    from shortlist.strategies.answers.arrays import Array
    from shortlist.strategies.answers.asked import Invalid

_ACCEPTED = "(rows, labels) of probabilities, (rows, 2, labels), or a list of one (rows, 2) matrix for each label"
_BINARY = "0 and 1 for each label: fit the classifier on a matrix of (rows, labels) of 0 and 1"


def label_probabilities(model: Any, X: Any, first: int = 0, invalid: Invalid = "raise") -> Array:
    """Ask for the probability that a row has each label, ``(rows, labels)``."""
    asked = Asked(model, "predict_proba", count(X), first)
    known = _classes_of_outputs(model, asked)
    answer = predict_proba_of(model)(X)
    if is_one_for_each_output(answer):
        known = known if len(known) == len(answer) else [None] * len(answer)
        proba = np.stack([_positive(part, of, asked) for part, of in zip(answer, known, strict=True)], axis=1)
    else:
        proba = _matrix(floats(answer, asked), asked)
    asked.check_rows(len(proba))
    taught = labels_taught(model)
    if taught and taught != proba.shape[1]:
        raise asked.wrong(f"{proba.shape[1]} labels", f"the {taught} labels the learner was taught")
    missing = np.isnan(proba).any(axis=1)
    if invalid == "skip":
        return np.where(missing[:, None], np.nan, proba)
    check_valid(proba, asked)
    return proba


def labels(model: Any, X: Any, first: int = 0) -> Array:
    """Ask for predicted labels, ``(rows, labels)`` of 0 and 1."""
    asked = Asked(model, "predict", count(X), first)
    _classes_of_outputs(model, asked)
    array = plain(model.predict(X), asked)
    if array.ndim != 2:
        raise asked.wrong(f"shape {array.shape}", f"(rows, labels), {_BINARY}")
    asked.check_rows(len(array))
    strange = ~np.isin(array, [0, 1])
    if strange.any():
        row, label = np.unravel_index(int(strange.argmax()), strange.shape)
        raise asked.wrong(f"{array[row, label]!s} for label {label} of row {first + row} of the pool", _BINARY)
    return array.astype(np.int64)


def distances(model: Any, X: Any, first: int = 0) -> Array:
    """Ask how far each row is from the decision boundary of each label, ``(rows, labels)``.

    A label that all known rows have, or none, has no boundary, and its column is left out.
    """
    asked = Asked(model, "decision_function", count(X), first)
    model, X = _final_step(model, X)
    members = getattr(model, "estimators_", None)
    constant = [_is_constant(member) for member in members] if isinstance(members, list) else []
    if hasattr(model, "decision_function") and not any(constant):
        parts = [model.decision_function(X)]
    elif members is not None and all(hasattr(member, "decision_function") for member in members):
        parts = [member.decision_function(X) for member, same in zip(members, constant, strict=True) if not same]
    else:
        raise AttributeError(
            f"{type(model).__name__} has no decision_function; SVM_binary_minimum needs one, as that of "
            "OneVsRestClassifier(LinearSVC()): min_confidence needs probabilities alone"
        )
    if not parts:
        warnings.warn(
            "every label is on all known rows or on none, so no row is near a boundary and the first is picked; "
            "teach rows with and without a label",
            UserWarning,
            stacklevel=5,
        )
        return np.full((count(X), 1), np.inf)
    arrays = [floats(part, asked) for part in parts]
    arrays = [array[:, None] if array.ndim == 1 else array for array in arrays]
    for array in arrays:
        if array.ndim != 2 or (len(parts) > 1 and array.shape[1] != 1):
            raise asked.wrong(f"shape {array.shape} for one label", f"one number a row; accepted labels are {_BINARY}")
        asked.check_rows(len(array))
    return np.asarray(np.abs(np.hstack(arrays)))


def _matrix(array: Array, asked: Asked) -> Array:
    """Read an answer that is one array."""
    if array.ndim == 3:
        with np.errstate(invalid="ignore"):
            pairs = [axis for axis in (1, 2) if array.shape[axis] == 2 and _sums_to_one(array, axis)]
        if len(pairs) != 1:
            raise asked.wrong(f"shape {array.shape}", _ACCEPTED)
        array = array.take(1, axis=pairs[0])
    if array.ndim != 2:
        raise asked.wrong(f"shape {array.shape}", _ACCEPTED)
    outside = (array < -tolerance(array)) | (array > 1 + tolerance(array))
    if outside.any():
        row, label = np.unravel_index(int(outside.argmax()), outside.shape)
        raise asked.wrong(
            f"{array[row, label]:g} for label {label} of row {asked.first + row} of the pool",
            "probabilities of labels, between 0 and 1: where this is a logit, apply a sigmoid in predict_proba",
        )
    final = final_model(asked.model)
    classes: Any = getattr(final, "classes_", None)
    one_label = classes is not None and not gives_several_labels(final) and np.ndim(classes) == 1
    if one_label and not labels_taught(asked.model) and array.shape[1] == len(classes) and _sums_to_one(array, 1):
        raise asked.wrong(
            f"shape {array.shape} with rows that sum to 1, as for one label a row",
            f"{_ACCEPTED}: fit the classifier on a matrix of 0 and 1, or use uncertainty_sampling",
        )
    return array


def _positive(part: Any, classes: Any, asked: Asked) -> Array:
    """Return the probability of label 1 from the matrix of one output."""
    array = floats(part, asked)
    if classes is None:
        if array.ndim != 2 or array.shape[1] > 2:
            raise asked.wrong(f"shape {array.shape} for one label", _ACCEPTED)
        return array[:, -1]
    known = np.asarray(classes).tolist()
    if array.shape[1] == 1 and len(known) == 2:
        return array[:, 0]
    if array.shape[1] != len(known):
        raise asked.wrong(f"shape {array.shape} for a label with classes {known}", _ACCEPTED)
    return array[:, known.index(1)] if 1 in known else np.zeros(len(array), dtype=array.dtype)


def _classes_of_outputs(model: Any, asked: Asked) -> list[Any]:
    """Return the classes of each output, where they are named; raise where they are not 0 and 1."""
    classes = getattr(model, "classes_", None)
    outputs = classes if isinstance(classes, list | tuple) and len(classes) and np.ndim(classes[0]) > 0 else []
    for known in outputs:
        values = np.asarray(known).tolist()
        if not set(values) <= {0, 1}:
            raise asked.wrong(f"labels of the classes {values}", _BINARY)
    return list(outputs)


def _sums_to_one(array: Array, axis: int) -> bool:
    sums = array.sum(axis=axis, dtype=np.float64)
    return bool((np.isnan(sums) | (np.abs(sums - 1) <= tolerance(array))).all())


def _final_step(model: Any, X: Any) -> tuple[Any, Any]:
    """Return the estimator at the end of learners and pipelines, and rows as it sees them."""
    while True:
        if getattr(model, "steps", None):
            model, X = model.steps[-1][1], (model[:-1].transform(X) if len(model.steps) > 1 else X)
        elif hasattr(model, "query_strategy") and hasattr(model, "estimator"):
            model = model.estimator
        elif hasattr(model, "best_estimator_"):
            model = model.best_estimator_
        else:
            return model, X


def _is_constant(member: Any) -> bool:
    """Return whether scikit-learn put a constant where a label is on all rows or on none."""
    return type(member).__name__ == "_ConstantPredictor"
