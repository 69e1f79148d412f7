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


class Given(NamedTuple):
    """What there is to pick from.

    Attributes
    ----------
    x : pool
        What a model says of the rows.
    embeddings : ndarray of shape (rows, features)
    seed : int or None
    options : dict
        How `x` is read: from_logits, temperature, normalize, n_threads.
    labelled : ndarray of shape (m, features) or None
        Features of rows to keep away from.
    among : ndarray of int or None
        The only rows to pick from.
    """

    x: Any
    embeddings: Any
    seed: int | None
    options: dict[str, Any]
    labelled: Any = None
    among: Any = None

    def uncertainty(self) -> NDArray[Any]:
        """Return how uncertain the model is of each row."""
        return score(self.x, "least_confident", **self.options)

    def near(self) -> dict[str, Any]:
        """Return the rows to keep away from, where there are any."""
        return {} if self.labelled is None else {"labelled": self.labelled}

    def drawn(self) -> dict[str, Any]:
        """Return these, and the seed of a rule that draws."""
        return {"random_state": self.seed, **self.near()}

    def answered(self) -> dict[str, Any]:
        """Return how a rule reads what the model says, and its seed."""
        return {"from_logits": self.options.get("from_logits", False), "random_state": self.seed}

    def ranked(self) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """Begin beside the least certain row where nothing is labelled, not by all with all."""
        uncertainty = self.uncertainty()
        if self.labelled is not None or self.among is not None:
            return (self.embeddings, uncertainty), self.near()
        most = int(uncertainty.argmax())
        return (self.embeddings, uncertainty), {"labelled": np.asarray(self.embeddings[most : most + 1])}


REFERENCES = 1_000
"""Reference rows at most for herding here, whose first pass takes rows times references."""

ACCEPTED = "names, and a dict of names and strategies"

DIVERSE: dict[str, Callable[[Given], tuple[tuple[Any, ...], dict[str, Any]]]] = {
    "k_center": lambda g: ((g.embeddings,), g.near()),
    "kmeans_plus_plus": lambda g: ((g.embeddings,), g.drawn()),
    "typiclust": lambda g: ((g.embeddings,), g.drawn()),
    "herding": lambda g: (
        (g.embeddings,),
        {"references": min(REFERENCES, len(g.embeddings if g.among is None else g.among)), **g.drawn()},
    ),
    "ranked_batch": Given.ranked,
    "diverse_uncertain": lambda g: ((g.embeddings, g.uncertainty()), g.near()),
    "badge": lambda g: ((g.x, g.embeddings), g.answered()),
    "cluster_margin": lambda g: ((g.x,), {"X": g.embeddings, **g.answered()}),
}
"""Strategies of diverse batches: what they take beside k, among, and the number of threads."""
FROM_OUTPUTS = ("badge", "cluster_margin")
"""Those that go by what the model says, and take no labelled rows."""


def wanted_of(strategies: Any, from_logits: bool, embedded: bool, more: Collection[str] = ()) -> dict[str, Any]:
    """Return strategies by name, checked; all that fit the pool where none are named.
    `more` need embeddings too.
    """
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
    rows, more = DIVERSE[how](Given(x, embeddings, seed, options))
    return getattr(shortlist, how)(*rows, k=k, n_threads=options["n_threads"], **more)
