"""cardinal: `RankedBatchSampler`, which keeps similarities from pick to pick."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cardinal.batch import RankedBatchSampler

if TYPE_CHECKING:
    from collections.abc import Callable

    from shortlist.benchmarking.rules import Work


class CardinalRules:
    """The package's sampler."""

    name = "cardinal"

    def ranked_batch(self, work: Work) -> Callable[[], Any]:
        """Fit on the labelled rows, then select."""
        return lambda: RankedBatchSampler(work.k).fit(work.labelled).select_samples(work.X, work.uncertainty)
