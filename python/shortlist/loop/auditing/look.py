"""What status says to look at: made when a model is trained or an audit is asked for,
so that a look costs next to nothing.
"""

from __future__ import annotations

import contextlib
import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from shortlist.loop.auditing.by_group import unevenness_of
from shortlist.loop.auditing.people import people_of
from shortlist.loop.auditing.tables import accuracy_of, disputed, served, served_worse, suspected
from shortlist.writing import make_folder, write_json

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shortlist.loop.auditing.evidence import Evidence
    from shortlist.loop.facts.estimate import Estimate
    from shortlist.loop.facts.groups import Group
    from shortlist.loop.ground import Ground
    from shortlist.loop.store import Model, Store
    from shortlist.loop.store.summary import Summary

FILE = "look.json"
MOST = 20
"""Groups that are kept: whichever comes first is shown, and that depends on the labels."""


def keep_look(of: Evidence, groups: Sequence[Group] | None = None, odd: Sequence[str] | None = None) -> None:
    """Keep which groups are picked unevenly, and what is odd about somebody's labels;
    found out where it isn't given.
    """
    groups = unevenness_of(of) if groups is None else groups
    kept: dict[str, Any] = {"loop": of.store.id, "models": len(of.models)}
    kept["odd"] = people_of(of).odd if odd is None else list(odd)
    kept["groups"] = [
        [line.column, line.name, replace(line, accuracy=None).said, line.picked.value < line.pool.value]
        for line in groups
        if line.uneven
    ][:MOST]
    # Where it can't be written, status has one line less.
    with contextlib.suppress(OSError):
        write_json(make_folder(of.ground.cache, "folder") / FILE, kept)


def looks(store: Store, ground: Ground, said: Summary, estimate: Estimate | None) -> list[str]:
    """Return what somebody should look at, as far as it is known without an audit:
    what was kept, and what is at hand.
    """
    models = store.models()
    kept = _kept(store, ground, models) or {}
    urgent: list[str] = []
    other: list[str] = []
    for column, name, text, passed_over in kept.get("groups", []):
        part = None if estimate is None else estimate.per_group.get(column, {}).get(name)
        (urgent if passed_over and not served(part, estimate) else other).append(f"{text}{accuracy_of(part)}")
    found: list[str] = [*urgent[:1], *(each.said for each in served_worse(estimate)), *kept.get("odd", [])]
    found += [each.said for each in disputed(len(said.disputed))]
    suspects = (models[-1].estimate.get("suspects") or ()) if models else ()
    news = {event.row for event in store.events(models[-1].position) if event.said} if suspects else set()
    found += [each.said for each in suspected(sum(row not in news for row in suspects))]
    return found + other[:1]


def is_kept(store: Store, ground: Ground) -> bool:
    """Return whether that was kept since the last model; before there is one, nothing is."""
    models = store.models()
    return not models or _kept(store, ground, models) is not None


def _kept(store: Store, ground: Ground, models: Sequence[Model]) -> dict[str, Any] | None:
    try:
        kept = json.loads((ground.cache / FILE).read_bytes())
    except (OSError, ValueError):
        return None
    return (
        kept if isinstance(kept, dict) and (kept.get("loop"), kept.get("models")) == (store.id, len(models)) else None
    )
