"""apricot: facility location over a kernel of rows by rows, by its lazy greedy optimizer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from apricot import FacilityLocationSelection
from sklearn.metrics.pairwise import rbf_kernel

if TYPE_CHECKING:
    from collections.abc import Callable

    from shortlist.benchmarking.rules import Work


class Apricot:
    """The kernel is made within the time, as nobody has it."""

    name = "apricot"

    def herding(self, work: Work) -> Callable[[], Any]:
        """Facility location over the same kernel."""
        X = work.X.astype(np.float64)

        def run() -> Any:
            kernel = rbf_kernel(X, gamma=0.5 / work.scale**2)
            return FacilityLocationSelection(work.k, metric="precomputed", optimizer="lazy").fit(kernel).ranking

        return run
