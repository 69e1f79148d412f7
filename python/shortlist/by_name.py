"""Strategies by name on one pool: what `compare` and `bench` pick with."""

from __future__ import annotations

import difflib
import os
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

import shortlist
from shortlist.npy import NpyFile
from shortlist.options import several, what
from shortlist.registry import RANDOM, elsewhere, measures
from shortlist.scoring import score
from shortlist.selecting import select

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from numpy.typing import NDArray


class _Given(NamedTuple):
    """What there is to pick from."""

    x: Any
    embeddings: Any
    seed: int
    options: dict[str, Any]

    def uncertainty(self) -> NDArray[Any]:
        return score(self.x, "least_confident", **self.options)

    def row(self, place: int) -> Any:
        """Return the embedding of one row as a matrix."""
        return np.asarray(self.embeddings[place : place + 1])


REFERENCES = 1_000
"""Reference rows at most for herding here, whose first pass takes rows times references."""

ACCEPTED = "names, and a dict of names and strategies"

# Strategies of diverse batches: what they take beside k and the number of threads. Ranked batches
# begin beside the least certain row, as with nothing labelled they would compare each row with
# each.
DIVERSE: dict[str, Callable[[_Given], tuple[tuple[Any, ...], dict[str, Any]]]] = {
    "k_center": lambda g: ((g.embeddings,), {}),
    "kmeans_plus_plus": lambda g: ((g.embeddings,), {"random_state": g.seed}),
    "typiclust": lambda g: ((g.embeddings,), {"random_state": g.seed}),
    "herding": lambda g: (
        (g.embeddings,),
        {"random_state": g.seed, "references": min(REFERENCES, len(g.embeddings))},
    ),
    "ranked_batch": lambda g: ((g.embeddings, u := g.uncertainty()), {"labelled": g.row(int(u.argmax()))}),
    "diverse_uncertain": lambda g: ((g.embeddings, g.uncertainty()), {}),
    "badge": lambda g: ((g.x, g.embeddings), {"from_logits": g.options["from_logits"], "random_state": g.seed}),
    "cluster_margin": lambda g: (
        (g.x,),
        {"X": g.embeddings, "from_logits": g.options["from_logits"], "random_state": g.seed},
    ),
}


def wanted_of(strategies: Any, from_logits: bool, embedded: bool, more: Collection[str] = ()) -> dict[str, Any]:
    """Return strategies by name, checked; all that fit the pool where none are named. `more` need embeddings too."""
    diverse = [*DIVERSE, *more]
    if strategies is None:
        inputs = "logits" if from_logits else "probabilities"
        found = [m.name for m in measures() if m.kind == "row" and inputs in m.inputs]
        return {name: name for name in [*found, *(diverse if embedded else ()), RANDOM]}
    if isinstance(strategies, str):
        strategies = [name.strip() for name in strategies.split(",")]
    if hasattr(strategies, "keys"):
        pairs = dict(strategies)
    else:
        pairs = {name: name for name in several(strategies, "strategies", ACCEPTED)}
    for name in pairs:
        if not isinstance(name, str):
            raise TypeError(f"strategies has {what(name)}; accepted are {ACCEPTED}")
    for how in pairs.values():
        if isinstance(how, str) and how in diverse and not embedded:
            raise ValueError(f"strategies has {how!r}, which needs embeddings=")
        if isinstance(how, str) and how not in (*diverse, RANDOM):
            check_name(how, diverse)
    if not pairs:
        raise ValueError("strategies is empty; accepted is at least one name")
    return pairs


def check_name(how: str, diverse: Collection[str]) -> None:
    """Raise where a name is no measure of a row, naming what there is."""
    names = [m.name for m in measures() if m.kind == "row"]
    if how not in names:
        known = [*names, *diverse, RANDOM]
        other = elsewhere(how)
        if other is not None:
            raise ValueError(f"strategies has {how!r}; known are {', '.join(known)}; {other}")
        near = difflib.get_close_matches(how, known, n=1, cutoff=0.5)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        raise ValueError(f"strategies has {how!r}; known are {', '.join(known)}{hint}")


def embedded(embeddings: Any, rows: int) -> Any:
    """Return embeddings, checked against the rows of the pool."""
    if embeddings is None:
        return None
    if isinstance(embeddings, str | os.PathLike):
        embeddings = NpyFile(embeddings).array
    shape = np.shape(embeddings)
    if len(shape) != 2 or shape[0] != rows:
        raise ValueError(f"embeddings has shape {shape}; accepted is ({rows}, features), one row for each of x")
    return embeddings


def pick(how: str, x: Any, k: int, embeddings: Any, seed: int, options: dict[str, Any]) -> Any:
    """Return the picks of a strategy by name: a measure of a row, random, or one of `DIVERSE`."""
    if how == RANDOM:
        return select(x, RANDOM, k, random_state=seed, n_threads=options["n_threads"])
    if how not in DIVERSE:
        return select(x, how, k, random_state=seed, **options)
    rows, more = DIVERSE[how](_Given(x, embeddings, seed, options))
    return getattr(shortlist, how)(*rows, k=k, n_threads=options["n_threads"], **more)
