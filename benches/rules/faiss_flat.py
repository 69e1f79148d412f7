"""faiss: the exact flat index. Building it counts, as does whatever Shortlist does with the rows searched."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import faiss
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from shortlist.benchmarking.rules import Work


class Faiss:
    """In float32, which is all it has."""

    name = "faiss"

    def min_distances(self, work: Work) -> Callable[[], Any]:
        """Search for one neighbour of every row."""
        X, Y = (np.ascontiguousarray(rows, dtype=np.float32) for rows in (work.X, work.labelled))
        faiss.omp_set_num_threads(work.threads)

        def run() -> Any:
            index = faiss.IndexFlatL2(Y.shape[1])
            index.add(Y)
            return index.search(X, 1)[1][:, 0]

        return run
