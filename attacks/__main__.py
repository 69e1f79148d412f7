"""Run every attack there is, and print what each tried and found: ``make attack``."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time

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
    "trainings": ["-m", "attacks.trainings"],
    "clusters": ["-m", "attacks.clusters"],
    "soak": ["-m", "attacks.soak"],
}
"""THE list of attacks: what Python is started with for each. What isn't Python is started by a file here."""


def main() -> int:
    """Run all or some, and print the table as Markdown; return 1 where one found something or failed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("attack", nargs="*", metavar="ATTACK", help="only these")
    parser.add_argument("--quick", action="store_true", help="a sample of each, in minutes")
    given = parser.parse_args()
    rows, failed = [], False
    for name in given.attack or ATTACKS:
        words = ATTACKS[name] + (QUICK[name] if given.quick else [])
        print(f"{name}: python {' '.join(words)}", file=sys.stderr, flush=True)
        began = time.monotonic()
        done = subprocess.run([sys.executable, *words], stdout=subprocess.PIPE, text=True, check=False, env=os.environ)
        print(done.stdout, file=sys.stderr, flush=True)
        found = [json.loads(line.removeprefix(LINE)) for line in done.stdout.splitlines() if line.startswith(LINE)]
        minutes = (time.monotonic() - began) / 60
        failed |= bool(done.returncode) or not found
        rows += [{**line, "command": " ".join(["python", *words]), "minutes": minutes} for line in found]
        if not found:
            print(f"{name} ended with {done.returncode} and said nothing of what it found", file=sys.stderr)
    print("| attack | command | inputs | faults | kills and power cuts | findings |\n|---|---|---|---|---|---|")
    for row in rows:
        numbers = " | ".join(f"{row[part]:,}" for part in ("inputs", "faults", "kills", "findings"))
        print(f"| {row['attack']} | `{row['command']}` | {numbers} |")
    return int(failed)


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
    "trainings": ["--every", "40"],
    "clusters": ["--quick"],
    "soak": ["--minutes", "1"],
}


if __name__ == "__main__":
    raise SystemExit(main())
