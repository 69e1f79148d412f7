"""Measures of disagreement among members, ``(members, rows, classes)`` to one number a row; highest is informative."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.special import kl_div, rel_entr

Array = np.ndarray[Any, Any]


def max_disagreement(members: Array) -> Array:
    """Return the largest divergence of a member from the mean of all (McCallum and Nigam 1998)."""
    divergence = _over_mean(rel_entr, members).sum(axis=-1)
    return np.asarray(np.maximum(divergence, 0).max(axis=0))


def bald(members: Array) -> Array:
    """Return the mutual information of label and member, never negative (Houlsby et al. 2011)."""
    return np.asarray(_over_mean(kl_div, members).sum(axis=-1).mean(axis=0))


def variation_ratio(members: Array) -> Array:
    """Return the share of members that do not vote with the majority (Freeman 1965)."""
    _check(members)
    votes = members.argmax(axis=-1)
    counts = np.stack([(votes == label).sum(axis=0) for label in range(members.shape[-1])])
    return np.asarray(1 - counts.max(axis=0) / len(members))


def mean_std(members: Array) -> Array:
    """Return the standard deviation over members, averaged over classes (Kendall et al. 2015)."""
    _check(members)
    return np.asarray(members.std(axis=0).mean(axis=-1))


def _over_mean(measure: Any, members: Array) -> Array:
    """Return a divergence from the mean, 0 where the mean is too small a number to tell from 0."""
    _check(members)
    mean = members.mean(axis=0)
    return np.where(mean > 0, measure(members, mean), 0.0)


def _check(members: Array) -> None:
    if np.isnan(members).any():
        member, row = np.argwhere(np.isnan(members).any(axis=-1))[0]
        raise ValueError(f"member {member} gave NaN for row {row}; accepted are probabilities")
