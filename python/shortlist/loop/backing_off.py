"""When a loop that runs by itself trains again:
not while a training is under way, and ever later where each one fails.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from shortlist.loop.elsewhere import next_attempt
from shortlist.loop.store.times import now, seconds_between

if TYPE_CHECKING:
    from shortlist.loop.store import Store

FIRST, LONGEST = 60.0, 3600.0
"""Seconds from a first failure to the next try, and the most."""


def pause_after(failed: int, longest: float) -> float:
    """Return the seconds to the next try after so many failures: each time twice as many."""
    return min(longest, FIRST * 2.0 ** min(failed - 1, 10))


def postponed(store: Store) -> str | None:
    """Return a sentence that says why no training is begun by itself now; None where one may be."""
    last, going = store.job("train"), store.under_way("train")
    if going is not None and going.process:
        return f"a training is under way since {going.begun}"
    if next_attempt(store, store.spec) > 1:
        return None  # a job that was submitted is tried again at once
    failed = 0
    for job in reversed(store.jobs()):
        if job.kind != "train" or job.ended is None:
            continue
        if job.ok:
            break
        failed += 1
    if not failed or last is None or last.ended is None:
        return None
    left = pause_after(failed, LONGEST) - abs(seconds_between(last.ended, now()))
    if left <= 0:
        return None
    times = "" if failed == 1 else f" {failed:,} times in a row"
    return f"training failed{times}; it is tried again in {_minutes(left)}, and at once by: shortlist loop train"


def _minutes(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 100 else f"{seconds / 60:.0f} min"
