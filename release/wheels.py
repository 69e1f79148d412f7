"""Build the wheel and the sdist into dist/, install each where nothing else is, and see that they work.

The wheel is linked by zig against glibc 2.17, so that every Linux since 2014 can install it. The
sdist is built with what is installed here: nothing but crates is fetched.
"""

import argparse
import email
import os
import re
import shutil
import subprocess
import sys
import tempfile
import venv
import zipfile
from pathlib import Path

from pack import pack

ROOT = Path(__file__).resolve().parent.parent
DIST = ROOT / "dist"
LARGEST = 3_000_000
"""Bytes of a wheel: docs/install.md says what takes them."""


NEEDS = {"numpy", "scikit-learn"}


def call(*words: object, **more: object) -> None:
    """Run a command that must succeed."""
    subprocess.run([str(word) for word in words], check=True, **more)


def build(compatibility: str) -> tuple[Path, Path]:
    """Compile the wheel, and pack the sdist."""
    shutil.rmtree(DIST, ignore_errors=True)
    maturin = [sys.executable, "-m", "maturin"]
    # maturin calls zig by way of the first Python on PATH.
    environ = {**os.environ, "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])}
    options = ["--release", "--strip", "--zig"]
    call(*maturin, "build", *options, "--compatibility", compatibility, "--out", DIST, cwd=ROOT, env=environ)
    call(*maturin, "sdist", "--out", DIST, cwd=ROOT)
    wheel, sdist = found()
    pack(wheel)
    return wheel, sdist


def found() -> tuple[Path, Path]:
    """Return the wheel and the sdist that are in dist/."""
    (wheel,), (sdist,) = DIST.glob("*.whl"), DIST.glob("*.tar.gz")
    return wheel, sdist


def needs(metadata: str) -> set[str]:
    """Return the names of what an installation brings along, without extras."""
    head = email.message_from_string(metadata)
    lines = [line for line in head.get_all("Requires-Dist", []) if "extra ==" not in line]
    return {re.match(r"[\w.-]+", line)[0].lower() for line in lines}


def look_inside(wheel: Path) -> None:
    """Say what is in the wheel, and refuse what should not be."""
    with zipfile.ZipFile(wheel) as file:
        names = file.namelist()
        metadata = file.read(next(name for name in names if name.endswith(".dist-info/METADATA"))).decode()
    strange = [name for name in names if name.split("/")[0] not in ("shortlist",) and ".dist-info/" not in name]
    if strange or "shortlist/py.typed" not in names or not any(name.endswith(("LICENSE",)) for name in names):
        raise SystemExit(f"wheels: {wheel.name} holds {strange[:3]}, or lacks py.typed or the licence")
    if not any("/sboms/" in name and name.endswith(".json") for name in names):
        raise SystemExit(f"wheels: {wheel.name} lacks its list of crates (CycloneDX), which maturin 1.16 puts in")
    needed = needs(metadata)
    if needed != NEEDS:
        raise SystemExit(f"wheels: {wheel.name} needs {sorted(needed)}; without an extra {sorted(NEEDS)} is accepted")
    size = wheel.stat().st_size
    print(f"{wheel.name}: {size / 1e6:.2f} MB, {len(names)} files")
    if size > LARGEST:
        raise SystemExit(f"wheels: {wheel.name} has {size:,} bytes; at most {LARGEST:,} are accepted")


def try_out(artefact: Path, folder: Path, *options: str) -> None:
    """Install into an environment of its own, and use it from another folder than the checkout."""
    venv.create(folder / "env", with_pip=True)
    python = folder / "env" / ("Scripts" if os.name == "nt" else "bin") / "python"
    if artefact.suffix == ".gz":
        call(python, "-m", "pip", "install", "--quiet", "maturin>=1.9,<2", "numpy>=2", "scikit-learn>=1.6")
        options = ("--no-index", "--no-build-isolation", *options)
    call(python, "-m", "pip", "install", "--quiet", *options, artefact)
    call(python, ROOT / "release" / "smoke.py", cwd=folder)
    if artefact.suffix == ".whl":
        call(python, "-m", "pip", "install", "--quiet", f"{artefact}[cli,plot]")
        call(python, ROOT / "release" / "newcomer.py", cwd=folder)


def main() -> None:
    """Build and try out both."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--compatibility", default="manylinux_2_17", help="the oldest glibc that is to do")
    parser.add_argument("--built", action="store_true", help="try out what is in dist/ already")
    given = parser.parse_args()
    wheel, sdist = found() if given.built else build(given.compatibility)
    look_inside(wheel)
    for artefact in (wheel, sdist):
        with tempfile.TemporaryDirectory() as folder:
            try_out(artefact, Path(folder))


if __name__ == "__main__":
    main()
