"""Suspect labels by Cleanlab's own function."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import numpy as np

from shortlist.loop.cleanlab.needed import module

if TYPE_CHECKING:
    from numpy.typing import NDArray


def suspects(labels: NDArray[np.int64], probabilities: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return what ``cleanlab.filter.find_label_issues`` finds with its defaults,
    the least credible label first.

    Parameters
    ----------
    labels : ndarray of int64
        The class of each row as its number.
    probabilities : ndarray of shape (n, classes)
        What models say that were not trained on the row.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it warns of classes that nobody gave
        found = module("filter").find_label_issues(
            labels, probabilities, return_indices_ranked_by="self_confidence", n_jobs=1
        )
    return np.asarray(found, dtype=np.int64)
