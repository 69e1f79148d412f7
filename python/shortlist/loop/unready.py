"""What a specification asks for and can't be had here: said before anything happens."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shortlist.loop.cleanlab.needed import lacking
from shortlist.loop.errors import LoopError
from shortlist.loop.handoff.choosing import check_tool

if TYPE_CHECKING:
    from shortlist.loop.spec import Spec


def check_ready(spec: Spec) -> None:
    """Raise where a specification asks for a package that is not there,
    or for a tool that can't be used, all of it at once.
    """
    found = []
    try:
        check_tool(spec)
    except LoopError as error:
        found.append(str(error))
    found += lacking(spec)
    if found:
        raise LoopError("\n".join(found))
