"""Known weaknesses of what Shortlist is made of, as of a date: `release/advisories.json`.

That is a snapshot of two public databases, of facts alone: names, identifiers and versions, for the
crates of our lock files and the packages that any extra needs. `make audit` compares with it and
needs no network. A new one is written from checkouts of both databases:

    python release/advisories.py RUSTSEC PYPA

where RUSTSEC is github.com/rustsec/advisory-db and PYPA github.com/pypa/advisory-database.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from shortlist.writing import write_json

ROOT = Path(__file__).resolve().parent.parent
SNAPSHOT = ROOT / "release" / "advisories.json"
LOCKS = ("Cargo.lock", "rust/fuzz/Cargo.lock", "rust/models/Cargo.lock")
TOLD = {"unmaintained", "notice"}
"""Kinds of advisories that are no weakness: they are printed."""
OPERATORS = {
    ">=": lambda ours, bound: ours >= bound,
    "<=": lambda ours, bound: ours <= bound,
    ">": lambda ours, bound: ours > bound,
    "<": lambda ours, bound: ours < bound,
    "=": lambda ours, bound: ours == bound,
}


def locked() -> set[tuple[str, str]]:
    """Return name and version of each crate of our lock files that is somebody else's."""
    read = [tomllib.loads((ROOT / lock).read_text(encoding="utf-8")) for lock in LOCKS]
    return {(each["name"], each["version"]) for lock in read for each in lock["package"] if "source" in each}


def needed() -> set[str]:
    """Return the names of the packages that pyproject.toml names, in any extra or group."""
    read = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    lists = [read["project"]["dependencies"], *read["project"]["optional-dependencies"].values()]
    lists += [[line for line in group if isinstance(line, str)] for group in read["dependency-groups"].values()]
    return {str(canonicalize_name(Requirement(line).name)) for lines in lists for line in lines}


def of_crate(version: str, advisory: dict[str, Any]) -> bool:
    """Whether an advisory of a crate is about this version of it."""
    return not any(_meets(version, line) for line in (*advisory["patched"], *advisory["unaffected"]))


def of_package(version: str, advisory: dict[str, Any]) -> bool:
    """Whether an advisory of a package is about this version of it."""
    ours = Version(version)
    inside = any(
        ours >= Version(first) and (fixed is None or ours < Version(fixed)) and (last is None or ours <= Version(last))
        for first, fixed, last in advisory["ranges"]
    )
    return inside or version in advisory["versions"]


def affected(
    crates: set[tuple[str, str]], packages: set[tuple[str, str]], known: dict[str, Any]
) -> tuple[list[str], list[str]]:
    """Return a line for each version that a weakness is known of, and for each that something else is said of."""
    found = [
        (name, version, advisory)
        for part, versions, test in (("crates", crates, of_crate), ("packages", packages, of_package))
        for name, version in sorted(versions)
        for advisory in known[part].get(name, ())
        if test(version, advisory)
    ]
    lines = [(f"{name} {version}: {advisory['id']}", advisory.get("kind")) for name, version, advisory in found]
    told = [f"{line} ({kind})" for line, kind in lines if kind in TOLD]
    return [line for line, kind in lines if kind not in TOLD], told


def not_looked_up(crates: set[tuple[str, str]], known: dict[str, Any]) -> list[str]:
    """Return the crates that came after the snapshot, of which it says nothing."""
    return sorted({name for name, _ in crates} - set(known["looked_up"]))


def _meets(version: str, line: str) -> bool:
    return all(_compares(version, part.strip()) for part in line.split(","))


def _compares(version: str, part: str) -> bool:
    operator, text = re.fullmatch(r"([<>=^~]*)\s*(.+)", part).groups()
    ours, bound, given = _numbers(version), _numbers(text), len(text.split("-")[0].split("."))
    if operator in OPERATORS:
        return bool(OPERATORS[operator](ours, bound))
    # Up to the next version that may differ: of its first number that is not 0, or with ~ of the one before the last.
    numbers = bound[:3]
    at = min(1, given - 1) if operator == "~" else next((i for i, number in enumerate(numbers) if number), given - 1)
    after = (*numbers[:at], numbers[at] + 1, *(0,) * (2 - at), 0)
    return bool(bound <= ours < after)


def _numbers(version: str) -> tuple[int, int, int, int]:
    numbers, _, before = version.partition("+")[0].partition("-")
    first, second, third = [*map(int, numbers.split(".")), 0, 0][:3]
    return first, second, third, 0 if before else 1


def _read(place: str, folder: str) -> tuple[dict[str, str], list[str]]:
    """Return the texts of a folder of a database by their paths, and its commit and date."""

    def git(*words: str) -> str:
        return subprocess.run(["git", "-C", place, *words], check=True, capture_output=True, text=True).stdout

    names = git("ls-tree", "-r", "--name-only", "HEAD", folder).splitlines()
    return {name: git("show", f"HEAD:{name}") for name in names}, git("log", "-1", "--format=%H %cs").split()


def _crates(place: str, names: set[str]) -> tuple[dict[str, Any], list[str]]:
    found: dict[str, Any] = {}
    about: list[str] = []
    for name in sorted(names):
        texts, about = _read(place, f"crates/{name}")
        for text in texts.values():
            read = tomllib.loads(text.partition("```toml")[2].partition("```")[0])
            advisory, versions = read["advisory"], read["versions"]
            if "withdrawn" not in advisory:
                kept = {
                    "id": advisory["id"],
                    "patched": versions["patched"],
                    "unaffected": versions.get("unaffected", []),
                }
                found.setdefault(name, []).append(kept | {"kind": advisory.get("informational", "weakness")})
    return found, about


def _packages(place: str, names: set[str]) -> tuple[dict[str, Any], list[str]]:
    import yaml

    found: dict[str, Any] = {}
    about: list[str] = []
    for name in sorted(names):
        texts, about = _read(place, f"vulns/{name}")
        for text in texts.values():
            read = yaml.load(text, yaml.BaseLoader)
            for part in () if "withdrawn" in read else read["affected"]:
                spans = [_span(each["events"]) for each in part.get("ranges", ()) if each["type"] == "ECOSYSTEM"]
                listed = [] if spans else part.get("versions", [])
                ranges = [each for span in spans for each in span]
                found.setdefault(name, []).append({"id": read["id"], "ranges": ranges, "versions": listed})
    return found, about


def _span(events: list[dict[str, str]]) -> list[list[str | None]]:
    """Return versions from one on, before one and up to one."""
    spans: list[list[str | None]] = []
    for event in events:
        if "introduced" in event:
            spans.append([event["introduced"], None, None])
        elif "fixed" in event:
            spans[-1][1] = event["fixed"]
        elif "last_affected" in event:
            spans[-1][2] = event["last_affected"]
    return spans


def main(rustsec: str, pypa: str) -> None:
    """Write the snapshot anew."""
    from audit import packages

    names = {name for name, _ in locked()}
    python = needed() | {str(canonicalize_name(each.partition(" ")[0])) for each in packages()}
    crates, of_crates = _crates(rustsec, names)
    weak, of_packages = _packages(pypa, python)
    sources = [
        {"name": name, "commit": about[0], "date": about[1]}
        for name, about in (("rustsec/advisory-db", of_crates), ("pypa/advisory-database", of_packages))
    ]
    known = {"sources": sources, "looked_up": sorted(names), "crates": crates, "packages": weak}
    write_json(SNAPSHOT, known, indent=1)


if __name__ == "__main__":
    main(*sys.argv[1:])
