"""Committees of linear models."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from shortlist.screening.bounds import Linear

if TYPE_CHECKING:
    from collections.abc import Callable

    from shortlist.screening.bounds import Bounds


def of_committee(members: list[Any], bounds_of: Callable[[Any], Bounds | None]) -> Linear | None:
    """Put the weights of all members below each other, where these are alike in all but numbers."""
    found = [bounds_of(member) for member in members]
    linear = [bounds for bounds in found if isinstance(bounds, Linear)]
    first = linear[0] if linear else None
    if first is None or len(linear) < max(2, len(members)) or first.link == "one_versus_rest":
        return None
    for member, bounds in zip(members, linear, strict=True):
        alike = np.array_equal(member.classes_, members[0].classes_) and bounds.weights.shape == first.weights.shape
        if not alike or (bounds.link, bounds.dtype, bounds.scaled) != (first.link, first.dtype, first.scaled):
            return None
    return Linear(
        np.concatenate([bounds.weights for bounds in linear]),
        np.concatenate([bounds.intercepts for bounds in linear]),
        first.link,
        first.dtype,
        hidden=max(bounds.hidden for bounds in linear),
        scaled=first.scaled,
        members=len(linear),
        sparse=False,
    )
