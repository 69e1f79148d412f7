"""The rivals, each written as its expert user would write it.

A rival is a class with a `name` and four methods, of which only `scores` and `top` are timed:

- ``setup(x, n_threads)`` hands it the pool and lets it convert (without a copy where it can),
  compile and allocate its buffers;
- ``has(measure)`` says whether it offers the measure at this width;
- ``scores(measure)`` returns all scores: the natural values, or the same ordered the other way;
- ``top(measure, scores, k)`` returns the ids of the k most informative rows, in any order.

A fused rival (``fused = True``) has no use for `scores`: its ``top(measure, None, k)`` does both.
A rival with nothing to compile or to allocate (``cold = True``) has its first run counted.

NumPy and modAL's formulas are here; others are in ``benches/`` of the repository, and add
themselves by ``RIVALS.register``.
"""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np

from shortlist.benchmarking.registry import Registry

MEASURES = ("least_confident", "margin", "entropy")
LOWEST = frozenset({"margin"})


class Rival(Protocol):
    """What the driver asks of a rival."""

    name: str
    fused: bool
    cold: bool

    def setup(self, x: np.ndarray, n_threads: int, /) -> None:
        """Take the pool; not timed."""

    def has(self, measure: str) -> bool:
        """Whether the measure is offered for this pool."""

    def scores(self, measure: str) -> Any:
        """All scores."""

    def top(self, measure: str, scores: Any, k: int, /) -> np.ndarray:
        """Ids of the k most informative rows."""


def reference(x: np.ndarray, measure: str) -> Any:
    """Return the scores by definition, in double precision."""
    p = np.asarray(x, dtype=np.float64)
    if measure == "least_confident":
        return 1 - p.max(axis=1)
    if measure == "margin":
        ordered = np.sort(p, axis=1)
        return ordered[:, -1] - ordered[:, -2]
    p = p / p.sum(axis=1, keepdims=True)
    return -(p * np.log(np.where(p > 0, p, 1))).sum(axis=1)


def complaint(rival: Rival) -> str | None:
    """Run a rival on two small pools; say what is wrong with its answer, if anything."""
    for n_classes, dtype in ((3, "float32"), (40, "float64")):
        rng = np.random.default_rng(n_classes)
        x = rng.standard_exponential((1000, n_classes)).astype(dtype)
        x /= x.sum(axis=1, keepdims=True)
        rival.setup(x, 2)
        for measure in filter(rival.has, MEASURES):
            want = reference(x, measure)
            scores = None if rival.fused else rival.scores(measure)
            picks = np.asarray(rival.top(measure, scores, 100))
            if scores is not None and not np.allclose(np.asarray(scores), want, atol=2e-6):
                return f"wrong {measure} scores"
            informative = want[picks] if measure in LOWEST else -want[picks]
            cut = np.sort(want if measure in LOWEST else -want)[99]
            if len(set(picks.tolist())) != 100 or (informative > cut + 2e-6).any():
                return f"wrong {measure} picks"
    return None


RIVALS = Registry(complaint)
RIVALS.register(f"{__name__}.numpy_best", "NumPyChunked", "NumPyThreads", "NumPyFused", package="numpy")
RIVALS.register(f"{__name__}.modal", "ModALFormulas", package="scipy")
