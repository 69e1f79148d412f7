"""A first spec for a pool, from a look at it: nobody is asked anything, and every guess is told."""

from __future__ import annotations

import glob
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from shortlist.loop.spec.defaults import as_text
from shortlist.loop.spec.keys import FORBIDDEN, FORMAT, LONGEST_NAME
from shortlist.loop.spec.looking import look
from shortlist.loop.spec.roles import roles_of
from shortlist.loop.spec.rules import FEWEST

if TYPE_CHECKING:
    import os

    from shortlist.loop.spec.looking import Sample

FEW = 500
"""Rows below which labelling all of them is hardly more work."""
IDS = ("ids.txt", "ids.csv", "{stem}_ids.txt", "{stem}_ids.csv", "{stem}.ids.txt", "{stem}.txt")
"""Where the ids of an array may lie."""


MANY = 2000
"""Rows from which on a round is as large as the default."""
SHARE = 0.15


@dataclass(frozen=True)
class Guess:
    """A spec to edit.

    Attributes
    ----------
    text : str
        TOML with comments.
    said : list of str
        What was guessed and why, and what may be wrong with it.
    """

    text: str
    said: list[str]


def guess(pool_path: str | os.PathLike[str], name: str | None = None) -> Guess:
    """Look at the first rows of a pool and write a spec for it.

    Parameters
    ----------
    pool_path : path
        A file, a folder or a glob; the spec has it as it is given here.
    name : str, optional
        What to call the loop; by default after the file.

    Returns
    -------
    Guess
        A spec that can be read once its classes are filled in, or at once where the pool has a
        column of labels.

    Raises
    ------
    LoopError
        There is no such pool, or it can't be read.
    """
    path = Path(pool_path)
    sample = look(path)
    pool: dict[str, Any] = {"path": path.as_posix()}
    classes: list[str] = []
    if sample.array is not None:
        said = [_ids(path, sample.array, pool)]
        said.append('people see ids alone: name what to show in [pool], as show = { image = "https://.../{id}.jpg" }')
    else:
        found = roles_of(sample)
        said, classes = found.said, found.classes
        pool |= {"id": found.id, "text": found.text, "features": found.features or None, "groups": found.groups or None}
    if not classes:
        said.append("classes are left for you to fill in: the names that people choose from")
    said += _warnings(sample)
    values = {
        "": {"loop": FORMAT, "name": _name(path) if name is None else name, "classes": classes},
        "pool": pool,
        "model": {"estimator": "tfidf-logistic" if pool.get("text") else "logistic"},
        **_sizes(sample),
    }
    seen = f"{sample.rows:,} rows" if not sample.more else f"the first {sample.rows:,} rows"
    head = [f"# Guessed from {seen} of {path.as_posix()}; change what is wrong, then: shortlist loop init loop.toml"]
    head += [f"# - {line}" for line in said]
    # A comment may hold no control characters, which names of files and columns may.
    lines = ["".join(mark if mark.isprintable() else " " for mark in line) for line in head]
    return Guess("\n".join(lines) + "\n\n" + as_text(values), said)


def _name(path: Path) -> str:
    """Return a name for the loop: that of the file, or of the folder where a glob looks."""
    there = next(part for part in (path, *path.parents) if not glob.has_magic(part.name))
    stem = there.stem if there.suffix else there.name
    return FORBIDDEN.sub("-", stem).strip(". ")[:LONGEST_NAME].strip(". ") or "loop"


def _ids(path: Path, file: Path, pool: dict[str, Any]) -> str:
    """Find the file of ids beside an array."""
    for name in IDS:
        there = file.parent / name.format(stem=file.stem)
        if there.is_file():
            pool["ids"] = there.as_posix()
            return f"ids are in {there.name}, which lies beside {file.name}"
    pool["ids"] = (file.parent / IDS[0]).as_posix()
    return f"warning: no file of ids lies beside {path.name}; write {IDS[0]}, one id a line in the order of the rows"


def _warnings(sample: Sample) -> list[str]:
    if sample.rows >= FEW:
        return []
    rows = "1 row" if sample.rows == 1 else f"{sample.rows} rows"
    return [f"warning: the pool has {rows}; under {FEW} it is as quick to label them all as to choose"]


def _sizes(sample: Sample) -> dict[str, dict[str, Any]]:
    """Return how much of everything: the defaults, or less for a small pool."""
    many = sample.more or sample.rows >= MANY
    rounds = 100 if many else max(10, sample.rows // 20)
    budget = 3000 if sample.more else max(rounds, min(3000, sample.rows // 2))
    estimated = sample.more or sample.rows * SHARE >= FEWEST
    return {
        "seed": {"rows": 60 if many else min(60, max(10, sample.rows // 10)), "how": "typiclust"},
        "round": {"rows": rounds, "strategy": "margin"},
        "round.mix": {"explore": 0.1, "validation": 0.15},
        "validation": {"share": SHARE},
        "retrain": {"when": "growth:0.25"},
        "stop": {"when": f"target_lower:0.90 & patience:3 | budget:{budget}" if estimated else f"budget:{budget}"},
        "handoff": {"tool": "page"},
    }
