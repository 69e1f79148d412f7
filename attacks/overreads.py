"""Make the core's reads reach too far, and see that a test finds it: ``python -m attacks.overreads``.

What unsafe code may read rests on a few lines: how many rows or values are whole, which lanes are masked out, what was checked
before. Each of them is made wrong in a copy of the core, all in one build, where a variable of the environment chooses which;
then the core's tests, whose rows lie between pages that nobody may read, must fail.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import signal
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path

from attacks.report import ended, table

ROOT = Path(__file__).parents[1]
BUILT = ROOT / "target" / "overreads"
CORE = Path("rust") / "core" / "src"
VARIABLE = "SHORTLIST_OVERREAD"
LONG = 900.0
"""Seconds that the tests may take; they end at the first fault."""


@dataclass(frozen=True)
class Wrong:
    """A line made wrong: `text` of a file, in whose place comes `other`, where ``WRONG`` is whether it is chosen."""

    what: str
    file: str
    text: str
    other: str
    level: str = ""


FAULTS = [Wrong(**each) for each in tomllib.loads(Path(__file__).with_suffix(".toml").read_text("utf-8"))["wrong"]]
"""THE list of what is made wrong."""
ASK = """
/// Which line is wrong.
pub(crate) fn wrong(number: usize) -> bool {
    static CHOSEN: std::sync::OnceLock<usize> = std::sync::OnceLock::new();
    let read = || std::env::var("VARIABLE").ok().and_then(|number| number.parse().ok()).unwrap_or(usize::MAX);
    *CHOSEN.get_or_init(read) == number
}
"""


def main() -> int:
    """Build the copy, run its tests once as it was and once for each line; return 1 where one is not found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--every", type=int, default=1, help="only each so many-th line")
    parser.add_argument("--only", default="", metavar="TEXT", help="only lines with this in their file or name")
    given = parser.parse_args()
    programs = build()
    wrong = []
    if said := ran(programs, None):
        wrong.append(f"with nothing made wrong: {said}")
    rows: list[list[str | int]] = []
    has = flags()
    chosen = [each for each in enumerate(FAULTS) if given.only in f"{each[1].file}: {each[1].what}"]
    for number, fault in chosen[:: given.every]:
        if fault.level not in ("", *has):
            rows.append([fault.what, fault.file, "not on this CPU"])
            continue
        # The tests of its own file come first: they take a second, and most lines are found by them.
        near = fault.file.removesuffix(".rs").removesuffix("/mod").replace("/", "::") + "::"
        found = ran(programs, number, near) or ran(programs, number)
        print(f"{fault.file}, {fault.what}: {found or 'NOT FOUND'}", file=sys.stderr, flush=True)
        rows.append([fault.what, fault.file, found or "nothing"])
        if not found:
            wrong.append(f"no test finds {fault.what} ({fault.file})")
    print(table(["made wrong", "file", "found by"], rows))
    return ended("reads that reach too far", wrong, faults=sum(row[2] != "not on this CPU" for row in rows))


def planted() -> dict[str, str]:
    """Return the files of the core that have such lines, with each line there twice, as it is and wrong."""
    sources = {fault.file: (ROOT / CORE / fault.file).read_text("utf-8") for fault in FAULTS}
    for number, fault in enumerate(FAULTS):
        times = sources[fault.file].count(fault.text)
        if times != 1:
            raise ValueError(f"{fault.file} has {fault.text!r} {times} times, which must be there once")
        other = fault.other.replace("WRONG", f"crate::wrong({number})")
        sources[fault.file] = sources[fault.file].replace(fault.text, other)
    return sources


def build() -> list[Path]:
    """Build the core's tests with every line there twice, as it is and wrong; return the programs."""
    copy = BUILT / "copy"
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(ROOT / "rust", copy / "rust", ignore=shutil.ignore_patterns("models", "target"))
    for name in ("Cargo.toml", "Cargo.lock"):
        shutil.copy(ROOT / name, copy / name)
    for file, source in planted().items():
        (copy / CORE / file).write_text(source, encoding="utf-8")
    library = copy / CORE / "lib.rs"
    library.write_text(library.read_text(encoding="utf-8") + ASK.replace("VARIABLE", VARIABLE), encoding="utf-8")
    words = [
        "cargo",
        "test",
        "--no-run",
        "-p",
        "shortlist-core",
        "--lib",
        "--tests",
        "--message-format",
        "json",
        "--quiet",
    ]
    environment = {**os.environ, "CARGO_TARGET_DIR": str(BUILT / "built"), "RUSTFLAGS": "-Awarnings"}
    done = subprocess.run(words, cwd=copy, env=environment, check=True, stdout=subprocess.PIPE, text=True)
    told = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    made = [each["executable"] for each in told if each.get("reason") == "compiler-artifact" and each.get("executable")]
    return sorted((Path(path) for path in made), key=lambda path: not path.name.startswith("rows"))


def ran(programs: list[Path], number: int | None, only: str = "") -> str:
    """Run the tests with one line wrong, or none; return how the first ended that failed, or nothing.

    With `only`, those that have this in their names.
    """
    environment = dict(os.environ)
    if number is not None:
        environment[VARIABLE] = str(number)
    for program in programs:
        try:
            done = subprocess.run(
                [program, "--quiet", *([only] if only else [])], env=environment, cwd=ROOT / "rust" / "core",
                stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=False, timeout=LONG, errors="replace",
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            return f"{program.name.rsplit('-', 1)[0]}: it hangs"
        name = program.name.rsplit("-", 1)[0]
        if done.returncode < 0:
            return f"{name}: {signal.Signals(-done.returncode).name}"
        if done.returncode:
            failed = [line for line in done.stdout.splitlines() if line.startswith("    ")]
            return f"{name}: {failed[-1].strip() if failed else 'a test that failed'}"
    return ""


def flags() -> set[str]:
    """Return what the CPU of this machine can do, as Linux names it."""
    if platform.machine() != "x86_64":
        return set()
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    return set(next(line for line in lines if line.startswith("flags")).split())


if __name__ == "__main__":
    raise SystemExit(main())
