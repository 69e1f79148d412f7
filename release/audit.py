"""What Shortlist is made of: the licence of each crate that is compiled in and of each package that
it needs, and their known weaknesses.

`make audit`; it needs no network, as `advisories.json` is a snapshot. What became known since then
is looked up by .github/workflows/audit.yml. The wheel itself holds its list of crates as CycloneDX,
by maturin; `make wheels` refuses one without.
"""

import json
import re
import subprocess
import sys
import tomllib
from importlib import metadata
from pathlib import Path

import advisories

ROOT = Path(__file__).resolve().parent.parent
FINE = {
    "0BSD", "Apache-2.0", "Apache-2.0 WITH LLVM-exception", "BSD-2-Clause", "BSD-3-Clause", "HPND", "ISC", "MIT", "MIT-0",
    "MIT-CMU", "MPL-2.0", "PSF-2.0", "Python-2.0", "Unicode-3.0", "Unlicense", "Zlib", "CC0-1.0", "BSL-1.0",
}  # fmt: skip
"""Licences under which what we need may be used and passed on with ours."""
SAID = {
    "BSD": "BSD-3-Clause", "BSD License": "BSD-3-Clause", "New BSD": "BSD-3-Clause", "3-Clause BSD License": "BSD-3-Clause",
    "BSD 3-Clause License": "BSD-3-Clause", "MIT License": "MIT", "Apache License 2.0": "Apache-2.0", "Apache 2.0": "Apache-2.0",
    "Apache Software License": "Apache-2.0", "Apache License, Version 2.0": "Apache-2.0", "Apache License": "Apache-2.0",
    "Python Software Foundation License": "PSF-2.0", "PSF": "PSF-2.0", "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "ISC License (ISCL)": "ISC", "Modified BSD License": "BSD-3-Clause", "BSD-3": "BSD-3-Clause", "Apache": "Apache-2.0",
}  # fmt: skip
"""What older packages call theirs."""
EXTRAS = ("cli", "page", "plot", "arrow", "pandas", "polars", "zarr", "hdf5", "dask", "skactiveml")


def fine(expression: str) -> bool:
    """Whether an SPDX expression lets us choose licences that are fine."""
    text = expression.replace("/", " OR ")
    parts = re.split(r"(\(|\)|\bAND\b|\bOR\b)", text)
    words = {"AND": "and", "OR": "or", "(": "(", ")": ")"}
    known = [words.get(part.strip()) or str(part.strip() in FINE) for part in parts if part.strip()]
    return bool(eval(" ".join(known)))


def crates() -> dict[str, str]:
    """Return the licence of each crate of Cargo.lock."""
    words = ["cargo", "metadata", "--format-version", "1", "--locked"]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=True)
    return {f"{each['name']} {each['version']}": each["license"] or "" for each in json.loads(done.stdout)["packages"]}


def packages() -> dict[str, str]:
    """Return the licence of each package that is needed, with the extras, as far as it is installed here."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    left = [*project["dependencies"], *(line for extra in EXTRAS for line in project["optional-dependencies"][extra])]
    found: dict[str, metadata.Distribution] = {}
    while left:
        needed, _, marker = left.pop().partition(";")
        name = re.match(r"[\w.-]+", needed.strip())[0].lower().replace("_", "-")
        if name in found or "extra ==" in marker:
            continue
        try:
            found[name] = metadata.distribution(name)
        except metadata.PackageNotFoundError:
            continue  # of another system, say
        left += found[name].requires or []
    return {f"{name} {about.version}": licence_of(about) for name, about in sorted(found.items())}


def licence_of(about: metadata.Distribution) -> str:
    """Return what a package says of its licence, as an SPDX expression where that can be told."""
    said = about.metadata.get("License-Expression") or ""
    if not said:
        classed = [
            line.rpartition(" :: ")[2]
            for line in about.metadata.get_all("Classifier") or ()
            if line.startswith("License ")
        ]
        short = (about.metadata.get("License") or "").strip().split("\n")[0]
        # The first line of the file of the licence, where that is all there is.
        file = (about.read_text("licenses/LICENSE.txt") or "").split("\n")[0].strip()
        found = [SAID.get(each, each) for each in (*classed, short, file) if each and each != "OSI Approved"]
        said = next((each for each in found if each in FINE), found[0] if found else "")
    return said


def main() -> int:
    """Print each licence and weakness; return 1 where a licence is not fine or not said, or a version has a known weakness."""
    parts = {"crates": crates(), "packages": packages()}
    for what, found in parts.items():
        print(f"{len(found)} {what}")
        for licence in sorted(set(found.values())):
            names = ", ".join(sorted(name for name, said in found.items() if said == licence))
            print(f"  {licence or 'none said'}: {names}")
    wrong = [
        f"{name}: {said or 'none said'}"
        for found in parts.values()
        for name, said in found.items()
        if not fine(said or "none")
    ]
    print("\n".join(["", f"{len(wrong)} licences to look at", *wrong]))
    known = json.loads(advisories.SNAPSHOT.read_text(encoding="utf-8"))
    crates_, packages_ = advisories.locked(), {tuple(name.split(" ")) for name in parts["packages"]}
    weak, told = advisories.affected(crates_, packages_, known)
    dates = ", ".join(f"{source['name']} of {source['date']}" for source in known["sources"])
    print("\n".join(["", f"{len(weak)} known weaknesses, by {dates}", *weak, *told]))
    if missing := advisories.not_looked_up(crates_, known):
        print(f"not in the snapshot: {', '.join(missing)}; write it anew, as release/advisories.py says")
    return int(bool(wrong or weak))


if __name__ == "__main__":
    sys.exit(main())
