"""The first rows of all, before there is a model."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from shortlist.groups import apportion
from shortlist.loop.planning.ranking import by_rule
from shortlist.loop.pool.choosing import lowest, lowest_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from shortlist.loop.planning.situation import Situation

SEARCHED = 0.5
"""Share of the first rows that a search may bring."""
STRATIFIED = "stratified:"


def seed_rows(at: Situation, k: int) -> list[tuple[int, str, float | None]]:
    """Return k rows with why each was picked, and how probable that was:
    what a search finds, then what the rest asks for.
    """
    found: list[tuple[int, str, float | None]] = []
    if at.spec.seed.search and k:
        hits = {name: rows[~at.closed[rows]] for name, rows in search(at).items()}
        quotas = apportion(int(k * SEARCHED), [1 if len(rows) else 0 for rows in hits.values()])
        for (name, rows), quota in zip(hits.items(), quotas, strict=True):
            fresh = rows[~at.closed[rows]][:quota]
            found += [(row, f"a word that is searched for {name!r}", None) for row in at.close(fresh).tolist()]
    k -= len(found)
    how, chance = at.spec.seed.how, None
    if how.startswith(STRATIFIED):
        column = how.removeprefix(STRATIFIED)
        rows, why = (
            lowest_of(at.pool, at.number("seed"), k, at.pool.group(column)[0], at.closed),
            f"random within its {column}",
        )
    elif how in ("k_center", "typiclust"):
        reach = at.reach("seed", at.closed)
        rows = by_rule(at, how, k, reach, at.labelled).rows
        why = "far from all before it" if how == "k_center" else "typical of a cluster"
        if len(rows) < k:
            at.close(rows)
    else:
        chance = 1 / max(1, at.open_rows())
        rows, why = lowest(at.pool, at.number("seed"), k, at.closed), "random"
    return found + [(row, why, chance) for row in at.close(rows).tolist()]


def search(at: Situation) -> Mapping[str, NDArray[np.int64]]:
    """Return for each class the rows outside the stratum whose text has one of its words,
    in any case, in a random order.
    """
    words = {name: [word.casefold() for word in wanted] for name, wanted in at.spec.seed.search.items()}
    hits: dict[str, list[int]] = {name: [] for name in words}
    for start, texts in at.pool.texts():
        for place, text in enumerate(texts, start):
            if at.held_out[place]:
                continue
            folded = text.casefold()
            for name, wanted in words.items():
                if any(word in folded for word in wanted):
                    hits[name].append(place)
    found = {}
    for name, rows in hits.items():
        array = np.array(rows, dtype=np.int64)
        found[name] = array[np.lexsort((array, at.pool.numbers_of(at.number("search"), array)))]
    return found
