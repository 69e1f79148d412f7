"""Run the core's tests where an instrument looks on: ``python -m attacks.core_tests threads``, or ``miri``.

The thread sanitizer sees each access to memory that two threads share without an order; the standard library is compiled with
it. Miri interprets the core at the portable level, and sees what Rust leaves undefined: a read outside of an object, a wrong
alignment, a reference that another one forbids; that is slow, so it gets some of the inputs that fuzzing has kept. Both need
what rustup installs: `rustup component add rust-src`, and for Miri `rustup +nightly component add miri rust-src`. Where that
is missing, this says so and counts nothing.
"""

from __future__ import annotations

import argparse
import os
import platform
import re
import subprocess
import sys
from pathlib import Path

from attacks.report import ended

ROOT = Path(__file__).parents[1]
TRIPLE = f"{platform.machine()}-unknown-linux-gnu"


def main() -> int:
    """Run the tests; return 1 where one fails or the instrument finds something."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("instrument", choices=["threads", "miri"])
    given = parser.parse_args()
    return threads() if given.instrument == "threads" else miri()


def threads() -> int:
    """Run all tests under the thread sanitizer."""
    library = Path(said("rustc", "--print", "sysroot")) / "lib" / "rustlib" / "src" / "rust" / "library"
    if not library.is_dir():
        return left_out("the thread sanitizer needs `rustup component add rust-src`")
    words = f"cargo test -p shortlist-core --lib --tests -Zbuild-std --target {TRIPLE} --no-fail-fast".split()
    # The stable compiler takes these flags where this is set.
    more = {"RUSTC_BOOTSTRAP": "1", "RUSTFLAGS": "-Zsanitizer=thread -Awarnings", "CARGO_TARGET_DIR": "target/threads"}
    # Tests ask for more memory than there is, and are to be told so.
    more |= {"SHORTLIST_TEST_QUICK": "1", "TSAN_OPTIONS": "allocator_may_return_null=1"}
    return tested("the core's tests under the thread sanitizer", words, more, "WARNING: ThreadSanitizer")


def miri() -> int:
    """Interpret what the fuzzing of the core has kept: states, selections and distances, small and of every kind."""
    if "miri" not in said("rustup", "+nightly", "component", "list", "--installed"):
        return left_out("Miri needs `rustup +nightly component add miri rust-src`")
    words = ["cargo", "+nightly", "miri", "test", "-p", "shortlist-core", "--test", "rows", "--", "chance"]
    # Threads that help calls wait for the next one when the tests end.
    more = {"MIRIFLAGS": "-Zmiri-disable-isolation -Zmiri-ignore-leaks", "CARGO_TARGET_DIR": "target/miri"}
    return tested("what fuzzing kept, under Miri", words, more, "Undefined Behavior")


def tested(attack: str, words: list[str], more: dict[str, str], sign: str) -> int:
    """Run Cargo; say how many tests ran, and what the instrument found by its sign."""
    done = subprocess.run(
        words, cwd=ROOT, env={**os.environ, **more}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        errors="replace", check=False,
    )  # fmt: skip
    passed, failed = (sum(map(int, re.findall(rf"(\d+) {how}", done.stdout))) for how in ("passed", "failed"))
    lines = done.stdout.splitlines()
    wrong = list(dict.fromkeys(line.strip() for line in lines if sign in line or re.match("test .* FAILED", line)))
    if not wrong and (done.returncode or not passed):
        wrong = [f"cargo ended with {done.returncode} after {passed} tests"]
    if wrong:
        print(done.stdout[-20_000:], file=sys.stderr)
    print(f"{passed + failed:,} tests\n")
    return ended(attack, wrong, inputs=passed + failed)


def said(*words: str) -> str:
    """Return what a command says, and nothing where there is none."""
    try:
        return subprocess.run(words, stdout=subprocess.PIPE, text=True, check=False).stdout.strip()
    except FileNotFoundError:
        return ""


def left_out(why: str) -> int:
    """Say what is missing."""
    print(f"Left out: {why}")
    return ended(why.partition(" needs")[0], [])


if __name__ == "__main__":
    raise SystemExit(main())
