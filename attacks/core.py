"""Have libFuzzer attack the core: states of selections, selections, distances, each against its definition.

The targets lie in `rust/fuzz`; they are compiled with the address sanitizer and counters of what an input reaches, by the
stable compiler, which `RUSTC_BOOTSTRAP` lets take these flags. What is found is written to `target/fuzz/found`; the program of
its target, in `target/fuzz`, repeats it when given the file. `--keep` writes the inputs that reached new places to
`rust/fuzz/kept`, which the core's tests read. `--plain` leaves the sanitizer out, and tries several times as many inputs a
second: what the targets themselves compare is compared, and overflow is caught, but no access to memory is looked at.
"""

from __future__ import annotations

import argparse
import os
import platform
import re
import subprocess
import sys
from pathlib import Path

from attacks.report import ended, table
from shortlist.writing import write_bytes

ROOT = Path(__file__).parents[1]
BUILT = ROOT / "target" / "fuzz"
KEPT = ROOT / "rust" / "fuzz" / "kept"
TARGETS = {"state": 0.4, "select": 0.4, "distances": 0.2}
"""THE list of targets, and what share of the time each gets."""
COVERAGE = [
    "-Cpasses=sancov-module",
    *(
        f"-Cllvm-args=-sanitizer-coverage-{what}"
        for what in ("level=4", "inline-8bit-counters", "pc-table", "trace-compares")
    ),
]
LONGEST, MOST = 255, 200
"""Bytes of an input that is kept, and how many are."""


def main() -> int:
    """Compile the targets, run each for its share of the time, print the counts; return 1 where anything was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=20.0, help="in all")
    parser.add_argument("--target", choices=TARGETS, action="append", help="only this")
    parser.add_argument("--jobs", type=int, default=1, help="processes side by side of each target")
    parser.add_argument("--plain", action="store_true", help="without the address sanitizer, which is quicker")
    parser.add_argument("--keep", action="store_true", help="write inputs that reached new places to rust/fuzz/kept")
    given = parser.parse_args()
    triple = f"{platform.machine()}-unknown-linux-gnu"
    flags = " ".join([*COVERAGE, *([] if given.plain else ["-Zsanitizer=address"])])
    programs = BUILT / "plain" if given.plain else BUILT
    words = ["cargo", "build", "--release", "--quiet", "--target", triple]
    environment = {**os.environ, "RUSTC_BOOTSTRAP": "1", "RUSTFLAGS": flags, "CARGO_TARGET_DIR": str(programs)}
    subprocess.run(words, cwd=ROOT / "rust" / "fuzz", env=environment, check=True)
    rows, wrong, tried = [], list[str](), 0
    shares = {target: TARGETS[target] for target in given.target or TARGETS}
    for target, share in shares.items():
        corpus, found = BUILT / "corpus" / target, BUILT / "found" / target
        corpus.mkdir(parents=True, exist_ok=True)
        found.mkdir(parents=True, exist_ok=True)
        for number, data in enumerate(kept(KEPT / target)):
            (corpus / f"kept-{number}").write_bytes(data)
        seconds = max(1, round(60 * given.minutes * share / sum(shares.values())))
        options = [
            f"-max_total_time={seconds}",
            "-print_final_stats=1",
            "-rss_limit_mb=2048",
            "-timeout=30",
            "-max_len=512",
        ]
        options += [f"-artifact_prefix={found}/", *([f"-fork={given.jobs}"] if given.jobs > 1 else [])]
        binary = programs / triple / "release" / target
        done = subprocess.run(
            [binary, *options, corpus], stderr=subprocess.PIPE, text=True, errors="replace", check=False
        )
        runs, reached = counted(done.stderr)
        if done.returncode or not runs:
            print(done.stderr[-4000:], file=sys.stderr)
            wrong.append(f"{target}: ended with {done.returncode} after {runs:,} inputs; see {found}")
        rows.append([target, runs, reached, len(list(corpus.iterdir()))])
        tried += runs
        if given.keep:
            keep(corpus, KEPT / target)
    print(table(["target", "inputs", "places reached", "inputs kept"], rows))
    how = "without a sanitizer" if given.plain else "with the address sanitizer"
    return ended(f"the core by libFuzzer, {how}", wrong, inputs=tried)


def counted(log: str) -> tuple[int, int]:
    """Return how many inputs a log of libFuzzer speaks of, and how many places of the program they reached."""
    runs = [int(number) for number in re.findall(r"stat::number_of_executed_units: *(\d+)", log)]
    forked = [int(number) for number in re.findall(r"^#(\d+): cov:", log, re.MULTILINE)]
    reached = [int(number) for number in re.findall(r"cov: (\d+)", log)]
    return sum(runs) or max(forked, default=0), max(reached, default=0)


def kept(file: Path) -> list[bytes]:
    """Return the inputs of a file in which each lies behind its length."""
    data = file.read_bytes() if file.exists() else b""
    inputs = []
    while data:
        inputs.append(data[1 : 1 + data[0]])
        data = data[1 + data[0] :]
    return inputs


def keep(corpus: Path, file: Path) -> None:
    """Write the shortest inputs of a corpus to one file."""
    inputs = {path.read_bytes() for path in corpus.iterdir()}
    short = sorted((data for data in inputs if len(data) <= LONGEST), key=lambda data: (len(data), data))
    chosen = short[:: max(1, len(short) // MOST)][:MOST]
    write_bytes(file, [b"".join(bytes([len(data)]) + data for data in chosen)])


if __name__ == "__main__":
    raise SystemExit(main())
