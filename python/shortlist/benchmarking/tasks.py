"""The work that is timed: a selection by Shortlist, and the same by a rival."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from shortlist.benchmarking.rivals import Rival

OURS = "Shortlist"
READ = "read"
SLOW = 10
"""Rivals so many times slower than Shortlist stop after two runs."""


def rival_task(rival: Rival, strategy: str, k: int) -> Callable[[], Any]:
    """Return a rival's top k as a call; a fused rival scores and selects in one."""
    if rival.fused:
        return lambda: rival.top(strategy, None, k)
    return lambda: rival.top(strategy, rival.scores(strategy), k)
