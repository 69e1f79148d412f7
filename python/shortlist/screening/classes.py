"""Exact types of other packages, without importing these."""

from __future__ import annotations

import sys
from typing import Any


def is_exactly(thing: Any, module: str, name: str) -> bool:
    """Return whether the type of a thing is that class of scikit-learn's, and no subclass."""
    return type(thing) is getattr(sys.modules.get(f"sklearn.{module}"), name, None)


def is_of(thing: Any, module: str) -> bool:
    """Return whether the type of a thing is the class of its name in that module."""
    return type(thing) is getattr(sys.modules.get(module), type(thing).__name__, None)
