"""Stand in for modAL: its names in ``sys.modules`` lead to Shortlist, and can be taken back."""

from __future__ import annotations

import sys
import threading
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import ModuleType

MODULES = (
    "", ".acquisition", ".batch", ".density", ".disagreement", ".dropout", ".expected_error", ".models",
    ".models.base", ".models.learners", ".multilabel", ".uncertainty", ".utils", ".utils.combination", ".utils.data",
    ".utils.selection", ".utils.validation",
)  # fmt: skip

_displaced: dict[str, ModuleType] | None = None
_guard = threading.Lock()


def install_as_modAL() -> None:  # noqa: N802
    """Make ``import modAL`` and everything below it give Shortlist, for the rest of the process.

    An installed modAL is set aside, not touched; `uninstall_modAL` brings it back. A second call
    does nothing.
    """
    global _displaced
    with _guard:
        if _displaced is not None:
            return
        here = {f"modAL{name}": import_module(f"shortlist.modal{name}") for name in MODULES}
        _displaced = {name: sys.modules.pop(name) for name in list(sys.modules) if name.partition(".")[0] == "modAL"}
        sys.modules.update(here)


def uninstall_modAL() -> None:  # noqa: N802
    """Undo `install_as_modAL`; names already imported from it go on working."""
    global _displaced
    with _guard:
        if _displaced is None:
            return
        for name in MODULES:
            sys.modules.pop(f"modAL{name}", None)
        sys.modules.update(_displaced)
        _displaced = None
