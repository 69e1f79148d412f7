"""Instructions of the main kernels against a committed baseline: ``python benches/instructions.py [--update]``.

Time on a shared machine is noise; the number of instructions of one build is not. Valgrind's callgrind counts what one thread
executes inside the kernel, at the level that Valgrind offers (AVX2 at most). More than `TOLERANCE` above the baseline fails;
as much below asks for a new baseline. Counts say nothing of cache misses: `python -m benches` measures time.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BASELINE = Path(__file__).with_suffix(".json")
TOLERANCE = 0.03


def build() -> Path:
    """Compile the example that runs one kernel; its path."""
    # Of the whole workspace, so that the core is compiled as for the extension, and so once.
    command = ["cargo", "build", "--release", "--quiet", "--workspace", "--example", "instructions"]
    subprocess.run(
        [*command, "--message-format=json-render-diagnostics"], cwd=ROOT, check=True, stdout=subprocess.DEVNULL
    )
    words = ["cargo", "metadata", "--format-version=1", "--no-deps"]
    target = json.loads(subprocess.run(words, cwd=ROOT, check=True, capture_output=True, text=True).stdout)
    return Path(target["target_directory"]) / "release" / "examples" / "instructions"


def callgrind(program: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run the example under callgrind, counting inside `measured` alone."""
    options = ["--tool=callgrind", "--callgrind-out-file=/dev/null", "--toggle-collect=*instructions*measured*"]
    return subprocess.run(["valgrind", *options, program, *words], check=True, capture_output=True, text=True)


def count(program: Path, kernel: str) -> int:
    """Instructions of one kernel."""
    said = callgrind(program, kernel).stderr
    found = re.search(r"Collected : (\d+)", said)
    if not found or not int(found[1]):
        raise SystemExit(f"instructions: callgrind counted nothing for {kernel}:\n{said}")
    return int(found[1])


def rustc() -> str:
    """Which compiler: another one gives other counts."""
    return subprocess.run(["rustc", "--version"], check=True, capture_output=True, text=True).stdout.strip()


def verdict(known: int | None, now: int) -> tuple[str, bool]:
    """What to say of a count, and whether it fails."""
    if known is None:
        return "new: run with --update", True
    change = now / known - 1
    if change > TOLERANCE:
        return f"{change:+.1%}  MORE than {TOLERANCE:.0%} above the baseline", True
    if change < -TOLERANCE:
        return f"{change:+.1%}  fewer: keep it with --update", False
    return f"{change:+.1%}", False


def main() -> int:
    """Count, compare, and say what changed; 0 where it cannot be done here, with the reason."""
    parser = argparse.ArgumentParser(prog="benches/instructions.py", description=__doc__)
    parser.add_argument("--update", action="store_true", help="write the counts as the new baseline")
    update = parser.parse_args().update
    for needed in ("valgrind", "cargo"):
        if shutil.which(needed) is None:
            print(f"instructions: skipped: there is no {needed} on PATH")
            return 0
    known = json.loads(BASELINE.read_text()) if BASELINE.exists() else {"level": "", "rustc": "", "counts": {}}
    if rustc() != known["rustc"] and not update:
        print(
            f"instructions: skipped: the baseline is of {known['rustc']}, and this is {rustc()}: other code, other counts"
        )
        return 0
    program = build()
    level, *kernels = callgrind(program, "list").stdout.split()
    if level != known["level"] and not update:
        print(f"instructions: skipped: the baseline is of {known['level']}, and Valgrind offers {level} here")
        return 0
    # Valgrind runs one thread at a time, and what it counts does not depend on what else runs.
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        counts = dict(zip(kernels, pool.map(lambda kernel: count(program, kernel), kernels), strict=True))
    failed = []
    for kernel in kernels:
        words, fails = verdict(known["counts"].get(kernel), counts[kernel])
        failed += [kernel] * (fails and not update)
        print(f"  {kernel:<24} {counts[kernel]:>12,}  {words}", flush=True)
    if update:
        BASELINE.write_text(json.dumps({"level": level, "rustc": rustc(), "counts": counts}, indent=1) + "\n")
        return 0
    if failed:
        print(f"instructions: {len(failed)} of {len(kernels)} kernels execute more than the baseline allows")
    return bool(failed)


if __name__ == "__main__":
    sys.exit(main())
