"""What a call costs beside its rows: ``python -m benches.small_calls [--instructions]``.

Times are of pools of 100, 200 and 1,000 rows of 10 classes, medians of nine turns, beside NumPy's two lines for the same picks.
With ``--instructions`` Valgrind's callgrind counts what a call executes, whatever else the machine does, and where: in the
interpreter, in the extension's border and core, and in the libraries. `python benches/instructions.py` keeps these counts.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

import shortlist as sl
from shortlist import _core

if TYPE_CHECKING:
    from collections.abc import Callable

CLASSES, PICKS, CALLS, TURNS = 10, 10, 1_000, 9
COUNTED = 200
"""Calls of each kind under Valgrind, after a few that fill what is kept between calls."""
KEPT = ["select", "score"]
"""Calls that `python benches/instructions.py` keeps the counts of."""
MARK = "*__pyfunction_build_info*"
"""What is called between them, where callgrind begins a new file."""
SIZES = (100, 200, 1_000)
TARGETS = {"select": 15.0, "score": 8.0, "query": 60.0}
"""Microseconds of a call on 100 rows; of a query beyond its `predict_proba`."""


def pool(rows: int) -> Any:
    """Draw probabilities in float32."""
    return np.random.default_rng(0).dirichlet(np.ones(CLASSES), rows).astype(np.float32)


def two_lines(x: Any) -> Any:
    """Pick as NumPy does."""
    largest = np.sort(x, axis=1)
    return np.argpartition(largest[:, -1] - largest[:, -2], PICKS)[:PICKS]


def plain_calls(rows: int) -> dict[str, Callable[[], Any]]:
    """Name what is called without a model."""
    x = pool(rows)
    return {
        "select": lambda: sl.select(x, "margin", PICKS),
        "score": lambda: sl.score(x, "margin"),
        "numpy": lambda: two_lines(x),
    }


def calls(rows: int) -> dict[str, Callable[[], Any]]:
    """Name what is called."""
    from sklearn.linear_model import LogisticRegression

    rng = np.random.default_rng(0)
    features, labels = rng.normal(size=(rows, CLASSES)), np.arange(rows) % CLASSES
    model = LogisticRegression().fit(features, labels)
    learner = sl.ActiveLearner(model, sl.margin_sampling)
    return {
        **plain_calls(rows),
        "query": lambda: learner.query(features, n_instances=PICKS),
        "predict_proba": lambda: model.predict_proba(features),
    }


def timed() -> None:
    """Print microseconds, and which targets are met."""
    for rows in SIZES:
        found: dict[str, list[float]] = {}
        for _ in range(TURNS + 1):
            for name, call in calls(rows).items():
                call()
                began = time.perf_counter()
                for _ in range(CALLS // 4):
                    call()
                found.setdefault(name, []).append((time.perf_counter() - began) / (CALLS // 4) * 1e6)
        took = {name: statistics.median(times[1:]) for name, times in found.items()}
        took["query"] -= took.pop("predict_proba")
        print(f"{rows} rows")
        for name, microseconds in took.items():
            target = TARGETS.get(name) if rows == SIZES[0] else None
            verdict = (
                "" if target is None else f"  target {target:.0f}: {'met' if microseconds <= target else 'MISSED'}"
            )
            print(f"  {name:<8} {microseconds:>7.1f} us{verdict}")


def marked(names: list[str]) -> None:
    """Make so many calls of each kind, with marks between them."""
    known = calls(SIZES[0]) if {"query", "predict_proba"} & set(names) else plain_calls(SIZES[0])
    # When garbage is looked for depends on all that was imported.
    gc.disable()
    for name in names:
        for _ in range(COUNTED):
            known[name]()
        _core.build_info()
        for _ in range(COUNTED):
            known[name]()
        _core.build_info()


def instructions(names: list[str]) -> dict[str, dict[str, int]]:
    """Count what one call of each kind executes, by where."""
    with tempfile.TemporaryDirectory() as folder:
        words = ["--tool=callgrind", f"--callgrind-out-file={folder}/out", f"--dump-before={MARK}"]
        command = ["valgrind", "--quiet", *words, sys.executable, "-m", "benches.small_calls", "--repeat", *names]
        # Nothing else of the environment, which takes room that memory is then not taken from.
        env = {name: os.environ.get(name, "") for name in ("PATH", "PYTHONPATH")}
        subprocess.run(command, check=True, env={**env, "PYTHONHASHSEED": "0"})
        files = sorted(Path(folder).glob("out.*"), key=lambda file: int(file.suffix[1:]))
        # Each mark ends a file. The last of them holds the calls of the last kind, and the one before the first of these.
        parts = files[::-2][: len(names)][::-1]
        return {name: by_place(part) for name, part in zip(names, parts, strict=True)}


def by_place(file: Path) -> dict[str, int]:
    """Sum the instructions of a file of callgrind's, of each call of one kind, by where they are."""
    found: Counter[str] = Counter()
    objects: dict[str, str] = {}
    functions: dict[str, str] = {}
    place = function = ""
    inclusive = False
    for line in file.read_text().splitlines():
        key, _, value = line.partition("=")
        if key in ("ob", "cob", "fn", "cfn"):
            number, _, name = value.partition(" ")
            names = objects if key.endswith("ob") else functions
            if name:
                names[number] = name
            if key == "ob":
                place = names[number]
            elif key == "fn":
                function = names[number]
        elif key == "calls":
            inclusive = True
        elif line[:1].isdigit() or line[:1] in ("+", "-", "*"):
            if not inclusive:
                found[_where(place, function)] += int(line.split()[1])
            inclusive = False
    return {name: count // COUNTED for name, count in found.most_common()}


def _where(place: str, function: str) -> str:
    library = Path(place).name
    if library.startswith("_core.abi3"):
        return "core" if "shortlist_core" in function else "border"
    if "python" in library:
        return "interpreter"
    return "NumPy" if "_multiarray_umath" in library else "libraries"


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(prog="python -m benches.small_calls", description=__doc__)
    parser.add_argument("--instructions", action="store_true", help="count instructions, which needs valgrind")
    parser.add_argument("--counts", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--repeat", nargs="+", metavar="NAME", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.repeat:
        marked(asked.repeat)
    elif asked.counts:
        versions = {"python": platform.python_version(), "numpy": np.__version__}
        counts = {f"{name}_{SIZES[0]}x{CLASSES}": sum(found.values()) for name, found in instructions(KEPT).items()}
        print(json.dumps({"with": versions, "debug": _core.build_info()["debug"], "counts": counts}))
    elif asked.instructions:
        if shutil.which("valgrind") is None:
            raise SystemExit("there is no valgrind on PATH")
        found = instructions([*KEPT, "query", "predict_proba"])
        beside = Counter(found["query"])
        beside.subtract(found.pop("predict_proba"))
        found["query"] = dict(beside.most_common())
        for name, counts in found.items():
            listed = ", ".join(f"{where} {count:,}" for where, count in counts.items())
            print(f"{name:<8} {sum(counts.values()):>8,} instructions a call, {SIZES[0]} rows: {listed}")
    else:
        timed()


if __name__ == "__main__":
    main()
