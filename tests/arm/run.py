"""The core, its instructions and the wheel on ARM, by emulation: ``run.py core``, ``instructions`` or ``wheel``.

`make test-arm`, `make instructions-arm` and `make wheel-arm` run this. What it needs is installed where it is missing: a
cross-linker and QEMU by apt-get, the standard library by rustup. Where rustup cannot, a Rust of Debian's is unpacked in
`target/arm`, and so is a Python for ARM: nothing of these is installed.
"""

from __future__ import annotations

import json
import os
import platform
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import NoReturn

ROOT = Path(__file__).resolve().parents[2]
ARM = ROOT / "target" / "arm"
TARGET = "aarch64-unknown-linux-gnu"
PROGRAMS = {"aarch64-linux-gnu-gcc": "gcc-aarch64-linux-gnu", "qemu-aarch64": "qemu-user"}
LIBRARIES = Path("/usr/aarch64-linux-gnu")
LIMIT = 1.3
"""Of the instructions at AVX2 for as many registers of the same bits: what NEON may take."""


def stop(sentence: str) -> NoReturn:
    """End with a sentence."""
    sys.exit(f"{Path(__file__).parent.name}: {sentence}")


def done(words: list[str | Path], **options: object) -> str:
    """Run a command that must succeed; what it printed."""
    found = subprocess.run([str(word) for word in words], check=False, stdout=subprocess.PIPE, text=True, **options)
    if found.returncode:
        stop(f"`{' '.join(str(word) for word in words)}` failed: see above")
    return found.stdout


def tools() -> dict[str, str]:
    """See to all that compiles for ARM and runs it; the environment in which cargo does so."""
    if platform.system() != "Linux" or platform.machine() not in ("x86_64", "amd64"):
        stop(f"this emulates ARM on Linux on x86-64, and this machine is {platform.system()} on {platform.machine()}")
    missing = [package for program, package in PROGRAMS.items() if shutil.which(program) is None]
    if missing:
        if shutil.which("apt-get") is None:
            stop(f"there is no {' or '.join(PROGRAMS)} on PATH, and no apt-get to install them with")
        if os.geteuid() != 0:
            stop(
                f"it needs packages that only root may install: sudo apt-get install {' '.join(missing)} libc6-dev-arm64-cross"
            )
        done(["apt-get", "update", "--quiet=2"])
        apt = ["apt-get", "install", "--quiet=2", "--yes", "--no-install-recommends"]
        done([*apt, *missing, "libc6-dev-arm64-cross"], env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"})
    found = dict(os.environ)
    library = Path(done(["rustc", "--print", "target-libdir", "--target", TARGET], cwd=ROOT).strip())
    if not (library.is_dir() or rustup()):
        found["RUSTC"] = str(debian_rust())
    name = TARGET.upper().replace("-", "_")
    return {
        **found,
        f"CARGO_TARGET_{name}_LINKER": "aarch64-linux-gnu-gcc",
        f"CARGO_TARGET_{name}_RUNNER": f"qemu-aarch64 -L {LIBRARIES}",
    }


def rustup() -> bool:
    """Let rustup install the standard library; whether it did."""
    return shutil.which("rustup") is not None and not subprocess.call(["rustup", "target", "add", TARGET], cwd=ROOT)


def cargo(words: list[str], env: dict[str, str], arguments: list[str] | None = None) -> None:
    """Run cargo for the target, its output shown."""
    if subprocess.call(["cargo", *words, "--target", TARGET, *(arguments or [])], cwd=ROOT, env=env):
        stop(f"`cargo {' '.join(words)}` failed: see above")


def core(env: dict[str, str]) -> None:
    """Run the core's tests from outside, and its own of vectors, functions, distances and models, in short loops."""
    env |= {"SHORTLIST_TEST_QUICK": "1", "SHORTLIST_TEST_LEVELS": "portable,neon"}
    cargo(["test", "--quiet", "-p", "shortlist-core", "--test", "rows"], env)
    rooms = ("simd::", "math::", "distance::", "model::")
    cargo(["test", "--quiet", "-p", "shortlist-core", "--lib"], env, ["--", *rooms])


def instructions(env: dict[str, str]) -> None:
    """Print the instructions of the main kernels at NEON, and as a share of those at AVX2 for registers of the same width."""
    cargo(["build", "--release", "--quiet", "-p", "shortlist-core", "--example", "instructions"], env)
    target = json.loads(done(["cargo", "metadata", "--format-version=1", "--no-deps"], cwd=ROOT))["target_directory"]
    program = Path(target) / TARGET / "release" / "examples" / "instructions"
    emulator = ["qemu-aarch64", "-L", str(LIBRARIES)]
    known = json.loads((ROOT / "benches" / "instructions.json").read_text())
    every = done([*emulator, program, "list"]).split()
    kernels = {name: place for place, name in enumerate(every) if name.endswith("_neon")}
    plugin = counter([*emulator, program, "list"])
    print(f"instructions at NEON, and as a share of those at AVX2; at most {LIMIT} x 2 as many")
    missed = 0
    for kernel, place in kernels.items():
        words = [*emulator, "-plugin", str(plugin), program, str(place), str(len(every))]
        found = subprocess.run(words, check=True, capture_output=True, text=True)
        count = int(re.search(r"counted (\d+)", found.stderr)[1])
        wide = known["counts"].get(kernel.removesuffix("neon") + "avx2")
        ratio = count / wide / 2 if wide else float("nan")
        missed += ratio > LIMIT
        print(f"  {kernel:<32} {count:>12,}  {ratio:.2f} x 2{'  MISSED' if ratio > LIMIT else ''}", flush=True)
    if missed:
        stop(f"{missed} of {len(kernels)} kernels take more than {LIMIT} x 2 the instructions at AVX2")


def counter(command: list[str | Path]) -> Path:
    """Compile the plugin that counts; its path. Each QEMU takes plugins from its own version of the interface on."""
    ARM.mkdir(parents=True, exist_ok=True)
    plugin = ARM / "count.so"
    for version in range(1, 6):
        source = Path(__file__).with_name("count.c")
        done(["cc", "-O2", "-shared", "-fPIC", f"-DPLUGIN_VERSION={version}", "-o", plugin, source])
        tried = subprocess.run(
            [*command[:-2], "-plugin", plugin, *command[-2:]], check=False, capture_output=True, text=True
        )
        if not tried.returncode:
            return plugin
    stop(f"this qemu-aarch64 takes no plugin: {tried.stderr.strip()}")


def wheel(env: dict[str, str]) -> None:
    """Build the wheel, and use it in a Python for ARM."""
    python = emulated_python()
    version = python[-1].name.removeprefix("python")
    wheels = ARM / "wheels"
    shutil.rmtree(wheels, ignore_errors=True)
    maturin = [sys.executable, "-m", "maturin", "build", "--release", "--quiet", "--target", TARGET, "--out", wheels]
    done(maturin, cwd=ROOT, env=env | {"PYO3_CROSS": "1", "PYO3_CROSS_PYTHON_VERSION": version})
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:", "--dest", wheels]
    platforms = [f"--platform=manylinux_2_{glibc}_aarch64" for glibc in (28, 27, 17)]
    done([*pip, *platforms, f"--python-version={version}", "numpy>=2"])
    site = ARM / "site"
    shutil.rmtree(site, ignore_errors=True)
    for file in wheels.glob("*.whl"):
        print(file.name, flush=True)
        zipfile.ZipFile(file).extractall(site)
    homes = {"PYTHONHOME": str(python[2] / "usr"), "PYTHONPATH": str(site), "PYTHONWARNINGS": "error"}
    print(done([*python, Path(__file__).with_name("smoke.py")], env=homes), end="")


def download(architecture: str, packages: list[str], needs: bool = True) -> list[Path]:
    """Fetch packages of this system's release for an architecture, and what they need; their files.

    With a state of its own, so that root is not needed. In the one for ARM nothing is installed: all that is needed is fetched.
    """
    apt = ARM / f"apt-{architecture}"
    shutil.rmtree(apt / "cache", ignore_errors=True)
    for folder in (apt / "lists" / "partial", apt / "cache" / "archives" / "partial"):
        folder.mkdir(parents=True, exist_ok=True)
    state = {
        "APT::Architecture": architecture,
        "APT::Architectures": architecture,
        "APT::Sandbox::User": "",
        "Debug::NoLocking": "1",
        "Dir::Cache": apt / "cache",
        "Dir::State::lists": apt / "lists",
    }
    if architecture == "arm64":
        (apt / "status").touch()
        state["Dir::State::status"] = apt / "status"
        system = platform.freedesktop_os_release()
        if system["ID"] == "ubuntu":
            # Whose packages for ARM lie elsewhere.
            signed = "[signed-by=/usr/share/keyrings/ubuntu-archive-keyring.gpg] http://ports.ubuntu.com/ubuntu-ports"
            suites = (system["VERSION_CODENAME"] + suffix for suffix in ("", "-updates", "-security"))
            (apt / "sources").write_text("".join(f"deb {signed} {suite} main universe\n" for suite in suites))
            state |= {"Dir::Etc::sourcelist": apt / "sources", "Dir::Etc::sourceparts": "-"}
    command = ["apt-get", "--quiet=2", *(f"-o{name}={value}" for name, value in state.items())]
    done([*command, "update"])
    archives = apt / "cache" / "archives"
    if needs:
        done([*command, "install", "--download-only", "--yes", "--no-install-recommends", *packages])
    else:
        done([*command, "download", *packages], cwd=archives)
    return sorted(archives.glob("*.deb"))


def unpack(packages: list[Path], root: Path) -> None:
    """Unpack packages in a folder, and nothing else there."""
    shutil.rmtree(root, ignore_errors=True)
    for package in packages:
        done(["dpkg", "-x", package, root])


def debian_rust() -> Path:
    """Unpack the Rust that Debian builds its browsers with, and its standard library for ARM; a program that runs it."""
    root = ARM / "rust"
    standard = ["libstd-rust-web-dev"]
    unpack([*download("amd64", ["rustc-web", *standard]), *download("arm64", standard, needs=False)], root)
    program = ARM / "rustc"
    libraries = root / "usr" / "lib" / "x86_64-linux-gnu"
    program.write_text(f'#!/bin/sh\nLD_LIBRARY_PATH={libraries} exec {root}/usr/bin/rustc --sysroot {root}/usr "$@"\n')
    program.chmod(0o755)
    return program


def emulated_python() -> list[str | Path]:
    """Unpack a Python for ARM of this system's release; the command that runs it."""
    root = ARM / "root"
    unpack(download("arm64", ["python3", "libstdc++6"]), root)
    python = (root / "usr" / "bin" / "python3").resolve()
    if tuple(int(part) for part in python.name.removeprefix("python").split(".")) < (3, 11):
        stop(f"the system's Python for ARM is {python.name}, and Shortlist needs 3.11 or later")
    return ["qemu-aarch64", "-L", root, python]


if __name__ == "__main__":
    jobs = {job.__name__: job for job in (core, instructions, wheel)}
    jobs[sys.argv[1]](tools())
