"""Whether the strategy's score finds what the model gets wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from shortlist.by_name import DIVERSE
from shortlist.loop.cleanlab.needed import ACTIVELAB
from shortlist.loop.facts.ranking import Ranking, auroc
from shortlist.loop.planning.ranking import WITHOUT_CROWD
from shortlist.loop.said import said_of
from shortlist.loop.training.by_path import function_of
from shortlist.npy import NpyFile
from shortlist.registry import RANDOM, measures
from shortlist.scoring import score

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from shortlist.loop.auditing.evidence import Evidence
    from shortlist.loop.store import Model


def score_finds_errors(of: Evidence) -> Ranking | str:
    """Return how well the strategy's score tells the last model's errors on the stratum,
    or why that can't be said.
    """
    strategy, model = of.ground.spec.round.strategy, of.model
    if strategy == RANDOM or strategy in DIVERSE:
        return f"{strategy} gives a row no score of its own"
    if model is None or not len(of.rows):
        return "it takes a model, and validation rows with labels"
    values = _scores(of, strategy, model)
    if values is None:
        return f"{strategy} compares several models, and model {model.number} is one"
    bad = ~np.isfinite(values)
    found = auroc(values[~bad], ~of.right[~bad])
    if found is None:
        kind = "all" if of.right.all() else "none"
        return f"the model is right on {kind} of the {len(of.rows):,} validation rows"
    return found


def _scores(of: Evidence, strategy: str, model: Model) -> NDArray[np.float64] | None:
    """Return what the strategy makes of each validation row, higher for what is picked sooner."""
    spec = of.ground.spec
    if strategy == ACTIVELAB:
        kept = model.estimate.get(ACTIVELAB)
        if kept:
            return -np.asarray(NpyFile(of.store.blob(kept)).array[of.rows.places], dtype=np.float64)
        strategy = WITHOUT_CROWD
    measure = next((each for each in measures() if each.name == strategy), None)
    options: dict[str, Any] = {"from_logits": True} if spec.model.returns == "logits" else {}
    what: Any = strategy
    if measure is None:
        what = function_of(strategy, "[round] strategy", spec.folder)
        order = getattr(what, "order", "highest")
    else:
        order = measure.order
    if measure is not None and measure.kind == "committee":
        members = model.estimate.get("members")
        if not members:
            return None
        said: Any = np.load(of.store.blob(members), mmap_mode="r")[:, of.rows.places]
    else:
        said = said_of(of.store, model, of.rows.places)
    values = np.asarray(score(np.ascontiguousarray(said), what, **options), dtype=np.float64)
    if strategy == "margin" and spec.round.weight is not None:
        values, order = 1 - values, "highest"  # as rounds weigh them
    values = -values if order == "lowest" else values
    return values * of.ground.pool.weight().take(of.rows.places) if spec.round.weight is not None else values
