"""Pick, out of a huge unlabelled pool, the few rows worth a person's time.

>>> import numpy as np
>>> import shortlist as sl
>>> probs = np.array([[0.9, 0.1], [0.5, 0.5], [0.3, 0.7]])
>>> sl.select(probs, "margin", k=1).indices
array([1])
"""

from __future__ import annotations

import importlib
from typing import Any

from shortlist import _core
from shortlist.registry import measures
from shortlist.scoring import score
from shortlist.selecting import Selector, sample, select
from shortlist.selection import Report, Selection

__version__: str = _core.build_info()["version"]

# Names that need more than NumPy, and the module each comes from: imported when first used.
_LAZY: dict[str, str] = {}

__all__ = [
    "score",
    "select",
    "sample",
    "Selector",
    "Selection",
    "Report",
    "measures",
    *_LAZY,
]


def __getattr__(name: str) -> Any:
    module = _LAZY.get(name)
    if module is None:
        raise AttributeError(f"module 'shortlist' has no attribute {name!r}")
    value = getattr(importlib.import_module(module), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_LAZY})
