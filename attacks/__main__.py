"""Run every attack there is, two at a time, and print what each tried and found: ``make attack``."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

from attacks.report import LINE

ATTACKS: dict[str, list[str]] = {
    "writers": ["-m", "attacks.writers"],
    "faults": ["-m", "attacks.faults"],
    "page": ["-m", "attacks.page_answers"],
    "faults-delete": ["-m", "attacks.faults", "--journal", "delete", "--every", "7"],
    "power": ["-m", "attacks.power_cuts"],
    "power-delete": ["-m", "attacks.power_cuts", "--journal", "delete", "--every", "7"],
    "kills": ["-m", "attacks.kills"],
    "cut": ["-m", "attacks.cut_files"],
    "fuzz": ["-m", "fuzz"],
    "core": ["-m", "attacks.core"],
    "models": ["-m", "attacks.models"],
    "overreads": ["-m", "attacks.overreads"],
    "leases": ["-m", "attacks.leases"],
    "trainings": ["-m", "attacks.trainings"],
    "clusters": ["-m", "attacks.clusters"],
    "soak": ["-m", "attacks.soak"],
}
"""THE list of attacks: what Python is started with for each. What isn't Python is started by a file here."""


def main() -> int:
    """Run all or some, and print the table as Markdown; return 1 where one found something or failed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("attack", nargs="*", metavar="ATTACK", help="only these")
    size = parser.add_mutually_exclusive_group()
    size.add_argument("--quick", action="store_true", help="a sample of each, in minutes")
    size.add_argument("--ci", action="store_true", help="a smaller one of what compiles nothing")
    given = parser.parse_args()
    sizes: dict[str, list[str]] = CI if given.ci else QUICK if given.quick else {}
    names = given.attack or [*(sizes or ATTACKS)]
    with ThreadPoolExecutor(2) as side_by_side:
        parts = [*side_by_side.map(run, [[*ATTACKS[name], *sizes.get(name, ())] for name in names])]
    rows = [row for found, _ in parts for row in found]
    print("| attack | command | inputs | faults | kills and power cuts | findings |\n|---|---|---|---|---|---|")
    for row in rows:
        numbers = " | ".join(f"{row[part]:,}" for part in ("inputs", "faults", "kills", "findings"))
        print(f"| {row['attack']} | `{row['command']}` | {numbers} |")
    return int(any(failed for _, failed in parts))


def run(words: list[str]) -> tuple[list[dict[str, object]], bool]:
    """Run an attack; return its lines of the table, and whether it failed or said nothing."""
    print("python", *words, file=sys.stderr, flush=True)
    done = subprocess.run([sys.executable, *words], stdout=subprocess.PIPE, text=True, check=False, env=os.environ)
    print(done.stdout, file=sys.stderr, flush=True)
    found = [json.loads(line.removeprefix(LINE)) for line in done.stdout.splitlines() if line.startswith(LINE)]
    if not found:
        print(*words, f"ended with {done.returncode} and said nothing of what it found", file=sys.stderr)
    return [{**line, "command": " ".join(["python", *words])} for line in found], bool(done.returncode) or not found


QUICK = {
    "writers": ["--every", "7"],
    "faults": ["--every", "97"],
    "page": ["--every", "17"],
    "faults-delete": ["--every", "197"],
    "power": ["--every", "97"],
    "power-delete": ["--every", "197"],
    "kills": ["--every", "97", "--kills", "20"],
    "cut": ["--cuts", "200"],
    "fuzz": ["--minutes", "1"],
    "core": ["--minutes", "1"],
    "models": ["--schedules", "2000", "--faults", "0"],
    "overreads": ["--every", "9"],
    "leases": ["--depth", "3", "--orders", "60"],
    "trainings": ["--every", "40"],
    "clusters": ["--quick"],
    "soak": ["--minutes", "1"],
}
CI = {
    "faults": ["--every", "499", "--begin", "3"],
    "power": ["--every", "151"],
    "kills": ["--every", "131", "--kills", "6"],
    "page": ["--every", "61"],
    "faults-delete": ["--every", "997"],
    "power-delete": ["--every", "307"],
    "writers": ["--every", "13"],
    "cut": ["--cuts", "100"],
    "fuzz": ["--minutes", "0.4"],
}
"""What `.ci/run` tries: about ninety seconds of a core."""


if __name__ == "__main__":
    raise SystemExit(main())
