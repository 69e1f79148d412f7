"""Run every attack there is, two at a time, and print what each tried and found: ``make attack``."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

from attacks.report import LINE

ATTACKS: dict[str, list[str]] = {
    "faults": ["-m", "attacks.faults"],
    "soak": ["-m", "attacks.soak"],
    "core": ["-m", "attacks.core"],
    "trainings": ["-m", "attacks.trainings"],
    "kills": ["-m", "attacks.kills"],
    "overreads": ["-m", "attacks.overreads"],
    "clusters": ["-m", "attacks.clusters"],
    "models": ["-m", "attacks.models"],
    "threads": ["-m", "attacks.core_tests", "threads"],
    "miri": ["-m", "attacks.core_tests", "miri"],
    "fuzz": ["-m", "fuzz"],
    "leases": ["-m", "attacks.leases"],
    "page": ["-m", "attacks.page_answers"],
    "power": ["-m", "attacks.power_cuts"],
    "memory": ["-m", "attacks.memory"],
    "faults-delete": ["-m", "attacks.faults", "--journal", "delete"],
    "power-delete": ["-m", "attacks.power_cuts", "--journal", "delete"],
    "writers": ["-m", "attacks.writers"],
    "cut": ["-m", "attacks.cut_files"],
}
"""THE list of attacks, the longest first: what Python is started with for each. What isn't Python is started by a file here."""


def main() -> int:
    """Run all or some, and print the table as Markdown; return 1 where one found something or failed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("attack", nargs="*", metavar="ATTACK", help="only these")
    size = parser.add_mutually_exclusive_group()
    size.add_argument("--quick", action="store_true", help="a sample of each, in minutes")
    size.add_argument("--ci", action="store_true", help="a smaller one of what compiles nothing")
    given = parser.parse_args()
    sizes: dict[str, list[str]] = CI if given.ci else QUICK if given.quick else WHOLE
    names = given.attack or [*(CI if given.ci else ATTACKS)]
    began = time.monotonic()
    with ThreadPoolExecutor(2) as side_by_side:
        parts = [*side_by_side.map(run, [[*ATTACKS[name], *sizes.get(name, ())] for name in names])]
    rows = [row for found, _ in parts for row in found]
    print(
        "| attack | command | inputs | faults | kills and power cuts | findings | minutes |\n|---|---|---|---|---|---|---|"
    )
    for row in rows:
        numbers = " | ".join(f"{row[part]:,}" for part in ("inputs", "faults", "kills", "findings"))
        print(f"| {row['attack']} | `{row['command']}` | {numbers} | {row['minutes']:.1f} |")
    print(f"{(time.monotonic() - began) / 60:.0f} minutes in all, two attacks at a time")
    return int(any(failed for _, failed in parts))


def run(words: list[str]) -> tuple[list[dict[str, object]], bool]:
    """Run an attack; return its lines of the table, and whether it failed or said nothing."""
    print("python", *words, file=sys.stderr, flush=True)
    began = time.monotonic()
    done = subprocess.run([sys.executable, *words], stdout=subprocess.PIPE, text=True, check=False, env=os.environ)
    minutes = (time.monotonic() - began) / 60
    print(done.stdout, file=sys.stderr, flush=True)
    found = [json.loads(line.removeprefix(LINE)) for line in done.stdout.splitlines() if line.startswith(LINE)]
    if not found:
        print(*words, f"ended with {done.returncode} and said nothing of what it found", file=sys.stderr)
    told = {"command": " ".join(["python", *words]), "minutes": minutes}
    return [{**line, **told} for line in found], bool(done.returncode) or not found


WHOLE = {
    "soak": ["--minutes", "30"],
    "core": ["--minutes", "15"],
    "trainings": ["--every", "4"],
    "kills": ["--every", "3"],
    "models": ["--schedules", "20000", "--faults", "500"],
    "leases": ["--orders", "300"],
    "power": ["--every", "2"],
    "memory": ["--most", "150"],
    "faults-delete": ["--every", "14"],
    "power-delete": ["--every", "7"],
}
"""What is tried of those that have no end, or would take hours each: the whole stays under two hours on two cores."""
QUICK = {
    "writers": ["--every", "7"],
    "faults": ["--every", "37"],
    "page": ["--every", "17"],
    "faults-delete": ["--every", "83"],
    "power": ["--every", "97"],
    "power-delete": ["--every", "197"],
    "kills": ["--every", "97", "--kills", "20"],
    "cut": ["--cuts", "200"],
    "fuzz": ["--minutes", "1"],
    "core": ["--minutes", "1"],
    "models": ["--schedules", "2000", "--faults", "0"],
    "overreads": ["--every", "25"],
    "leases": ["--depth", "3", "--orders", "60"],
    "memory": ["--every", "41"],
    "trainings": ["--every", "40"],
    "clusters": ["--quick"],
    "soak": ["--minutes", "1"],
}
CI = {
    "faults": ["--every", "199", "--begin", "3"],
    "power": ["--every", "151"],
    "kills": ["--every", "131", "--kills", "6"],
    "page": ["--every", "61"],
    "faults-delete": ["--every", "397"],
    "power-delete": ["--every", "307"],
    "writers": ["--every", "13"],
    "cut": ["--cuts", "100"],
    "fuzz": ["--minutes", "0.4"],
}
"""What `.ci/run` tries: about ninety seconds of a core."""


if __name__ == "__main__":
    raise SystemExit(main())
