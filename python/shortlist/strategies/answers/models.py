"""What a model says of itself: the estimator inside, its classes, several labels a row or one."""

from __future__ import annotations

from typing import Any

import numpy as np


def final_model(model: Any) -> Any:
    """Return the estimator that answers: inside a learner or a search, at a pipeline's end."""
    while True:
        if hasattr(model, "query_strategy") and hasattr(model, "estimator"):
            model = model.estimator
        elif hasattr(model, "best_estimator_"):
            model = model.best_estimator_
        elif getattr(model, "steps", None):
            model = model.steps[-1][1]
        else:
            return model


def says_nothing(model: Any) -> bool:
    """Return whether `classes_` is None: then a matrix is taken as it comes, as in modAL."""
    return getattr(model, "classes_", 0) is None


def class_count(model: Any) -> int | None:
    """Return how many classes a model knows; None where it doesn't say.

    skorch's ``classes_`` are those of the last rows it was trained on, which says nothing of its
    outputs.
    """
    final = final_model(model)
    if hasattr(final, "classes_inferred_"):
        return None
    classes: Any = getattr(model, "classes_", getattr(final, "classes_", None))
    if _one_array_each_output(classes):
        classes = classes[0]
    return None if classes is None else len(classes)


def gives_several_labels(model: Any) -> bool:
    """Return whether the model, or a member of it, was fitted on rows with several labels."""
    if hasattr(model, "learner_list"):
        return any(gives_several_labels(member) for member in model.learner_list)
    final = final_model(model)
    classes: Any = getattr(final, "classes_", None)
    network = getattr(final, "out_activation_", None) == "logistic" and final.n_outputs_ > 1
    several_outputs = _one_array_each_output(classes) and len(classes) > 1
    return bool(getattr(final, "multilabel_", False)) or network or several_outputs


def taught_several_labels(model: Any) -> bool:
    """Return whether what a learner was taught has a matrix of labels."""
    return any(labels_taught(learner) > 1 for learner in getattr(model, "learner_list", None) or [model])


def labels_taught(learner: Any) -> int:
    """Return how many columns the labels taught have; 0 where they are no matrix."""
    known: Any = getattr(learner, "y_training", None)
    shape = np.shape(known)
    return shape[1] if len(shape) == 2 else 0


def _one_array_each_output(classes: Any) -> bool:
    return isinstance(classes, list | tuple) and len(classes) > 0 and np.ndim(classes[0]) > 0
