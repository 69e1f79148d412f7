"""Times as the log keeps them: text in UTC with microseconds,
so that text order is the order in time.
"""

from __future__ import annotations

import datetime
import re
from contextvars import ContextVar

from shortlist.labels.values import moment_text

KEPT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")
"""A time in the form that the log keeps."""


PLAYED: ContextVar[datetime.datetime | None] = ContextVar("PLAYED", default=None)
"""What time it is in a loop that is only played; None where time is what it is."""


def now() -> str:
    """Return this moment."""
    return moment_text(PLAYED.get() or datetime.datetime.now(datetime.UTC))


def seconds_between(earlier: str, later: str) -> float:
    """Return the seconds from one kept time to another."""
    return (datetime.datetime.fromisoformat(later) - datetime.datetime.fromisoformat(earlier)).total_seconds()


def after(time: str, seconds: float) -> str:
    """Return the kept time that lies some seconds behind another."""
    return moment_text(datetime.datetime.fromisoformat(time) + datetime.timedelta(seconds=seconds))
