"""Say what the extension is made of: ``python release/sizes.py [path]``.

Needs binutils, and symbols, which `make build` leaves in and a wheel lacks. Code counts for the CPU level that it is
compiled for. A part's share of what a wheel takes is that of its bytes, packed on their own.
"""

import re
import subprocess
import sys
import zlib
from collections import defaultdict
from pathlib import Path

EXTENSION = Path(__file__).resolve().parent.parent / "python" / "shortlist" / "_core.abi3.so"
PARTS = {
    "kernels at AVX-512": "6avx5125enter",
    "kernels at AVX2": "4avx25enter",
    "kernels at the portable level": "8portable",
    "all else of the core": "14shortlist_core",
    "the border to Python": "5__?core",
    "other crates and the standard library": "",
}
"""What is in the mangled names of each, the first that fits."""
UNWIND, REST = "tables for panics", "constants, relocations, names"


def run(*words: object) -> str:
    """Run a command, and return what it prints."""
    return subprocess.run([str(word) for word in words], check=True, stdout=subprocess.PIPE, text=True).stdout


def main() -> None:
    """Print a table."""
    path = Path(sys.argv[1]) if len(sys.argv) > 1 else EXTENSION
    content = path.read_bytes()
    found: dict[str, list[bytes]] = defaultdict(list)
    seen = set()
    for line in run("readelf", "--sections", "--wide", path).splitlines():
        words = line.partition("]")[2].split()
        if len(words) > 4 and words[0].startswith("."):
            name, address, offset, size = words[0], *(int(word, 16) for word in words[2:5])
            if name == ".text":
                start = address - offset
            elif address and words[1] != "NOBITS":
                unwinds = "eh_frame" in name or "except" in name
                found[UNWIND if unwinds else REST].append(content[offset : offset + size])
    for line in run("nm", "--print-size", path).splitlines():
        words = line.split()
        if len(words) == 4 and words[2] in "tT" and words[0] not in seen:
            part = next(part for part, mark in PARTS.items() if re.search(mark, words[3]))
            seen.add(words[0])
            at = int(words[0], 16) - start
            found[part].append(content[at : at + int(words[1], 16)])
    print("| part | MB | MB in a wheel |\n|---|---|---|")
    for part in [*PARTS, UNWIND, REST]:
        code = b"".join(found[part])
        print(f"| {part} | {len(code) / 1e6:.2f} | {len(zlib.compress(code, 9)) / 1e6:.2f} |")


if __name__ == "__main__":
    main()
