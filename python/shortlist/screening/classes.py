"""Exact types of scikit-learn, without importing it."""

from __future__ import annotations

import sys
from typing import Any


def is_exactly(thing: Any, module: str, name: str) -> bool:
    """Return whether the type of a thing is that class of scikit-learn's, and no subclass."""
    return type(thing) is getattr(sys.modules.get(f"sklearn.{module}"), name, None)
