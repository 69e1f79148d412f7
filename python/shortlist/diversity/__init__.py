"""Picking rows that differ from each other: core-sets, ranked batches, BADGE, coverage.

Every function is exact, reads the pool as it lies in memory, takes O(N) memory beside it, and gives the same picks for
any number of threads.
"""

from __future__ import annotations

__all__: list[str] = []
