"""What a specification may say, and a loop cannot do yet: said before anything happens."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from shortlist.loop.cleanlab.needed import lacking
from shortlist.loop.errors import LoopError
from shortlist.loop.handoff.choosing import check_tool

if TYPE_CHECKING:
    from shortlist.loop.spec import Spec


def check_ready(spec: Spec) -> None:
    """Raise where a specification asks for what is not there yet, or for a tool that can't be used, all of it at once."""
    found = []
    try:
        check_tool(spec)
    except LoopError as error:
        found.append(str(error))
    if spec.retrain.where not in ("local", "command"):
        found.append(f"[retrain] where is {spec.retrain.where!r}; accepted so far are local and command")
    if re.search(r"\bflips\b", spec.retrain.when):
        found.append("[retrain] when has flips, which nothing measures yet; accepted so far are the other triggers")
    found += lacking(spec)
    if spec.check.action != "relabel":
        found.append(f"[check] action is {spec.check.action!r}; accepted so far is relabel")
    if found:
        raise LoopError("\n".join(found))
