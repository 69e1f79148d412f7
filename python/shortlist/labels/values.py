"""Ids, labels and times as people and their programs write them, as text of one form."""

from __future__ import annotations

import datetime
import math
import re
from typing import Any

SECONDS = re.compile(r"\d{9,10}(\.\d+)?")
"""Seconds since 1970, written in a file of text."""


def label_text(label: Any) -> str | None:
    """Return a label as text; None where nothing is written.

    Raises
    ------
    ValueError
        It is nothing that can be a class.
    """
    if isinstance(label, str):
        return label if label.strip() else None
    if isinstance(label, list | tuple) and len(label) == 1:
        (label,) = label
    text = plain_text(label)
    if text is None and not (label is None or isinstance(label, float)):
        raise ValueError(f"its label is {label!r}; accepted is one class")
    return text if text is None or text.strip() else None


def plain_text(value: Any) -> str | None:
    """Return text or a number as text, whole numbers by their digits; None for what is neither."""
    if value is None or isinstance(value, str):
        return value
    if hasattr(value, "item") and getattr(value, "ndim", 0) == 0:  # a value of NumPy
        value = value.item()
    if isinstance(value, bytes):
        return value.decode(errors="backslashreplace")
    if isinstance(value, float):
        # Tables write whole numbers with a point where some are missing.
        return None if not math.isfinite(value) else str(int(value)) if value.is_integer() else repr(value)
    return str(value) if isinstance(value, int | str) else None


def text_or_none(value: Any) -> str | None:
    """Return a label as text; None where nothing is written, or nothing that can be a class."""
    try:
        return label_text(value)
    except ValueError:
        return None


def is_absent(value: Any) -> bool:
    """Return whether nothing is written: tables have many words for that,
    which are not equal to themselves.
    """
    return value is None or (not value.strip() if isinstance(value, str) else bool(value != value))


def is_yes(value: Any) -> bool:
    """Return whether a cell says yes; an empty one says no."""
    text = None if value is None else text_or_none(value)
    return text is not None and text.strip().casefold() not in ("0", "false", "no", "n", "f")


def utc(value: Any) -> str:
    """Return a time as text in UTC with microseconds, so that text order is order in time;
    without a zone it is UTC.

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
            return moment_text(datetime.datetime.fromisoformat(text))
        except (ValueError, OverflowError):
            raise _no_time(value) from None
    if isinstance(value, datetime.datetime):
        return moment_text(value)
    if hasattr(value, "item"):  # a number or time of NumPy
        return utc(value.astype("datetime64[us]").item() if value.dtype.kind == "M" else value.item())
    if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
        try:
            return moment_text(datetime.datetime.fromtimestamp(value, datetime.UTC))
        except (ValueError, OverflowError, OSError):
            raise _no_time(value) from None
    raise _no_time(value)


def moment_text(moment: datetime.datetime) -> str:
    """Return a moment as text in UTC with microseconds."""
    moment = moment.replace(tzinfo=datetime.UTC) if moment.tzinfo is None else moment.astimezone(datetime.UTC)
    return moment.replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def _no_time(value: Any) -> ValueError:
    return ValueError(f"its time is {value!r}; accepted is ISO 8601, as 2026-11-29T20:51:03Z")
