"""Class labels of several classifiers, brought together."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.exceptions import NotFittedError

if TYPE_CHECKING:
    from collections.abc import Sequence

Array = np.ndarray[Any, Any]


def check_class_labels(*classifiers: Any) -> bool:
    """Return whether all classifiers know the same classes, in the same order.

    Raises
    ------
    NotFittedError
        If one of them is not fitted.
    """
    try:
        known = [classifier.classes_ for classifier in classifiers]
    except AttributeError:
        raise NotFittedError("not all estimators are fitted; fit each of them first") from None
    return all(np.array_equal(known[0], other) for other in known[1:])


def check_class_proba(proba: Any, known_labels: Sequence[Any], all_labels: Sequence[Any]) -> Array:
    """Spread the columns of `proba` over `all_labels`; one that is not known has probability 0."""
    given = np.asarray(proba)
    spread = np.zeros((len(given), len(all_labels)), dtype=given.dtype)
    column_of = {_key(label): column for column, label in enumerate(known_labels)}
    for column, label in enumerate(all_labels):
        if _key(label) in column_of:
            spread[:, column] = given[:, column_of[_key(label)]]
    return spread


def _key(label: Any) -> Any:
    return tuple(np.asarray(label).tolist()) if np.ndim(label) else label
