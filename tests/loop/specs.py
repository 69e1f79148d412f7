"""Specifications for tests of the parts of a loop, as plain values with the defaults of the format."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

DEFAULTS: dict[str, dict[str, Any]] = {
    "pool": {
        "path": "",
        "id": None,
        "ids": None,
        "text": None,
        "features": None,
        "features_except": None,
        "embeddings": None,
        "groups": (),
        "show": {},
    },
    "model": {
        "estimator": None,
        "command": None,
        "returns": "probabilities",
        "timeout": None,
        "retries": 2,
        "calibrate": True,
        "members": 1,
        "committee": (),
    },
    "seed": {"rows": 60, "how": "random", "search": {}, "labels": None},
    "round": {
        "rows": 100,
        "strategy": "margin",
        "diverse": None,
        "explore": 0.0,
        "validation": 0.0,
        "relabel": 0.0,
        "rare_classes": (),
        "rare_share": 0.0,
        "floor": 0.0,
        "close": 1.0,
        "weight": None,
    },
    "validation": {"share": 0.15, "rows": 2000},
    "labels": {"overlap": 0.0, "resolve": "majority", "skips": "never again"},
}


def spec_of(folder: Path, classes: tuple[str, ...] = ("a", "b"), **parts: dict[str, Any]) -> Any:
    """Return a specification with some values that are not the defaults."""
    made = {key: SimpleNamespace(**{**values, **parts.get(key, {})}) for key, values in DEFAULTS.items()}
    return SimpleNamespace(name="test", classes=classes, folder=folder, seed_number=0, version="v", **made)
