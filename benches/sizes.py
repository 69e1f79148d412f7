"""Bytes that each kernel adds to the extension, level by level: ``python benches/sizes.py [FILE]``.

Without a FILE the extension is compiled once more, under `target/sizes`, with symbols that tell a
kernel's types, which `nm` reads. What the wheel grows by is about a third of it: the last line says
how far the whole extension is compressed.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import zlib
from collections import Counter, defaultdict
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
KERNEL = re.compile(r"simd::(?:(?P<level>\w+)::enter|Level>?::run)::<(?P<kernel>.*)>$")


def build() -> Path:
    """Compile the extension with names that keep their types; its path."""
    target = ROOT / "target" / "sizes"
    flags = {"RUSTFLAGS": "-C symbol-mangling-version=v0", "CARGO_TARGET_DIR": str(target)}
    command = ["cargo", "build", "--release", "--quiet", "-p", "shortlist-python"]
    subprocess.run(command, cwd=ROOT, check=True, env=os.environ | flags)
    return next(file for file in (target / "release").glob("*_core.*") if file.suffix in (".so", ".dylib"))


def kernels(file: Path) -> dict[str, Counter[str]]:
    """The bytes of each kernel, by its name without paths, at each level.

    What is compiled into `run` is the portable level.
    """
    found: dict[str, Counter[str]] = defaultdict(Counter)
    symbols = subprocess.run(["nm", "-S", "-C", file], check=True, capture_output=True, text=True).stdout
    for line in symbols.splitlines():
        words = line.split(maxsplit=3)
        if len(words) == 4 and (kernel := KERNEL.search(words[3])):
            name = re.sub(r"(\w+::)+|'_, ", "", kernel["kernel"])
            found[name][kernel["level"] or "portable"] += int(words[1], 16)
    return found


def main() -> int:
    """Print a table, the largest first."""
    parser = argparse.ArgumentParser(prog="benches/sizes.py", description=__doc__)
    parser.add_argument("file", nargs="?", type=Path, help="an extension compiled with `-C symbol-mangling-version=v0`")
    file = parser.parse_args().file or build()
    found = kernels(file)
    if not found:
        print(f"sizes: {file} names no kernels with their types: compile it as `python benches/sizes.py` does")
        return 1
    levels = sorted({level for sizes in found.values() for level in sizes}, reverse=True)
    print("".join(f"{level:>10}" for level in [*levels, "all"]), " kernel")
    total = sum(found.values(), Counter())
    for name, sizes in [*sorted(found.items(), key=lambda item: -item[1].total()), ("together", total)]:
        print("".join(f"{sizes[level]:>10,}" for level in levels) + f"{sizes.total():>10,}  {name}")
    everything = file.read_bytes()
    share = len(zlib.compress(everything, 9)) / len(everything)
    print(f"The whole extension: {len(everything):,} bytes, of which compression leaves {share:.0%}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
