"""Cleanlab itself, and whether a specification asks for it."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from shortlist.loop.errors import LoopError
from shortlist.pools.extras import need

if TYPE_CHECKING:
    from shortlist.loop.spec import Spec

CLEANLAB = "cleanlab"
CROWDLAB = "crowdlab"
ACTIVELAB = "activelab"


def asks_of(spec: Spec) -> list[str]:
    """Return what of a specification needs Cleanlab, as its keys say it."""
    found = {
        '[check] issues = "cleanlab"': spec.check.issues == CLEANLAB,
        '[labels] resolve = "crowdlab"': spec.labels.resolve == CROWDLAB,
        '[round] strategy = "activelab"': spec.round.strategy == ACTIVELAB,
    }
    return [what for what, asked in found.items() if asked]


def lacking(spec: Spec) -> list[str]:
    """Return a sentence for what a specification asks of Cleanlab and can't have."""
    asked = asks_of(spec)
    if asked and spec.model.command:
        return [
            f"{asked[0]} needs what a model says of rows that it was not trained on, and [model] command gives no such "
            "answers; accepted is an estimator"
        ]
    if asked and find_spec(CLEANLAB) is None:
        return [f"{asked[0]} needs cleanlab, which is not installed; run: pip install 'shortlist[cleanlab]'"]
    return []


def module(name: str) -> Any:
    """Import a part of Cleanlab, which takes seconds.

    Raises
    ------
    LoopError
        It is not installed.
    """
    try:
        return need(f"{CLEANLAB}.{name}", CLEANLAB, "this")
    except ModuleNotFoundError as error:
        raise LoopError(str(error)) from None
