"""A spec that is edited once a loop has begun; whatever labels and the estimate so far
depend on may not change.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from shortlist.loop.spec.toml import shown

if TYPE_CHECKING:
    from shortlist.loop.spec.model import Spec


def forbidden_changes(old: Spec, new: Spec) -> list[str]:
    """Compare a spec with the one that a loop began with.

    Parameters
    ----------
    old, new : Spec
        The one in the loop, and the one that is to follow it.

    Returns
    -------
    list of str
        A sentence for each change that may not be made after round 1; empty where the new one may
        follow.
    """
    found = _classes(old.classes, new.classes)
    fixed = (
        ("[pool] id", old.pool.id, new.pool.id, "labels are known by it"),
        ("[validation] share", old.validation.share, new.validation.share, "it says which rows are kept apart"),
        ("[validation] rows", old.validation.rows, new.validation.rows, "it says which rows are kept apart"),
        ("random_state", old.seed_number, new.seed_number, "every draw is made of it"),
    )
    return found + [
        f"{place} was {_value(before)} and is {_value(now)}, and {why}; it can't change after round 1: put it back, or "
        "start a new loop"
        for place, before, now, why in fixed
        if before != now
    ]


def _classes(old: tuple[str, ...], new: tuple[str, ...]) -> list[str]:
    if new[: len(old)] == old:
        return []
    gone = [name for name in old if name not in new]
    if gone:
        what = f"lacks {', '.join(map(shown, gone))}, which rows may be labelled with"
    else:
        place = next(i for i, name in enumerate(old) if new[i] != name)
        what = f"has {shown(new[place])} where {shown(old[place])} was"
    return [f"classes {what}; after round 1 accepted are the classes so far in their order, and new ones after them"]


def _value(value: object) -> str:
    return "left out" if value is None else shown(value)
