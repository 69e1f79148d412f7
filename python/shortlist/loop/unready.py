"""What a specification may say, and a loop cannot do yet: said before anything happens."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from shortlist.loop.errors import LoopError

if TYPE_CHECKING:
    from shortlist.loop.spec import Spec

TOOLS = ("page", "csv", "jsonl")


def check_ready(spec: Spec) -> None:
    """Raise where a specification asks for what is not there yet, all of it at once."""
    found = []
    if spec.handoff.tool not in TOOLS:
        found.append(f"[handoff] tool is {spec.handoff.tool!r}; accepted so far are {', '.join(TOOLS)}")
    if spec.retrain.where not in ("local", "command"):
        found.append(f"[retrain] where is {spec.retrain.where!r}; accepted so far are local and command")
    if re.search(r"\bflips\b", spec.retrain.when):
        found.append("[retrain] when has flips, which nothing measures yet; accepted so far are the other triggers")
    if spec.check.issues not in (None, "builtin"):
        found.append(f"[check] issues is {spec.check.issues!r}; accepted so far is builtin")
    if spec.check.action != "relabel":
        found.append(f"[check] action is {spec.check.action!r}; accepted so far is relabel")
    if found:
        raise LoopError("\n".join(found))
