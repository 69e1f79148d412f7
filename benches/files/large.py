"""A `.npy` file larger than the memory it is read in: time against `cat FILE > /dev/null`, and peak memory."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import numpy as np

from shortlist.benchmarking import data
from shortlist.benchmarking.peak import anonymous_bytes

from ..report import Printer, verdict
from .limits import limited

CLASSES = 100
TIME_TARGET = 1.15
MEMORY_TARGET = 200.0
# As installed: compiled once, not at each start.
ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
INSIDE = """
import sys, time
import shortlist as sl
began = time.perf_counter()
sl.select(sys.argv[1], "margin", 1000)
print(time.perf_counter() - began)
"""


def make(path: Path, n_bytes: int) -> None:
    """Write rows of probabilities; every stretch of them is another rotation of the classes."""
    rows = n_bytes // (4 * CLASSES)
    stretch = data.fill(data.Buffer(100_000 * CLASSES * 4).rows(100_000, CLASSES, "float32"), "dirichlet")
    with path.open("wb") as file:
        np.lib.format.write_array_header_1_0(file, {"descr": "<f4", "fortran_order": False, "shape": (rows, CLASSES)})
        for number, start in enumerate(range(0, rows, len(stretch))):
            np.roll(stretch[: min(len(stretch), rows - start)], number, axis=1).tofile(file)
        file.flush()
        os.fsync(file.fileno())


def forget(path: Path) -> None:
    """Drop a file from the page cache."""
    with path.open("rb") as file:
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def remember(path: Path) -> None:
    """Bring a file into the page cache, outside the limit."""
    with path.open("rb") as file:
        while file.read(1 << 24):
            pass


def watched(command: list[str]) -> tuple[float, float, str]:
    """Run a command: seconds, peak anonymous memory in MiB, standard output."""
    peak = 0
    done = threading.Event()
    start = time.perf_counter()
    child = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=ENVIRONMENT)

    def watch() -> None:
        nonlocal peak
        while not done.wait(0.01):
            peak = max(peak, anonymous_bytes(child.pid))

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    shown, _ = child.communicate()
    seconds = time.perf_counter() - start
    done.set()
    watcher.join()
    if child.returncode:
        raise subprocess.CalledProcessError(child.returncode, command)
    return seconds, peak / 2**20, shown


def run(
    printer: Printer, *, n_bytes: int, limit_bytes: int, rounds: int, states: list[str], folder: str | None
) -> list[bool]:
    """Print one table; return which targets were met."""
    with tempfile.TemporaryDirectory(dir=folder) as there, limited(limit_bytes) as limit:
        path = Path(there) / "probs.npy"
        make(path, n_bytes)
        printer.title(f"{n_bytes / 1e9:.1f} GB of float32, {limit_bytes / 2**20:.0f} MiB of memory: {limit.how}")
        cat = [*limit.prefix, "sh", "-c", 'cat "$1" > /dev/null', "sh", str(path)]
        select = [*limit.prefix, sys.executable, "-m", "shortlist", "select", str(path), "-k", "1000"]
        inside = [*limit.prefix, sys.executable, "-c", INSIDE, str(path)]
        rows, met = [], []
        watched(select)
        for state in states:
            prepare = {"cold": forget, "warm": remember}[state]
            times: dict[str, list[float]] = {"cat": [], "command": [], "call": []}
            peaks = []
            for _ in range(rounds):
                for name, command in (("cat", cat), ("command", select), ("call", inside)):
                    prepare(path)
                    seconds, peak, shown = watched(command)
                    times[name].append(float(shown) if name == "call" else seconds)
                    peaks += [] if name == "cat" else [peak]
            read = statistics.median(times["cat"])
            for name in ("command", "call"):
                ratio = statistics.median(times[name]) / read
                met.append(ratio <= TIME_TARGET)
                spread = " to ".join(f"{seconds / read:.2f}" for seconds in (min(times[name]), max(times[name])))
                rows.append([f"{state}, {name}", f"{ratio:.2f} x cat", spread, f"< {TIME_TARGET}", verdict(met[-1:])])
            met.append(max(peaks) < MEMORY_TARGET)
            rows.append([f"{state}, memory", f"{max(peaks):.0f} MiB", "", f"< {MEMORY_TARGET:.0f}", verdict(met[-1:])])
        printer.table(["", "median", "all runs", "target", ""], rows)
        printer.line(
            f"`command` is all of `shortlist select FILE -k 1000`, interpreter and imports included; `call` is sl.select alone. "
            f"The limit was reached {limit.reclaimed()} times."
        )
    return met
