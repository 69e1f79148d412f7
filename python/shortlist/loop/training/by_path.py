"""Functions of the user's own, by ``package.module:function``."""

from __future__ import annotations

import importlib
import sys
from typing import TYPE_CHECKING, Any

from shortlist.disk import one_line
from shortlist.loop.errors import LoopError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def function_of(path: str, key: str, folder: Path) -> Callable[..., Any]:
    """Return what a path names; modules beside the specification are found
    as well as installed ones.
    """
    module, _, name = path.partition(":")
    if not module or not name:
        raise LoopError(f"{key} is {path!r}; accepted is package.module:function")
    beside = str(folder.resolve())
    sys.path.insert(0, beside)
    try:
        found = importlib.import_module(module)
    except Exception as error:  # whatever a module of the user's does
        raise LoopError(f"{key} is {path!r}, and {module} cannot be imported ({one_line(error)})") from error
    finally:
        if beside in sys.path:
            sys.path.remove(beside)
    for part in name.split("."):
        if not hasattr(found, part):
            raise LoopError(f"{key} is {path!r}, and {module} has no {name!r}")
        found = getattr(found, part)
    if not callable(found):
        raise LoopError(f"{key} is {path!r}, which is a {type(found).__name__}; accepted is a function")
    return found
