"""What `import shortlist` adds to `import numpy`, in fresh interpreters, interleaved."""

from __future__ import annotations

import subprocess
import sys

from shortlist.benchmarking.timing import interleave

from .report import Figure, Printer

TARGET = 0.1


def python(code: str) -> None:
    """Run a line in a fresh interpreter."""
    subprocess.run([sys.executable, "-c", code], check=True, stdout=subprocess.DEVNULL)


def run(rounds: int) -> list[Figure]:
    """Seconds added, and whether scikit-learn came along (it must not)."""
    times = interleave(
        {
            "numpy": lambda: python("import numpy"),
            "shortlist": lambda: python("import numpy, shortlist"),
        },
        max(rounds, 11),
    )
    added = times["shortlist"].median - times["numpy"].median
    check = "import shortlist, sys; assert 'sklearn' not in sys.modules"
    lazy = subprocess.run([sys.executable, "-c", check], stderr=subprocess.DEVNULL).returncode == 0
    return [
        Figure(
            "import", "import shortlist", "", "", 0, 0, 1, added, TARGET, at_most=True,
            seconds=times["shortlist"].seconds,
            more={"numpy_seconds": times["numpy"].seconds, "without_sklearn": lazy},
        )
    ]  # fmt: skip


def show(figures: list[Figure], printer: Printer) -> None:
    """One line."""
    (f,) = figures
    printer.title("Import cost")
    lazy = "is not imported" if f.more["without_sklearn"] else "IS imported (it must not be)"
    printer.line(
        f"  import shortlist adds {f.ratio * 1000:.0f} ms to import numpy "
        f"(at most {TARGET * 1000:.0f}): {'met' if f.met else 'MISSED'}; scikit-learn {lazy}"
    )
