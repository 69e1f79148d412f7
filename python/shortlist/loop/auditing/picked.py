"""The second estimate: the last model on rows that it picked, and that it was not trained on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from shortlist.loop.auditing.evidence import BY_STRATEGY
from shortlist.loop.facts.drawn import Drawn, drawn_estimate
from shortlist.loop.said import rows_of, said_of
from shortlist.registry import RANDOM

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shortlist.loop.ground import Ground
    from shortlist.loop.store import Model, Pick, Round, Store
    from shortlist.loop.store.summary import Summary

EXPLORE, STRATEGY = "explore", "strategy"
DRAWN = "random"
"""Why a row was picked that could have been any other."""


def picked_estimate(
    store: Store, ground: Ground, model: Model | None, said: Summary, all_rounds: Sequence[Round]
) -> Drawn | str:
    """Return how good a model is on rows that it picked since it was trained,
    or why that can't be said.
    """
    if model is None:
        return "no model yet"
    if rows_of(store, model) < ground.pool.rows:
        return f"rows were appended to the pool, for which model {model.number} has no answer"
    closed = [each for each in all_rounds if each.model == model.number and each.state == "closed"]
    rejected = set(said.rejected)
    rounds = []
    for each in closed:
        picks = [
            pick
            for pick in store.picks(each.number)
            if pick.share in (EXPLORE, *BY_STRATEGY) and (pick.row in said.labels or pick.row in rejected)
        ]
        codes = said_of(store, model, np.array([pick.index for pick in picks], dtype=np.int64)).argmax(axis=1)
        right = [
            said.labels.get(pick.row) == ground.spec.classes[code]
            for pick, code in zip(picks, codes.tolist(), strict=True)
        ]
        rounds.append((right, _drawn(each, picks), int(each.decided["candidates"])))
    return drawn_estimate(model.number, rounds)


def _drawn(of: Round, picks: list[Pick]) -> list[bool]:
    """Return which picks were drawn evenly from all that could be picked."""
    evenly = of.decided.get("strategy") == RANDOM and not {"floor", "rare"} & {pick.share for pick in picks}
    return [(pick.share == EXPLORE and pick.why == DRAWN) or (evenly and pick.share == STRATEGY) for pick in picks]
