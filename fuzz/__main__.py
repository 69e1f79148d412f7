"""Try inputs on every target for some minutes, and print how many were tried and what was found.

Each target has a process of its own, so that what kills it is a finding too. An input that ends in a new place of the package,
or in a new way, is kept to make others of. What is found is written to `fuzz/findings`; mended, it goes to `fuzz/corpus`,
which the tests read. With `atheris` installed, `--atheris` lets it choose inputs by the lines they reach.
"""

from __future__ import annotations

import argparse
import faulthandler
import hashlib
import json
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from attacks.report import ended, table

from fuzz.mutate import mutated
from fuzz.targets import TARGETS, complaint
from shortlist.writing import write_bytes, write_json

if TYPE_CHECKING:
    from collections.abc import Callable

HERE = Path(__file__).parent
FINDINGS = HERE / "findings"
LONG = 30
"""Seconds that one input may take."""
STATE = "state.json"
KEPT = 400
"""Inputs that others are made of."""


def main() -> int:
    """Try all targets, or some; return 1 where anything was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("target", nargs="*", metavar="TARGET", help=f"only these of {', '.join(TARGETS)}")
    parser.add_argument("--minutes", type=float, default=10.0, help="in all")
    parser.add_argument("--seed", type=int, default=0, help="of the inputs")
    parser.add_argument("--atheris", action="store_true", help="choose inputs by the lines they reach")
    parser.add_argument("--one", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    names = given.target or list(TARGETS)
    if given.one:
        return _one(names[0], 60 * given.minutes, given.seed)
    rows, wrong, inputs = [], list[str](), 0
    for name in names:
        words = ["-m", "fuzz.guided"] if given.atheris else ["-m", "fuzz", "--one"]
        share = given.minutes / len(names)
        state = FINDINGS / name / STATE
        state.unlink(missing_ok=True)
        command = [sys.executable, *words, name, "--minutes", str(share), "--seed", str(given.seed)]
        done = subprocess.run(command, check=False, cwd=HERE.parent, stdout=subprocess.DEVNULL)
        said = json.loads(state.read_bytes()) if state.exists() else {"tried": 0, "ways": 0, "found": {}}
        if done.returncode or not said["tried"]:
            said["found"][f"fuzz/findings/{name}/last"] = f"the process ended with {done.returncode}"
        rows.append([name, said["tried"], said["ways"], len(said["found"])])
        wrong += [f"{name}: {what} ({file})" for file, what in said["found"].items()]
        inputs += said["tried"]
    print(table(["target", "inputs", "ways they ended", "findings"], rows))
    return ended("inputs by chance", wrong, inputs=inputs)


def _one(name: str, seconds: float, seed: int) -> int:
    """Try inputs on one target, and print what came of them as JSON."""
    faulthandler.enable()
    target, chance = TARGETS[name], random.Random(f"{name} {seed}")
    corpus = seeds(name)
    tried, until = Tried(name), time.monotonic() + seconds
    count = 0
    while time.monotonic() < until:
        data = corpus[count] if count < len(corpus) else mutated(chance.choice(corpus), corpus, chance)
        count += 1
        if tried.on(target, data) and len(corpus) < KEPT:
            corpus.append(data)
    tried.end()
    return 0


class Tried:
    """What came of the inputs of a target so far; it is kept in a file, as the process may end at any of them."""

    def __init__(self, name: str) -> None:
        self._place = FINDINGS / name
        self._place.mkdir(parents=True, exist_ok=True)
        self._last = self._place / "last"
        self._ways: set[str] = set()
        self._found: dict[str, str] = {}
        self._tried = 0
        if hasattr(signal, "setitimer"):
            signal.signal(signal.SIGALRM, _late)

    def on(self, target: Callable[[bytes], object], data: bytes) -> bool:
        """Try an input; return whether it ended in a new way."""
        self._last.write_bytes(data)  # so that what kills the process is known
        if hasattr(signal, "setitimer"):
            signal.setitimer(signal.ITIMER_REAL, LONG)
        way, wrong = complaint(target, data)
        if hasattr(signal, "setitimer"):
            signal.setitimer(signal.ITIMER_REAL, 0)
        self._tried += 1
        new = way not in self._ways
        if new and wrong is not None:
            file = self._place / hashlib.sha256(data).hexdigest()[:12]
            write_bytes(file, [data])
            self._found[str(file.relative_to(HERE.parent))] = wrong
        self._ways.add(way)
        if new or self._tried % 500 == 0:
            self.end()
        return new

    def end(self) -> None:
        """Keep what came of it."""
        said = {"tried": self._tried, "ways": len(self._ways), "found": self._found}
        write_json(self._place / STATE, said)


def seeds(name: str) -> list[bytes]:
    """Return the inputs that are kept for a target."""
    return [path.read_bytes() for path in sorted((HERE / "corpus" / name).iterdir())]


def _late(*_: object) -> None:
    raise AssertionError(f"it took longer than {LONG} seconds")


if __name__ == "__main__":
    raise SystemExit(main())
