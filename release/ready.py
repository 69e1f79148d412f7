"""The checklist before a release: prints each line with yes or no, and fails where one is no."""

import re
import subprocess
import sys
import tarfile
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def said(*words: str) -> str:
    """Return what a command printed."""
    return subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()


def checks(version: str) -> dict[str, bool]:
    """Return what must hold of the checkout and of dist/."""
    changes = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    section = re.search(rf"^## {re.escape(version)} - \d{{4}}-\d{{2}}-\d{{2}}$", changes, re.MULTILINE)
    built = {path.name for path in (ROOT / "dist").glob("*")} if (ROOT / "dist").exists() else set()
    lock = tomllib.loads((ROOT / "Cargo.lock").read_text())
    locked = {package["name"]: package["version"] for package in lock["package"]}
    sdist = ROOT / "dist" / f"shortlist-{version}.tar.gz"
    packed = set()
    if sdist.exists():
        with tarfile.open(sdist) as file:
            packed = {name.split("/", 1)[-1] for name in file.getnames()}
    workflows = "".join(path.read_text() for path in (ROOT / ".github" / "workflows").glob("*.yml"))
    return {
        "every action of the workflows is named by its commit": not re.findall(
            r"uses: (?!\S+@[0-9a-f]{40} # v[\d.]+$).*", workflows, re.MULTILINE
        ),
        "nothing is uncommitted": not said("git", "status", "--porcelain", "--untracked-files=no"),
        f"CHANGELOG.md has a dated section for {version}": section is not None,
        f"no tag v{version} is there yet": f"v{version}" not in said("git", "tag").split(),
        "Cargo.lock has this version of both crates": {locked.get(f"shortlist-{name}") for name in ("core", "python")}
        == {version},
        "dist/ has a wheel of this version for an old glibc (make wheels)": any(
            name.startswith(f"shortlist-{version}-cp311-abi3-") and "manylinux_2_17" in name for name in built
        ),
        "dist/ has the sdist, with licence and lock file": {"LICENSE", "Cargo.lock", "README.md"} <= packed,
    }


def main() -> None:
    """Print the list."""
    version = tomllib.loads((ROOT / "Cargo.toml").read_text())["workspace"]["package"]["version"]
    found = checks(version)
    for line, holds in found.items():
        print(f"{'yes' if holds else 'NO ':3}  {line}")
    print("then: make lint test docs wheels, git tag, git push --tags; the workflow builds the rest and publishes")
    sys.exit(not all(found.values()))


if __name__ == "__main__":
    main()
