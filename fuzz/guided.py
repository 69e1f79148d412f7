"""One target with inputs that atheris chooses by the lines of the package that they reach: `python -m fuzz --atheris`."""

from __future__ import annotations

import argparse
import sys

import atheris

with atheris.instrument_imports(include=["shortlist"]):
    from fuzz.__main__ import HERE, Tried
    from fuzz.targets import TARGETS


def main() -> None:
    """Try inputs until the time is up."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("target", choices=TARGETS)
    parser.add_argument("--minutes", type=float, default=1.0)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    tried = Tried(given.target)

    def one(data: bytes) -> None:
        tried.on(TARGETS[given.target], data)

    words = [f"-max_total_time={max(1, int(60 * given.minutes))}", f"-seed={given.seed + 1}", "-verbosity=0"]
    atheris.Setup([sys.argv[0], *words, str(HERE / "corpus" / given.target)], one)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
