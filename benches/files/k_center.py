"""k_center of a `.npy` file several times larger than the memory it is read in: the picks of one array in memory, and passes."""

from __future__ import annotations

import json
import os
import sys
import tempfile
from pathlib import Path

import numpy as np

from ..report import Printer, verdict
from .large import forget, watched
from .limits import limited

FEATURES = 384
POOLS = ("iid", "decaying", "clusters")
STRETCH = 50_000
HOW = {
    "array": "np.load(path)",
    "path": "path",
    "memory map": 'np.load(path, mmap_mode="r")',
    "blocks": "sl.Source(path)",
}
INSIDE = """
import json, sys, time
import numpy as np, shortlist as sl
path, k = sys.argv[1], int(sys.argv[2])
X = {how}
began = time.perf_counter()
picks = sl.k_center(X, k)
print(json.dumps([picks.indices.tolist(), picks.scores[1:].tolist(), picks.report.passes, time.perf_counter() - began]))
"""


def make(path: Path, rows: int, kind: str) -> None:
    """Write rows of embeddings: independent features, features of falling size, or 1,000 clusters."""
    rng = np.random.default_rng(0)
    centres = 3 * rng.standard_normal((1000, FEATURES), dtype=np.float32)
    sizes = (1 / np.arange(1, FEATURES + 1)).astype(np.float32)
    with path.open("wb") as file:
        np.lib.format.write_array_header_1_0(file, {"descr": "<f4", "fortran_order": False, "shape": (rows, FEATURES)})
        for start in range(0, rows, STRETCH):
            part = rng.standard_normal((min(STRETCH, rows - start), FEATURES), dtype=np.float32)
            if kind == "decaying":
                part *= sizes
            elif kind == "clusters":
                part = part / 2 + centres[rng.integers(1000, size=len(part))]
            part.tofile(file)
        file.flush()
        os.fsync(file.fileno())


def run(printer: Printer, *, rows: int, k: int, limit_bytes: int, folder: str | None) -> list[bool]:
    """Print one line for each pool and way of passing it; return whether picks were identical."""
    table, met = [], []
    with tempfile.TemporaryDirectory(dir=folder) as there, limited(limit_bytes) as limit:
        path = Path(there) / "embeddings.npy"
        printer.title(
            f"k_center, k = {k:,} of {rows:,} x {FEATURES} float32 ({rows * FEATURES * 4 / 2**20:,.0f} MiB), "
            f"{limit_bytes / 2**20:.0f} MiB of memory: {limit.how}"
        )
        for kind in POOLS:
            make(path, rows, kind)
            found = {}
            for name, how in HOW.items():
                forget(path)
                prefix = [] if name == "array" else limit.prefix
                command = [*prefix, sys.executable, "-c", INSIDE.format(how=how), str(path), str(k)]
                _, peak, shown = watched(command)
                *found[name], passes, seconds = json.loads(shown)
                identical = found[name] == found["array"]
                if name == "array":
                    in_memory = seconds
                    continue
                met.append(identical)
                table.append(
                    [
                        f"{kind}, {name}",
                        "identical" if identical else "DIFFERENT",
                        str(passes),
                        f"{seconds / in_memory:.2f} x",
                        f"{peak:.0f} MiB",
                        verdict(met[-1:]),
                    ]
                )
        printer.table(
            ["pool", "picks, distances", "passes", "time to that in memory", "peak memory of its own", ""], table
        )
        printer.line(
            "From a cold page cache; `blocks` reads the whole file in each pass, the others the rows that may be picked. "
            f"The limit was reached {limit.reclaimed()} times."
        )
    return met
