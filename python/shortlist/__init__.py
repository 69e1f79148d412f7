"""Pick, out of a huge unlabelled pool, the few rows worth a person's time.

>>> import numpy as np
>>> import shortlist as sl
>>> probs = np.array([[0.9, 0.1], [0.5, 0.5], [0.3, 0.7]])
>>> sl.select(probs, "margin", k=1).indices
array([1])
"""

from __future__ import annotations

import importlib
import os
import threading

from shortlist import _core
from shortlist.names import MODULE_OF
from shortlist.own_ids import Positions as Positions
from shortlist.pools import Source as Source
from shortlist.registry import measures as measures
from shortlist.scoring import score as score
from shortlist.selecting import select as select
from shortlist.selection import Selection as Selection
from shortlist.selection_report import Report as Report
from shortlist.selector import Selector as Selector

__version__: str = _core.build_info()["version"]

__all__ = list(MODULE_OF)

_loading = threading.RLock()
if hasattr(os, "register_at_fork"):
    # A child that was forked while another thread loaded a name has nobody who would let go of it.
    os.register_at_fork(after_in_child=lambda: globals().update(_loading=threading.RLock()))


def __getattr__(name: str) -> object:
    """Load a name when it is first used. Types are in the stub, `__init__.pyi`."""
    module = MODULE_OF.get(name)
    if module is None:
        raise AttributeError(f"module 'shortlist' has no attribute {name!r}")
    # One thread at a time: two that import a package and a module of it wait for each other, until
    # Python raises an error in one of them.
    with _loading:
        if module == __name__:
            return importlib.import_module(f"{module}.{name}")
        value = globals()[name] = getattr(importlib.import_module(module), name)
        return value


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
