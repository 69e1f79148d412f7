"""A spec that is as short as one can be, and ways to change it."""

import copy
from pathlib import Path

from shortlist.loop.spec import SpecError, spec_of

SHORTEST = {
    "loop": 1,
    "name": "tickets",
    "classes": ["billing", "bug", "abuse"],
    "pool": {"path": "tickets.csv", "id": "id", "text": "body", "groups": ["language"]},
    "retrain": {"when": "growth:0.25"},
    "stop": {"when": "budget:500"},
}

NUMBERS = {"path": "claims.csv", "id": "id", "features": ["age", "amount"], "groups": ["region"]}
VECTORS = {"path": "x.npy", "ids": "ids.txt"}


def changed(**tables):
    """Return the values with keys of tables set; a table is a dict, and None takes a key or table away."""
    values = copy.deepcopy(SHORTEST)
    for name, part in tables.items():
        if part is None:
            del values[name]
        elif isinstance(part, dict) and isinstance(values.get(name), dict):
            values[name] |= part
            values[name] = {key: value for key, value in values[name].items() if value is not None}
        else:
            values[name] = part
    return values


def read(**tables):
    return spec_of(changed(**tables), text="", folder=Path("/spec"))


def mistakes(values):
    """Return what is wrong with values; nothing where they are fine."""
    try:
        spec_of(values, text="", folder=Path("/spec"))
    except SpecError as error:
        return error.mistakes
    return []
