"""Rows that may be of a rare class."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from shortlist.groups import apportion
from shortlist.loop.kept.answers import rare_of
from shortlist.loop.kept.best import best_of
from shortlist.loop.planning.cold import search
from shortlist.loop.planning.likely import Border, Likely
from shortlist.selecting import select

if TYPE_CHECKING:
    from collections.abc import Collection

    from shortlist.loop.planning.situation import Situation
    from shortlist.selection import Selection


EXAMPLES = 1_000


def rare_rows(at: Situation, k: int, seen: Collection[str]) -> list[tuple[int, str, float | None]]:
    """Return up to k rows, with why and their score: half the likeliest, half on the border;
    before any example by search.
    """
    names = at.spec.round.rare_classes
    found: list[tuple[int, str, float | None]] = []
    for name, quota in zip(names, apportion(k, [1] * len(names)), strict=True):
        column = at.spec.classes.index(name)
        if at.probabilities is not None and name in seen and column < at.columns:
            found += _by_model(at, column, quota)
        elif at.spec.seed.search.get(name):
            found += _by_search(at, name, quota)
    return found


def _by_model(at: Situation, column: int, quota: int) -> list[tuple[int, str, float | None]]:
    name = at.spec.classes[column]
    logits = at.spec.model.returns == "logits"
    found: list[tuple[int, str, float | None]] = []
    for score, part, why in (
        (Likely(column, logits), quota - quota // 2, f"likely {name!r}"),
        (Border(column), quota // 2, f"on the border of {name!r}"),
    ):
        picks = _best(at, score, part, name)
        at.close(picks.indices)
        found += [(row, why, value) for row, value in picks]
    return found


def _best(at: Situation, score: Likely | Border, k: int, name: str) -> Selection:
    """Return the k open rows with the highest scores."""
    ties = at.number("ties")
    if at.kept is not None:
        return best_of(at.kept, rare_of(score, name), score, k, at.closed, ties)
    source = at.probabilities if isinstance(at.probabilities, np.ndarray) else str(at.probabilities)
    return select(
        source,
        score,
        k,
        order="highest",
        exclude=at.closed[: at.scored],
        ties="random",
        random_state=ties,
        strict=False,
        n_threads=1,
    )


def _by_search(at: Situation, name: str, quota: int) -> list[tuple[int, str, float | None]]:
    """Return rows with a word of the class; once all are asked those nearest to their mean."""
    hits = search(at)[name]
    fresh = hits[~at.closed[hits]][:quota]
    found: list[tuple[int, str, float | None]] = [
        (row, f"a word that is searched for {name!r}", None) for row in at.close(fresh).tolist()
    ]
    short = quota - len(found)
    if short and len(hits):
        reach = at.reach("rare", at.closed)
        if len(reach):
            centre = at.features.dense(hits[:EXAMPLES]).astype(np.float64).mean(axis=0)
            apart = np.square(at.features.dense(reach).astype(np.float64) - centre).sum(axis=1)
            near = reach[np.lexsort((reach, apart))[:short]]
            found += [(row, f"like those with a word of {name!r}", None) for row in at.close(near).tolist()]
    return found
