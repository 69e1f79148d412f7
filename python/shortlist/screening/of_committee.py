"""Committees of models that are bounded in one way."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from shortlist.screening.bounds import Bounds


def of_committee(members: list[Any], bounds_of: Callable[[Any], Bounds | None]) -> Bounds | None:
    """Put all members beside each other, where these are alike in all but numbers."""
    found = [bounds_of(member) for member in members]
    if len(members) < 2 or found[0] is None or any(bounds is None for bounds in found):
        return None
    if not all(np.array_equal(member.classes_, members[0].classes_) for member in members):
        return None
    return found[0].beside(found, "committee", [])
