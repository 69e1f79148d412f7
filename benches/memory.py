"""Peak memory beyond the input for a top-100, each competitor in a process of its own."""

from __future__ import annotations

import subprocess
import sys

from shortlist.benchmarking import data, peak
from shortlist.benchmarking.registry import made, origin
from shortlist.benchmarking.rivals import MEASURES, Rival

from .against_rivals import K, rival_task
from .report import Figure, Printer, number

TARGET = 16.0  # MiB, for Shortlist
OURS = "Shortlist"


def child(name: str, n_rows: int, n_classes: int) -> None:
    """Make the pool, warm up on a small one, run each measure as a phase."""
    x = data.fill(data.Buffer(n_rows * n_classes * 4).rows(n_rows, n_classes, "float32"), "dirichlet")
    small = x[:1000].copy()
    if name == OURS:
        import shortlist as sl

        for m in MEASURES:
            sl.select(small, m, K)
            peak.phase(m, lambda m=m: sl.select(x, m, K))
        return
    rival: Rival = made(name)
    rival.setup(small, 2)
    for m in filter(rival.has, MEASURES):
        rival.setup(small, 2)
        rival_task(rival, m)()
        rival.setup(x, 2)
        peak.phase(m, rival_task(rival, m))


def run(found: list[Rival], *, quick: bool) -> list[Figure]:
    """MiB beyond the input, for every competitor and measure."""
    n_rows, n_classes = (200_000, 10) if quick else (10_000_000, 10)
    figures = []
    origins = {OURS: OURS} | {r.name: origin(r) for r in found}
    for name, where in origins.items():
        arguments = ["-m", "benches.memory", where, str(n_rows), str(n_classes)]
        try:
            peaks = peak.phases(arguments)
        except subprocess.CalledProcessError as error:
            print(f"  {name}: no memory figure ({error})")
            continue
        for measure, n_bytes in peaks.items():
            figures.append(
                Figure(
                    "memory", measure, "dirichlet", "float32", n_rows, n_classes, 2, n_bytes / 2**20,
                    TARGET if name == OURS else None, at_most=True, more={"rival": name},
                )
            )  # fmt: skip
    return figures


def show(figures: list[Figure], printer: Printer) -> None:
    """One line per competitor."""
    if not figures:
        return
    one = figures[0]
    size = one.rows * one.classes * 4 / 2**20
    printer.title(
        f"Peak memory beyond the input, MiB: top-100 of {one.rows:,} x {one.classes} float32 ({size:.0f} MiB)"
    )
    cells = {(f.more["rival"], f.what): f for f in figures}
    rows = []
    for name in dict.fromkeys(f.more["rival"] for f in figures):
        mine = [cells.get((name, m)) for m in MEASURES]
        row = [name, *("-" if f is None else number(f.ratio) for f in mine)]
        judged = [f.met for f in mine if f is not None and f.target]
        rows.append([*row, ("met" if all(judged) else "MISSED") if judged else ""])
    printer.table(["", *MEASURES, f"{OURS} < {TARGET:.0f}"], rows)


if __name__ == "__main__":
    child(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
