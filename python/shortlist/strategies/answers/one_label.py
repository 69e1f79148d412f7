"""Answers about rows with one label each: probabilities, logits, votes, and members' answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from shortlist.rows import count
from shortlist.strategies.answers.arrays import floats, is_one_for_each_output, plain
from shortlist.strategies.answers.asked import SEVERAL_LABELS, Asked
from shortlist.strategies.answers.methods import predict_proba_of
from shortlist.strategies.answers.models import class_count, final_model, gives_several_labels, says_nothing
from shortlist.strategies.answers.validity import tolerance

if TYPE_CHECKING:
    from collections.abc import Callable

    from shortlist.strategies.answers.arrays import Array


def probabilities(model: Any, X: Any, first: int = 0, /, **kwargs: Any) -> Array:
    """Ask a classifier, a learner or a committee for ``(rows, classes)`` probabilities."""
    asked = Asked(model, "predict_proba", count(X), first)
    return one_label(predict_proba_of(model)(X, **kwargs), asked)


def logits(model: Any, X: Any, first: int = 0, /, **kwargs: Any) -> Array:
    """Ask for ``(rows, classes)`` logits: the decision function."""
    source = model
    while not hasattr(source, "decision_function") and hasattr(source, "query_strategy"):
        source = getattr(source, "estimator", None)
    if not hasattr(source, "decision_function"):
        raise AttributeError(f"{type(final_model(model)).__name__} has no decision_function, which this strategy asks")
    asked = Asked(model, "decision_function", count(X), first)
    return one_label(source.decision_function(X, **kwargs), asked)


def one_label(answer: Any, asked: Asked) -> Array:
    """Read an answer of ``(rows, classes)``.

    One column or a vector is about the second of two classes: a probability, or a logit beside one
    of 0.
    """
    if is_one_for_each_output(answer):
        if len(answer) > 1:
            gave = f"a list of {len(answer)} matrices, one for each output"
            raise asked.wrong(gave, f"one matrix of (rows, classes): {SEVERAL_LABELS}")
        answer = answer[0]
    array, model = floats(answer, asked), asked.model
    if gives_several_labels(model):
        gave = f"shape {array.shape}, with a column for each label"
        raise asked.wrong(gave, f"(rows, classes) of one label a row: {SEVERAL_LABELS}")
    is_logit = asked.method == "decision_function"
    if says_nothing(model) and (array.ndim == 2 or not is_logit):
        if array.ndim != 2:
            raise _shape(array, asked, "(rows, classes)")
        return array
    classes = class_count(model)
    if array.ndim == 1 and (classes == 2 or is_logit):
        array = array[:, None]
    if array.ndim != 2:
        raise _shape(array, asked, f"(rows, {classes or 'classes'})")
    asked.check_rows(len(array))
    if array.shape[1] == 1 and classes in (2, None):
        array = _both_classes(array, asked, is_logit)
    if classes is not None and array.shape[1] != classes:
        raise _shape(array, asked, f"(rows, {classes}), one column for each of its classes_")
    return array


def members(committee: Any, X: Any, first: int = 0, /, **kwargs: Any) -> Array:
    """Ask for the probabilities of each member, ``(members, rows, classes)``."""
    asked = Asked(committee, "vote_proba", count(X), first)
    array = floats(_method(committee, "vote_proba")(X, **kwargs), asked)
    if gives_several_labels(committee):
        raise asked.wrong(f"shape {array.shape}", f"(rows, members, classes) of one label a row: {SEVERAL_LABELS}")
    if array.ndim != 3:
        raise _shape(array, asked, "(rows, members, classes)")
    asked.check_rows(len(array))
    return array.transpose(1, 0, 2)


def votes(committee: Any, X: Any, first: int = 0, /, **kwargs: Any) -> Array:
    """Ask for the share of votes each class gets, ``(rows, classes)``."""
    asked = Asked(committee, "vote", count(X), first)
    given, classes = plain(_method(committee, "vote")(X, **kwargs), asked), np.asarray(committee.classes_)
    if given.ndim == 3 and given.shape[2] == 1:
        given = given[:, :, 0]
    if given.ndim != 2 or classes.ndim != 1:
        raise _shape(given, asked, f"(rows, members), each vote one of classes_; {SEVERAL_LABELS}")
    asked.check_rows(len(given))
    counts = np.stack([(given == label).sum(axis=1) for label in classes], axis=1)
    unknown = counts.sum(axis=1) != given.shape[1]
    if unknown.any():
        row = int(unknown.argmax())
        strange = [vote for vote in given[row].tolist() if vote not in classes.tolist()]
        gave = f"{strange[0]!r} for row {first + row} of the pool" if strange else f"votes of dtype {given.dtype}"
        raise asked.wrong(gave, f"one of classes_ ({', '.join(map(repr, classes.tolist()[:8]))}) from each member")
    return counts / len(committee)


def _both_classes(array: Array, asked: Asked, is_logit: bool) -> Array:
    """Put the first of two classes beside the second."""
    if is_logit:
        return np.hstack([np.zeros_like(array), array])
    allowed = tolerance(array)
    outside = (array < -allowed) | (array > 1 + allowed)
    if outside.any():
        row = int(outside[:, 0].argmax())
        raise asked.wrong(
            f"one column with {array[row, 0]:g} for row {asked.first + row} of the pool",
            "one column of probabilities of the second class, between 0 and 1, or (rows, classes): "
            "where this is a logit, apply a sigmoid in predict_proba",
        )
    second = np.clip(array, 0, 1)
    return np.hstack([1 - second, second])


def _shape(array: Array, asked: Asked, accepted: str) -> ValueError:
    return asked.wrong(f"shape {array.shape}", accepted)


def _method(committee: Any, name: str) -> Callable[..., Any]:
    method: Callable[..., Any] | None = getattr(committee, name, None)
    if method is None:
        raise TypeError(
            f"a {type(committee).__name__} has no {name}: this strategy is for a Committee; "
            "for one model use uncertainty_sampling, margin_sampling or entropy_sampling"
        )
    return method
