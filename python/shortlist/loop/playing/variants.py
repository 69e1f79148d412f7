"""The specifications that are played: the one that was written, with the seed of a repeat,
and random beside it.
"""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING

from shortlist.loop.spec import spec_of
from shortlist.loop.spec.defaults import as_text, values_of

if TYPE_CHECKING:
    from shortlist.loop.spec import Spec

WRITTEN, RANDOM = "this spec", "random"
ELSEWHERE = ("dask", "ray")


def of_repeat(spec: Spec, repeat: int) -> Spec:
    """Return a specification with the seed of a repeat; repeat 0 is the loop as it would be."""
    values = values_of(spec)
    values[""]["random_state"] = spec.seed_number + repeat
    # Nobody labels elsewhere, and no cluster is needed to find out what a model says.
    values["handoff"] = {"tool": "csv"}
    # Each model is judged on all rows.
    values["model"]["screen"] = False
    if spec.retrain.where in ELSEWHERE:
        values["retrain"] |= {"where": "local", "address": None}
    text = as_text(values)
    return spec_of(tomllib.loads(text), text=text, folder=spec.folder)


def at_random(spec: Spec) -> Spec:
    """Return a specification that asks for random rows, and for the same validation rows."""
    values = values_of(spec)
    values["round"] |= {"strategy": RANDOM, "floor": 0.0, "weight": None}
    values["round.rare"], values["round.diverse"] = {}, {}
    values["seed"] |= {"how": "random", "search": {}}
    text = as_text(values)
    return spec_of(tomllib.loads(text), text=text, folder=spec.folder)
