"""All or nothing: a learner whose fit fails, or is interrupted, is as it was before.

A model is remembered by its attributes, which a fit replaces. One that can go on from where it was
(``partial_fit``, ``warm_start``) may write into what they hold, so of such a model copies are kept.
"""

from __future__ import annotations

import copy
from functools import wraps
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

Method = TypeVar("Method", bound="Callable[..., Any]")

TAUGHT = frozenset({"X_training", "y_training"})
"""Never changed in place, and as large as they please."""


def all_or_nothing(method: Method) -> Method:
    """Make a method of a learner leave it, and every model in it, unchanged where it raises."""

    @wraps(method)
    def guarded(self: Any, *args: Any, **kwargs: Any) -> Any:
        before = State(self)
        try:
            return method(self, *args, **kwargs)
        except BaseException:
            before.restore()
            raise

    return guarded  # type: ignore[return-value]


class State:
    """What a learner, or any estimator, and the estimators it is made of hold now."""

    def __init__(self, holder: Any) -> None:
        self._holders: dict[int, tuple[Any, Any]] = {}
        self._remember(holder)

    def restore(self) -> None:
        """Bring back what was remembered."""
        for holder, before in self._holders.values():
            if isinstance(holder, list):
                holder[:] = before
            else:
                now = holder if isinstance(holder, dict) else vars(holder)
                now.clear()
                now.update(before)

    def _remember(self, thing: Any) -> None:
        if id(thing) in self._holders:
            return
        if isinstance(thing, list):
            self._holders[id(thing)] = thing, list(thing)
            parts = thing
        elif isinstance(thing, dict):
            self._holders[id(thing)] = thing, dict(thing)
            parts = list(thing.values())
        elif isinstance(thing, tuple):
            parts = list(thing)
        elif _is_model(thing):
            held = dict(vars(thing))
            self._holders[id(thing)] = thing, _copies(thing, held) if goes_on(thing) else held
            parts = [value for name, value in held.items() if name not in TAUGHT and not name.endswith("_")]
        else:
            return
        for part in parts:
            self._remember(part)


def _is_model(thing: Any) -> bool:
    # What answers to any name at all, as mocks do, would have parts without end.
    answers = hasattr(thing, "fit") and not hasattr(thing, "no_model_has_this_name")
    return answers and hasattr(thing, "__dict__") and not isinstance(thing, type)


def goes_on(estimator: Any) -> bool:
    """Return whether the model may train on from where it is."""
    return bool(getattr(estimator, "warm_start", False)) or hasattr(estimator, "partial_fit")


def _copies(owner: Any, held: dict[str, Any]) -> dict[str, Any]:
    """Copy what can be copied, but not the estimators it was made with, held on their own."""
    shared = [owner, *(value for name, value in held.items() if hasattr(value, "fit") and not name.endswith("_"))]
    memo = {id(thing): thing for thing in shared}
    copies = {}
    for name, value in held.items():
        try:
            copies[name] = copy.deepcopy(value, memo)
        except Exception:  # a lock, a handle, a device without room: kept as it is
            copies[name] = value
    return copies
