"""What a specification may say, and a loop cannot do yet: said before anything happens."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shortlist.loop.errors import LoopError

if TYPE_CHECKING:
    from shortlist.loop.spec import Spec

TOOLS = ("csv", "jsonl")


def check_ready(spec: Spec) -> None:
    """Raise where a specification asks for what is not there yet, all of it at once."""
    found = []
    if spec.handoff.tool not in TOOLS:
        found.append(f"[handoff] tool is {spec.handoff.tool!r}; accepted so far are {', '.join(TOOLS)}")
    if spec.check.issues not in (None, "builtin"):
        found.append(f"[check] issues is {spec.check.issues!r}; accepted so far is builtin")
    if found:
        raise LoopError("\n".join(found))
