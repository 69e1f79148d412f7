"""Times as the log keeps them: text in UTC with microseconds, so that text order is the order in time."""

from __future__ import annotations

import datetime
import math
import re
from contextvars import ContextVar
from typing import Any

KEPT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")
"""A time in the form that the log keeps."""
SECONDS = re.compile(r"\d{9,10}(\.\d+)?")
"""Seconds since 1970, written in a file of text."""


PLAYED: ContextVar[datetime.datetime | None] = ContextVar("PLAYED", default=None)
"""What time it is in a loop that is only played; None where time is what it is."""


def now() -> str:
    """Return this moment."""
    return _text(PLAYED.get() or datetime.datetime.now(datetime.UTC))


def seconds_between(earlier: str, later: str) -> float:
    """Return the seconds from one kept time to another."""
    return (datetime.datetime.fromisoformat(later) - datetime.datetime.fromisoformat(earlier)).total_seconds()


def after(time: str, seconds: float) -> str:
    """Return the kept time that lies some seconds behind another."""
    return _text(datetime.datetime.fromisoformat(time) + datetime.timedelta(seconds=seconds))


def utc(value: Any) -> str:
    """Return a time in the form that the log keeps; one without a zone is taken as UTC.

    Parameters
    ----------
    value : str, datetime, int or float
        ISO 8601, or seconds since 1970.

    Raises
    ------
    ValueError
        It is none of these.

    Examples
    --------
    >>> utc("2026-11-29T21:00:03+01:00")
    '2026-11-29T20:00:03.000000Z'
    >>> utc(0)
    '1970-01-01T00:00:00.000000Z'
    """
    if isinstance(value, str):
        text = value.strip()
        if SECONDS.fullmatch(text):
            return utc(float(text))
        try:
            return _text(datetime.datetime.fromisoformat(text))
        except (ValueError, OverflowError):
            raise _no_time(value) from None
    if isinstance(value, datetime.datetime):
        return _text(value)
    if hasattr(value, "item"):  # a number or time of NumPy
        return utc(value.astype("datetime64[us]").item() if value.dtype.kind == "M" else value.item())
    if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
        try:
            return _text(datetime.datetime.fromtimestamp(value, datetime.UTC))
        except (ValueError, OverflowError, OSError):
            raise _no_time(value) from None
    raise _no_time(value)


def _text(moment: datetime.datetime) -> str:
    moment = moment.replace(tzinfo=datetime.UTC) if moment.tzinfo is None else moment.astimezone(datetime.UTC)
    return moment.replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def _no_time(value: Any) -> ValueError:
    return ValueError(f"its time is {value!r}; accepted is ISO 8601, as 2026-11-29T20:51:03Z")
