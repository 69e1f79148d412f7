"""Run your own modAL script twice, on modAL and on Shortlist, and compare every pick.

``python -m shortlist.modal.compare SCRIPT [ARGUMENT ...]`` runs both here. Where modAL does not run
on this stack, name the interpreter of an environment in which it does:
``--modal-python old/bin/python``. The script is not changed; give it a fixed seed, or both runs
will differ by chance.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

Query = dict[str, Any]
RECORDER = Path(__file__).with_name("recorder.py")


def run(python: str, script: list[str], implementation: str) -> list[Query]:
    """Run the script and return its queries."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "queries.jsonl"
        environment = {**os.environ, "SHORTLIST_RECORD": implementation}
        done = subprocess.run([python, str(RECORDER), str(out), *script], env=environment, check=False)  # noqa: S603
        if done.returncode:
            raise SystemExit(f"{script[0]} on {implementation} ended with exit status {done.returncode}")
        return [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]


def compare(theirs: list[Query], ours: list[Query]) -> list[str]:
    """Return a line for each query that differs: the set of picks counts, not their order."""
    lines = []
    for number, (their, our) in enumerate(zip(theirs, ours, strict=False), 1):
        if sorted(their["picks"]) != sorted(our["picks"]):
            name = f"query {number}, {our['learner']} by {our['strategy']}"
            lines.append(f"{name}: modAL picked {their['picks']}, Shortlist {our['picks']}")
    if len(theirs) != len(ours):
        lines.append(f"modAL made {len(theirs)} queries, Shortlist {len(ours)}")
    return lines


def main(arguments: list[str] | None = None) -> int:
    """Compare, print what differs, and return 1 if anything does."""
    parser = argparse.ArgumentParser(prog="python -m shortlist.modal.compare", description=__doc__)
    parser.add_argument("--modal-python", default=sys.executable, help="interpreter that has a working modAL")
    parser.add_argument("script", nargs=argparse.REMAINDER, help="your script and its arguments")
    given = parser.parse_args(arguments)
    if not given.script:
        parser.error("a script is needed")
    theirs = run(given.modal_python, given.script, "modAL")
    ours = run(sys.executable, given.script, "shortlist")
    lines = compare(theirs, ours)
    for line in lines:
        print(line)  # noqa: T201
    print(f"{len(ours)} queries, {len(lines)} differ")  # noqa: T201
    if lines:
        print("where scores tie, modAL picks in no order it names and Shortlist the lowest position")  # noqa: T201
    return bool(lines)


if __name__ == "__main__":
    raise SystemExit(main())
