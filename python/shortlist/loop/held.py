"""Labels that a model suspects, kept out of training until somebody answers again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shortlist.loop.store.answers import IMPORT

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shortlist.loop.spec import Spec
    from shortlist.loop.store import Store

CONFIRMS = ("label", "reject", "review")


def unconfirmed(store: Store, until: int | None = None, models: int | None = None) -> list[str]:
    """Return the rows that a model has suspected and that nobody has answered since,
    the last model's first.

    Parameters
    ----------
    store : Store
        The loop's.
    until : int, optional
        The place in the log of a time before now: what came later doesn't count.
    models : int, optional
        Only so many models count, the first ones.
    """
    since: dict[str, int] = {}
    for model in reversed(store.models()):
        if models is None or model.number <= models:
            for row in model.estimate.get("suspects") or ():
                since.setdefault(row, model.position)
    for event in store.events_of(since):
        answers = event.kind in CONFIRMS and event.source != IMPORT and (until is None or event.seq <= until)
        if answers and event.seq > since.get(event.row, event.seq):
            del since[event.row]
    return list(since)


def that_train(
    store: Store, spec: Spec, labels: Mapping[str, str], until: int | None = None, models: int | None = None
) -> Mapping[str, str]:
    """Return the labels that a model may be trained on:
    with ``[check] action = "hold"`` all but the suspected ones.
    """
    if spec.check.action != "hold":
        return labels
    held = set(unconfirmed(store, until, models))
    return {row: label for row, label in labels.items() if row not in held}
