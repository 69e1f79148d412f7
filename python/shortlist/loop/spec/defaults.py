"""A spec as text, with every default written out and every key explained."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from shortlist.loop.spec.keys import TABLES
from shortlist.loop.spec.toml import key_written, table_written, written

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shortlist.loop.spec.model import Spec


def full_text(spec: Spec) -> str:
    """Return a spec as TOML with every key, what each means, and its value where it has one.

    Reading it again gives a spec of the same version.
    """
    return as_text(values_of(spec), every=True)


def values_of(spec: Spec) -> dict[str, dict[str, Any]]:
    """Return what a spec says by table and key, as its file has it;
    what is left out is None or not there.
    """
    pool, rounds = dataclasses.asdict(spec.pool), dataclasses.asdict(spec.round)
    excepted = pool.pop("features_except")
    if excepted is not None:
        pool["features"] = {"except": excepted}
    rare = {"classes": rounds.pop("rare_classes"), "share": rounds.pop("rare_share")}
    diverse = rounds.pop("diverse")
    mix = {key.name: rounds.pop(key.name) for key in TABLES["round.mix"]}
    top = {"loop": spec.loop, "name": spec.name, "classes": spec.classes}
    return {
        "": top | {"random_state": spec.seed_number, "journal": spec.journal},
        "help": dict(spec.help),
        "pool": pool,
        "model": dataclasses.asdict(spec.model),
        "seed": dataclasses.asdict(spec.seed),
        "round": rounds,
        "round.mix": mix,
        "round.rare": rare if rare["classes"] else {},
        "round.diverse": dict(diverse or {}),
        "validation": dataclasses.asdict(spec.validation),
        "labels": dataclasses.asdict(spec.labels),
        "retrain": dataclasses.asdict(spec.retrain),
        "check": dataclasses.asdict(spec.check),
        "stop": dataclasses.asdict(spec.stop),
        "handoff": {"tool": spec.handoff.tool, **spec.handoff.rest},
    }


def as_text(values: Mapping[str, Mapping[str, Any]], *, every: bool = False) -> str:
    """Return values by table and key as TOML with comments.

    Parameters
    ----------
    values : mapping
        Tables by name, as in `TABLES`.
    every : bool
        Whether to write keys without a value too, as comments.
    """
    parts = []
    for table, keys in TABLES.items():
        part = values.get(table, {})
        lines = {
            key_written(key.name): (written(part[key.name]), key.about)
            for key in keys
            if part.get(key.name) is not None
        }
        known = {key.name for key in keys}
        lines |= {key_written(name): (written(value), "") for name, value in part.items() if name not in known}
        head = f"[{table}]" if table else ""
        unset = [key for key in keys if every and part.get(key.name) is None]
        if unset and not lines:
            head = f"# {head}"
        lines |= {f"# {key.name}": (written(key.example), key.about) for key in unset}
        if lines:
            parts.append("\n".join(table_written(head, lines)))
    return "\n\n".join(parts) + "\n"
