"""Instructions of the kernels against a committed baseline.

``python benches/instructions.py [--update]``

Time on a shared machine is noise; the number of instructions of one build is not. Valgrind's
callgrind counts what one thread executes inside each kernel, at every level that Valgrind offers:
it has AVX2 at most, so kernels of AVX-512 are not counted (each is the source of the same kernel at
AVX2). More than `TOLERANCE` above the baseline fails; as much below asks for a new baseline. Counts
say nothing of cache misses: `python -m benches` measures time.

Counted as well is what a Python process executes for one call of `select` and of `score` on 100 rows:
the interpreter, NumPy, the border and the core. These are kept for one version of Python and of NumPy.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
BASELINE = Path(__file__).with_suffix(".json")
TOLERANCE = 0.02


def build() -> Path:
    """Compile the example that runs the kernels; its path."""
    # Of the whole workspace, so that the core is compiled as for the extension, and so once.
    command = ["cargo", "build", "--release", "--quiet", "--workspace", "--example", "instructions"]
    subprocess.run(
        [*command, "--message-format=json-render-diagnostics"], cwd=ROOT, check=True, stdout=subprocess.DEVNULL
    )
    words = ["cargo", "metadata", "--format-version=1", "--no-deps"]
    target = json.loads(subprocess.run(words, cwd=ROOT, check=True, capture_output=True, text=True).stdout)
    return Path(target["target_directory"]) / "release" / "examples" / "instructions"


def names(program: Path) -> list[str]:
    """The kernels, at the levels that Valgrind offers."""
    command = ["valgrind", "--quiet", program, "list"]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()


def counts(program: Path, first: int, step: int) -> list[int]:
    """Instructions of every so many kernels: callgrind writes a file at the end of each."""
    with tempfile.TemporaryDirectory() as folder:
        options = ["--toggle-collect=*instructions*measured*", "--dump-after=instructions::measured"]
        command = ["valgrind", "--quiet", "--tool=callgrind", f"--callgrind-out-file={folder}/out", *options]
        subprocess.run([*command, program, str(first), str(step)], check=True)
        files = sorted(Path(folder).glob("out.*"), key=lambda file: int(file.suffix[1:]))
        totals = [re.search(r"^totals: (\d+)", file.read_text(), re.MULTILINE) for file in files]
    return [int(found[1]) for found in totals if found]


def calls() -> dict[str, Any] | str:
    """What whole calls execute, and with which versions; or why that is not known here."""
    command = [sys.executable, "-m", "benches.small_calls", "--counts"]
    paths = os.pathsep.join([str(ROOT / "python"), *filter(None, [os.environ.get("PYTHONPATH")])])
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": paths})
    if done.returncode:
        return (done.stderr.strip().splitlines() or ["nothing was said"])[-1]
    found: dict[str, Any] = json.loads(done.stdout)
    return "the extension was not built for release" if found.pop("debug") else found


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
    known = json.loads(BASELINE.read_text()) if BASELINE.exists() else {"rustc": "", "counts": {}}
    if rustc() != known["rustc"] and not update:
        print(
            f"instructions: skipped: the baseline is of {known['rustc']}, and this is {rustc()}: other code, other counts"
        )
        return 0
    program = build()
    kernels = names(program)
    if not update and (lacks := set(known["counts"]) - set(kernels)):
        print(f"instructions: left out: {len(lacks)} kernels of a level that Valgrind does not offer here")
    # Valgrind runs one thread at a time, and what it counts does not depend on what else runs.
    step = os.cpu_count() or 1
    found: dict[str, int] = {}
    with ThreadPoolExecutor(step) as pool:
        for first, some in enumerate(pool.map(lambda first: counts(program, first, step), range(step))):
            found |= dict(zip(kernels[first::step], some, strict=True))
    counted, baseline = {kernel: found[kernel] for kernel in kernels}, dict(known["counts"])
    whole, before = calls(), known.get("calls")
    if isinstance(whole, str):
        print(f"instructions: calls are skipped: {whole}")
    elif update or (before is not None and before["with"] == whole["with"]):
        counted |= whole["counts"]
        baseline |= {} if before is None else before["counts"]
    else:
        print(f"instructions: calls are skipped: the baseline is not of {whole['with']}")
    failed = []
    for name, count in counted.items():
        words, fails = verdict(baseline.get(name), count)
        failed += [name] * (fails and not update)
        print(f"  {name:<36} {count:>12,}  {words}", flush=True)
    if update:
        kept = before if isinstance(whole, str) else whole
        everything = {"rustc": rustc(), "counts": {kernel: found[kernel] for kernel in kernels}, "calls": kept}
        BASELINE.write_text(json.dumps(everything, indent=1) + "\n")
        return 0
    if failed:
        print(f"instructions: {len(failed)} of {len(counted)} counts are more than the baseline allows")
    return bool(failed)


if __name__ == "__main__":
    sys.exit(main())
