"""What a specification may say, and a loop cannot do yet: said before anything happens."""

from __future__ import annotations

from typing import TYPE_CHECKING

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
    if spec.check.issues not in (None, "builtin"):
        found.append(f"[check] issues is {spec.check.issues!r}; accepted so far is builtin")
    if found:
        raise LoopError("\n".join(found))
