"""Specifications for tests of the parts of a loop, as plain values with the defaults of the format."""

from __future__ import annotations

import csv
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np

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
        "poll": None,
        "returns": "probabilities",
        "timeout": None,
        "retries": 2,
        "calibrate": True,
        "members": 1,
        "committee": (),
        "screen": True,
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


WORDS = {"a": ["pay", "bill", "money", "invoice"], "b": ["crash", "bug", "error", "screen"]}


def tickets(folder: Path, rows: int = 400, **parts: dict[str, Any]) -> tuple[Any, dict[str, str]]:
    """Write ``tickets.csv``, texts of two kinds; return its specification and the class of each row by id."""
    rng = np.random.default_rng(0)
    truth = {}
    with (folder / "tickets.csv").open("w", newline="", encoding="utf-8") as file:
        out = csv.writer(file)
        out.writerow(["id", "body", "language", "value"])
        for row in range(rows):
            label = "a" if row % 3 else "b"
            words = rng.choice([*WORDS["a"], *WORDS["b"], "the", "when"], 3).tolist()
            text = " ".join([*words, *rng.choice(WORDS[label], 4).tolist(), f"number{row}"])
            truth[f"T-{row}"] = label
            out.writerow([f"T-{row}", text, "pt" if row % 10 == 0 else "en", row % 7])
    pool = {"path": "tickets.csv", "id": "id", "text": "body", "groups": ("language",)}
    return spec_of(folder, pool=pool, **parts), truth
