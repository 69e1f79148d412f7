"""Rows that may be of a rare class."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from shortlist.groups import apportion
from shortlist.loop.planning.cold import search
from shortlist.loop.planning.situation import shape_of
from shortlist.selecting import select

if TYPE_CHECKING:
    from collections.abc import Collection

    from numpy.typing import NDArray

    from shortlist.loop.planning.situation import Situation


EXAMPLES = 1_000


def rare_rows(at: Situation, k: int, seen: Collection[str]) -> list[tuple[int, str, float | None]]:
    """Return up to k rows, with why and their score: half the likeliest, half on the border; before any example by search."""
    names = at.spec.round.rare_classes
    found: list[tuple[int, str, float | None]] = []
    for name, quota in zip(names, apportion(k, [1] * len(names)), strict=True):
        column = at.spec.classes.index(name)
        if at.probabilities is not None and name in seen and column < shape_of(at.probabilities)[1]:
            found += _by_model(at, column, quota)
        elif at.spec.seed.search.get(name):
            found += _by_search(at, name, quota)
    return found


def _by_model(at: Situation, column: int, quota: int) -> list[tuple[int, str, float | None]]:
    name = at.spec.classes[column]
    source = at.probabilities if isinstance(at.probabilities, np.ndarray) else str(at.probabilities)
    logits = at.spec.model.returns == "logits"

    def likely(block: NDArray[np.floating]) -> NDArray[np.floating]:
        if not logits:
            return block[:, column]
        wide = block.astype(np.float64)
        return np.asarray(-np.log(np.exp(wide - wide[:, [column]]).sum(axis=1)))

    def border(block: NDArray[np.floating]) -> NDArray[np.floating]:
        others = np.delete(block, column, axis=1).max(axis=1)
        return np.asarray(-np.abs(block[:, column] - others))

    found: list[tuple[int, str, float | None]] = []
    for score, part, why in (
        (likely, quota - quota // 2, f"likely {name!r}"),
        (border, quota // 2, f"on the border of {name!r}"),
    ):
        picks = select(
            source,
            score,
            part,
            order="highest",
            exclude=at.closed[: at.scored],
            ties="random",
            random_state=at.number("ties"),
            strict=False,
            n_threads=1,
        )
        at.close(picks.indices)
        found += [(row, why, value) for row, value in picks]
    return found


def _by_search(at: Situation, name: str, quota: int) -> list[tuple[int, str, float | None]]:
    """Return rows with a word of the class; once all are asked those nearest to the mean of these."""
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
