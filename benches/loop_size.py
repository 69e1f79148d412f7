"""A loop over ten million rows: ``python -m benches.loop_size``.

The pool is a file of vectors with a file of ids. The model is a command that answers with a file of probabilities, ten classes.
Shown are the time of `next` for a new round against `select` alone on the same file, each in processes of their own that take
turns, and the memory of such a process: what it holds itself (RssAnon, watched from outside), and the most that was in memory
with pages of files that it has mapped (VmHWM), which the system takes back when it needs them.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

import shortlist as sl
from shortlist.benchmarking import peak
from shortlist.benchmarking.machine import machine

CLASSES = 10
SECOND, MEMORY = 1.0, 300.0
"""What `next` may take more than `select`, in seconds, and hold, in MiB."""
RATE, LOOK = 20_000, 0.3
"""Answers a second to take in, and the seconds of a look at them."""
SPEC = """
loop = 1
name = "size"
classes = [{classes}]
[pool]
path = "embeddings.npy"
ids = "ids.txt"
[model]
command = ["{python}", "answer.py", "{{job}}"]
[seed]
rows = 60
[round]
rows = 100
strategy = "margin"
[retrain]
when = "growth:0.25"
[stop]
when = "budget:1000000"
"""
ANSWER = """
import os, sys
out = os.path.join(sys.argv[1], "out")
os.link("probs.npy", os.path.join(out, "probs.npy"))
open(os.path.join(out, "done.json"), "w").close()
"""


def main() -> None:
    """Make the pool, play a loop, and print what it took."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--answers", type=int, default=100_000)
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument(
        "--folder", type=Path, help="where to keep the pool and the loop, to go on with it another time"
    )
    parser.add_argument("--child", nargs="+", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.child:
        _child(*given.child)
        return
    with tempfile.TemporaryDirectory(prefix="loop-size-") as scratch:
        folder = given.folder or Path(scratch)
        folder.mkdir(parents=True, exist_ok=True)
        about = machine()
        print(
            f"{about['cpu']}, {about['cores']} cores, CPU level {about['shortlist']['cpu_level']}; {given.rows:,} rows"
        )
        print(f"{os.getloadavg()[0]:8.1f}    processes want a core as this begins")
        if not (folder / "ids.txt").exists():
            _make(folder, given.rows)
        loop = folder / "size"
        if not (loop / "loop.db").exists():
            for name, words in (("init", ["init", "size.toml"]), ("the first round", ["next", "--dir", "size"])):
                print(f"{_timed(folder, words):8.1f} s  {name}")
            _answer(loop)
            print(f"{_timed(folder, ['train', '--dir', 'size']):8.1f} s  a training that copies probabilities")
        _compare(folder, loop, given.repeats)
        _look(folder, loop, given.answers, given.repeats)


def _make(folder: Path, rows: int) -> None:
    rng = np.random.default_rng(0)
    arrays = [
        np.lib.format.open_memmap(folder / name, "w+", np.float32, (rows, width))
        for name, width in (("embeddings.npy", 2), ("probs.npy", CLASSES))
    ]
    with (folder / "ids.txt").open("w") as ids:
        for start in range(0, rows, 1 << 18):
            stop = min(rows, start + (1 << 18))
            arrays[0][start:stop] = rng.standard_normal((stop - start, 2), np.float32)
            arrays[1][start:stop] = rng.dirichlet(np.full(CLASSES, 0.5), stop - start)
            ids.write("".join(f"T-{row}\n" for row in range(start, stop)))
    classes = ", ".join(f'"class {number}"' for number in range(CLASSES))
    (folder / "size.toml").write_text(SPEC.format(classes=classes, python=sys.executable))
    (folder / "answer.py").write_text(ANSWER)


def _timed(folder: Path, words: list[str]) -> float:
    began = time.perf_counter()
    subprocess.run([sys.executable, "-m", "shortlist", "loop", *words], cwd=folder, check=True, stdout=sys.stderr)
    return time.perf_counter() - began


def _answer(loop: Path) -> None:
    """Answer the round that is out."""
    with sl.Loop(loop) as opened:
        batch = opened.next()
        assert batch is not None
        opened.ingest({row: f"class {number % CLASSES}" for number, row in enumerate(batch.ids)}, annotator="amy")


def _compare(folder: Path, loop: Path, repeats: int) -> None:
    found: dict[str, list[dict[str, float]]] = {"select": [], "next": []}
    for _ in range(repeats):
        _answer(loop)
        for what, place in (("select", folder / "probs.npy"), ("next", loop)):
            found[what].append(_measured(what, place, folder / "said.json"))
    for what, runs in found.items():
        _print(what, runs)
    more, busy = (_median(found["next"], name) - _median(found["select"], name) for name in ("seconds", "cpu"))
    print(
        f"{more:8.2f} s  more for next ({'met' if more <= SECOND else 'MISSED'}: {SECOND:g}), {busy:.2f} s more of CPU"
    )
    most = max(run["held"] for run in found["next"])
    print(f"{most:8.0f} MiB held by next ({'met' if most < MEMORY else 'MISSED'}: {MEMORY:g})")


def _look(folder: Path, loop: Path, answers: int, repeats: int) -> None:
    """Take many answers in, and look at the loop then."""
    with sl.Loop(loop) as opened:
        if opened.status()["labelled"] < answers:
            records = [
                {"id": f"T-{n * 7}", "label": f"class {n % CLASSES}", "time": 1_700_000_000 + n} for n in range(answers)
            ]
            began, busy = time.perf_counter(), time.process_time()
            new = opened.ingest(records, annotator="amy", allow=["unpicked"]).new
            rate, pace = new / (time.perf_counter() - began), new / (time.process_time() - busy)
            print(
                f"{rate:8,.0f} answers a second ({'met' if rate >= RATE else 'MISSED'}: {RATE:,}), {pace:,.0f} a second of CPU"
            )
        opened.status()  # folds what is new, once
    runs = [_measured("status", loop, folder / "said.json") for _ in range(repeats)]
    _print("status", runs)
    seconds = _median(runs, "seconds")
    print(f"{seconds:8.2f} s  for status ({'met' if seconds < LOOK else 'MISSED'}: {LOOK:g})")


def _measured(what: str, place: Path, said: Path) -> dict[str, float]:
    """Run something in a process of its own; return its seconds, seconds of CPU, and MiB."""
    peaks = peak.phases(["-m", "benches.loop_size", "--child", what, str(place), str(said)])
    found: dict[str, float] = json.loads(said.read_text())
    return {**found, "held": peaks.get(what, 0) / 2**20, "most": found["most"] / 1024}


def _print(what: str, runs: list[dict[str, float]]) -> None:
    seconds = [run["seconds"] for run in runs]
    print(
        f"{_median(runs, 'seconds'):8.2f} s  {what}, the median of {len(runs)} ({min(seconds):.2f} to {max(seconds):.2f}), "
        f"{_median(runs, 'cpu'):.2f} s of CPU; {max(run['held'] for run in runs):,.0f} MiB held, "
        f"{max(run['most'] for run in runs):,.0f} MiB with mapped pages"
    )


def _median(runs: list[dict[str, float]], name: str) -> float:
    return statistics.median(run[name] for run in runs)


def _child(what: str, place: str, said: str) -> None:
    """Run one of the two in this process, and write how long it took and the most that was in memory beyond the start."""
    seconds = cpu = 0.0

    def work() -> None:
        nonlocal seconds, cpu
        began, busy = time.perf_counter(), time.process_time()
        if what == "select":
            sl.select(place, "margin", 100)
        else:
            with sl.Loop(place) as loop:
                done = loop.next() if what == "next" else loop.status()
            assert done is not None
        seconds, cpu = time.perf_counter() - began, time.process_time() - busy

    sl.Loop  # noqa: B018 - imported before anything is measured
    before = _most()
    peak.phase(what, work)
    Path(said).write_text(json.dumps({"seconds": seconds, "cpu": cpu, "most": _most() - before}))


def _most() -> int:
    """Return the most memory that this process has had, in KiB, with pages of files that are mapped."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM"))


if __name__ == "__main__":
    main()
