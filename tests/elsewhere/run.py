"""See that the core and the extension compile for the other systems that wheels are built for.

`make check-elsewhere` runs this: clippy for each target, tests and examples included, whose warnings are errors. Nothing
is linked, so that the standard library of a target is all it needs; rustup installs it where it is missing.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TARGETS = (
    "x86_64-unknown-linux-musl",
    "aarch64-unknown-linux-gnu",
    "x86_64-apple-darwin",
    "aarch64-apple-darwin",
    "x86_64-pc-windows-msvc",
    "aarch64-pc-windows-msvc",
)


def there(target: str) -> bool:
    """Whether the standard library of a target is there, or rustup could install it."""
    words = ["rustc", "--print", "target-libdir", "--target", target]
    library = Path(subprocess.run(words, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout.strip())
    if library.is_dir():
        return True
    return shutil.which("rustup") is not None and not subprocess.call(["rustup", "target", "add", target], cwd=ROOT)


def main() -> int:
    """Check each target that there is; 1 where one fails, or where there is none."""
    clippy = ["cargo", "clippy", "--workspace", "--all-targets", "--quiet", "--target"]
    # No Python of the target is needed: the extension is made for the stable ABI, as maturin makes it.
    env = {**os.environ, "PYO3_NO_PYTHON": "1", "PYO3_BUILD_EXTENSION_MODULE": "1"}
    env["CARGO_TARGET_X86_64_UNKNOWN_LINUX_MUSL_RUSTFLAGS"] = "-C target-feature=-crt-static"
    checked, failed = [], []
    missing = [target for target in TARGETS if not there(target)]
    for target in TARGETS:
        if target not in missing:
            ended = subprocess.call([*clippy, target, "--", "-D", "warnings"], cwd=ROOT, env=env)
            (failed if ended else checked).append(target)
    print(f"check-elsewhere: {', '.join(checked) or 'no target'} checked", end="")
    print(f"; without a standard library, and so not checked: {', '.join(missing)}" if missing else "")
    if failed:
        print(f"check-elsewhere: failed: {', '.join(failed)}; see above")
    return int(bool(failed or not checked))


if __name__ == "__main__":
    sys.exit(main())
