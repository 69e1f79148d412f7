"""Options on their way to the core: of the right type,
so that what is wrong is told by the option's name.
"""

from __future__ import annotations

from typing import Any

import numpy as np


def number(value: Any, name: str) -> float:
    """Return a real number. Which numbers are accepted, the core says."""
    if not isinstance(
        value, str | bytes | bool | np.bool | np.datetime64 | np.timedelta64 | complex | np.complexfloating
    ):
        try:
            return float(value)
        except OverflowError:
            raise ValueError(f"{name} is a number of more than 300 digits; accepted is what a float can hold") from None
        except (TypeError, ValueError):
            pass
    raise TypeError(f"{name} is {what(value)}; accepted is a number")


def flag(value: Any, name: str) -> bool:
    """Return True or False."""
    if isinstance(value, bool | np.bool):
        return bool(value)
    raise TypeError(f"{name} is {what(value)}; accepted are True and False")


def word(value: Any) -> str:
    """Return a name for the core to look up; what is no text is described,
    so that the core refuses it by its list.
    """
    return value if isinstance(value, str) else what(value)


def called(progress: Any) -> Any:
    """Return what is called with the progress of a call, or None."""
    if progress is not None and not callable(progress):
        raise TypeError(f"progress is {what(progress)}; accepted is a callable of (rows picked, rows to pick)")
    return progress


def several(values: Any, name: str, accepted: str) -> list[Any]:
    """Return values that were given together as a list."""
    try:
        return list(values)
    except TypeError:
        raise TypeError(f"{name} is {what(values)}; accepted are {accepted}") from None


def what(value: Any) -> str:
    """Say in few words what came."""
    kind = f"a {type(value).__name__}"
    if value is None or isinstance(value, bool | np.bool):
        return str(value)
    simple = isinstance(value, int | float | complex | str | bytes | np.generic)
    if not simple or (isinstance(value, int) and value.bit_length() > 100):
        return kind
    shown = repr(value)
    return f"{shown}, {kind}" if len(shown) <= 40 else kind
