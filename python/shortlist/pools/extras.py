"""Packages that only some kinds of pools need, imported when one comes along."""

from __future__ import annotations

import importlib
from typing import Any


def need(module: str, extra: str, what: str) -> Any:
    """Import a package, or say which extra brings it in."""
    try:
        return importlib.import_module(module)
    except ImportError as error:
        package = module.partition(".")[0]
        raise ModuleNotFoundError(
            f"{what} needs {package} ({error}); run: pip install 'shortlist[{extra}]'", name=package
        ) from None
