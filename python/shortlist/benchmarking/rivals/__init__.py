"""The rivals, each written as its expert user would write it.

A rival is a class with a `name` and four methods, of which only `scores` and `top` are timed:

- ``setup(x, n_threads)`` hands it the pool and lets it convert (without a copy where it can),
  compile and allocate its buffers;
- ``has(measure)`` says whether it offers the measure at this width;
- ``scores(measure)`` returns all scores: the natural values, or the same ordered the other way;
- ``top(measure, scores, k)`` returns the ids of the k most informative rows, in any order.

A fused rival (``fused = True``) has no use for `scores`: its ``top(measure, None, k)`` does both.
"""

from __future__ import annotations

import importlib
import warnings
from functools import cache
from typing import Any, Protocol

import numpy as np

MEASURES = ("least_confident", "margin", "entropy")
LOWEST = frozenset({"margin"})

# module -> class; also the order of the tables
RIVALS = {
    "numpy_best": ("NumPyChunked", "NumPyThreads", "NumPyFused"),
    "modal": ("ModALFormulas",),
    "activeml": ("ScikitActiveML",),
    "cardinal_scores": ("Cardinal",),
    "scipy_entr": ("SciPy",),
    "numexpr_vm": ("NumExpr",),
    "numba_loops": ("NumbaLoops", "NumbaFused"),
    "torch_cpu": ("Torch",),
    "polars_frame": ("Polars",),
    "duckdb_table": ("DuckDB",),
    "jax_cpu": ("Jax",),
}


class Rival(Protocol):
    """What the driver asks of a rival."""

    name: str
    fused: bool

    def setup(self, x: np.ndarray, n_threads: int) -> None:
        """Take the pool; not timed."""

    def has(self, measure: str) -> bool:
        """Whether the measure is offered for this pool."""

    def scores(self, measure: str) -> Any:
        """All scores."""

    def top(self, measure: str, scores: Any, k: int) -> np.ndarray:
        """Ids of the k most informative rows."""


def reference(x: np.ndarray, measure: str) -> np.ndarray:
    """The definition, in double precision."""
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


def short(module_name: str) -> str:
    """Return what people call the rivals of a module."""
    return module_name.partition("_")[0]


@cache
def load(wanted: tuple[str, ...] = tuple(RIVALS)) -> tuple[list[Rival], dict[str, str]]:
    """The rivals that work here, and why the others do not."""
    working: list[Rival] = []
    skipped: dict[str, str] = {}
    for module_name, classes in RIVALS.items():
        if module_name not in wanted:
            continue
        try:
            with warnings.catch_warnings():  # what a rival warns of is its own affair
                warnings.simplefilter("ignore")
                module = importlib.import_module(f"{__name__}.{module_name}")
        except ModuleNotFoundError as error:
            skipped[short(module_name)] = f"{error.name} is not installed"
            continue
        except Exception as error:  # a broken install may raise anything
            skipped[short(module_name)] = f"{type(error).__name__}: {error}".splitlines()[0][:120]
            continue
        for class_name in classes:
            rival = getattr(module, class_name)()
            try:
                wrong = complaint(rival)
            except Exception as error:
                wrong = f"{type(error).__name__}: {error}".splitlines()[0][:120]
            if wrong:
                skipped[rival.name] = wrong
            else:
                working.append(rival)
    return working, skipped


def named(name: str) -> Rival:
    """Make a rival by its name, without looking at the others."""
    for module_name, classes in RIVALS.items():
        try:
            module = importlib.import_module(f"{__name__}.{module_name}")
        except Exception:  # noqa: S112  (a broken install may raise anything; another module may have it)
            continue
        for class_name in classes:
            made: Rival = getattr(module, class_name)()
            if made.name == name:
                return made
    raise ValueError(f"there is no working rival {name!r}")
