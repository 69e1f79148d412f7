"""Dask and Ray whose workers, schedulers and networks misbehave: ``python -m attacks.clusters``.

Each time the picks, or the model of a loop, are those of one machine, or there is one clear sentence, and the same call again
gives them; nothing waits for ever.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import shortlist
from attacks.clusters import apart, here
from attacks.clusters.network import ROOT, left_out
from attacks.clusters.network import apart as in_namespaces
from attacks.clusters.rows import wanted
from attacks.report import ended, table

if TYPE_CHECKING:
    from collections.abc import Callable

PATIENCE = 180.0
"""Seconds after which a call waits for ever."""
AT_ONCE = 2
"""Cases side by side, as most of them wait."""
LONGEST = 480.0
"""Seconds after which a case has come to nothing."""
SAME, SENTENCE, FOR_EVER = "the same", "a sentence", "it waits for ever"
LONGEST_SENTENCE = 600
LOST, EMPTY = "was lost in the middle of the call", "had no worker for 15 s"
OTHER, UNKNOWN = "accepted is the same Shortlist on the client and on all workers", "doesn't know what it is to do"


@dataclass(frozen=True)
class Case:
    """A cluster, a call, what is done in the middle of it, and how it is to end: what its sentence says."""

    cluster: type
    call: str
    attack: Callable[..., None]
    end: str = SAME
    package: str = ""
    quick: bool = False
    again: bool = False
    """Whether the same call is made once more after its sentence, and must give the same."""

    @property
    def name(self) -> str:
        """What a person calls it."""
        what = f"workers have {self.package}" if self.package else self.attack.__name__.replace("_", " ")
        return f"{self.cluster.__name__}{' apart' if self.apart else ''}, {self.call}, {what}"

    @property
    def apart(self) -> bool:
        """Whether it needs a network of its own."""
        return issubclass(self.cluster, apart.Cluster)


CASES = [
    Case(here.Dask, "select", here.nothing),
    Case(here.Dask, "select", here.killed, quick=True),
    Case(here.Dask, "select", here.stopped),
    Case(here.Dask, "select", here.scheduler_gone, LOST),
    Case(here.Dask, "k_center", here.killed),
    Case(here.Dask, "k_center", here.stopped),
    Case(here.Dask, "k_center", here.scheduler_gone, LOST),
    Case(apart.Dask, "select", apart.worker_killed),
    Case(apart.Dask, "select", apart.worker_slow),
    Case(apart.Dask, "select", apart.worker_cut_off_and_back, quick=True),
    Case(apart.Dask, "select", apart.worker_cut_off, quick=True),
    Case(apart.Dask, "select", apart.all_workers_cut_off, EMPTY),
    Case(apart.Dask, "select", apart.scheduler_killed, LOST),
    Case(apart.Dask, "select", apart.scheduler_restarted, LOST, again=True, quick=True),
    Case(apart.Dask, "select", apart.scheduler_cut_off_and_back),
    Case(apart.Dask, "select", apart.scheduler_cut_off, LOST),
    Case(apart.Dask, "select", here.nothing, OTHER, "another version"),
    Case(apart.Dask, "select", here.nothing, UNKNOWN, "an older one", quick=True),
    Case(apart.Dask, "select", here.nothing, UNKNOWN, "none at all"),
    Case(apart.Dask, "k_center", apart.worker_killed),
    Case(apart.Dask, "k_center", apart.worker_slow),
    Case(apart.Dask, "k_center", apart.worker_cut_off_and_back),
    Case(apart.Dask, "k_center", apart.worker_cut_off_and_late_back),
    Case(apart.Dask, "k_center", apart.worker_cut_off),
    Case(apart.Dask, "k_center", apart.all_workers_cut_off, EMPTY),
    Case(apart.Dask, "k_center", apart.scheduler_restarted, LOST, again=True),
    Case(apart.Dask, "k_center", apart.scheduler_cut_off_and_back),
    Case(apart.Dask, "k_center", here.nothing, OTHER, "another version"),
    Case(apart.Dask, "k_center", here.nothing, UNKNOWN, "an older one"),
    Case(apart.Dask, "train", apart.worker_killed),
    Case(apart.Dask, "train", apart.worker_slow),
    Case(apart.Dask, "train", apart.worker_cut_off),
    Case(apart.Dask, "train", apart.worker_cut_off_and_back),
    Case(apart.Dask, "train", apart.all_workers_cut_off, EMPTY),
    Case(apart.Dask, "train", apart.scheduler_restarted, "training failed", again=True),
    Case(apart.Dask, "train", apart.scheduler_cut_off, "training failed"),
    Case(apart.Dask, "train", here.nothing, UNKNOWN, "an older one"),
    Case(here.Ray, "select", here.nothing),
    Case(here.Ray, "select", here.killed),
    Case(here.Ray, "select", here.stopped),
    Case(apart.Ray, "select", apart.worker_killed),
    Case(apart.Ray, "select", apart.worker_cut_off_and_back),
    Case(apart.Ray, "select", apart.worker_cut_off),
    Case(apart.Ray, "select", here.nothing, OTHER, "another version"),
    Case(apart.Ray, "k_center", apart.worker_killed),
    Case(apart.Ray, "train", apart.worker_killed),
]
"""THE list of cases."""


def ended_as(case: Case) -> tuple[str, str, float]:
    """Attack a call; return how it ended, what it said, and the seconds that it took."""
    found: list[Any] = []
    with tempfile.TemporaryDirectory(prefix="clusters-") as name:
        marks = Path(name) / "marks"
        right = wanted(case.call, _emptied(marks))
        try:
            cluster = case.cluster(Path(name), case.package)
        except Exception as error:
            log = Path(name) / "log"
            error.add_note(log.read_text(errors="replace")[-2_000:] if log.exists() else "and nothing was said")
            raise

        def busy() -> int:
            """Wait until a worker is at work; return its number."""
            while not (files := sorted(marks.iterdir(), key=lambda path: path.stat().st_mtime_ns)):
                time.sleep(0.01)
            return int(files[-1].name)

        def work() -> None:
            try:
                found.append(cluster.pick(case.call, marks))
            except BaseException as error:
                found.append(error)

        def called() -> threading.Thread:
            found.clear()
            thread = threading.Thread(target=work, daemon=True)
            thread.start()
            return thread

        _emptied(marks)
        began, thread = time.monotonic(), called()
        case.attack(cluster, busy)
        thread.join(PATIENCE)
        took = time.monotonic() - began
        end, said = _end(found, right)
        if case.again and end == SENTENCE:
            called().join(PATIENCE)
            end = SENTENCE if _end(found, right)[0] == SAME else f"{_end(found, right)} when called again"
        cluster.close()
    return end, said, took


def _emptied(folder: Path) -> Path:
    folder.mkdir(exist_ok=True)
    for path in folder.iterdir():
        path.unlink()
    return folder


def _end(found: list[Any], right: Any) -> tuple[str, str]:
    if not found:
        return FOR_EVER, ""
    if isinstance(found[0], BaseException):
        return SENTENCE, f"{type(found[0]).__name__}: {found[0]}"
    return SAME if found[0] == right else "OTHER PICKS", ""


def is_right(case: Case, end: str, said: str) -> bool:
    """Return whether a case ended as it is to: a sentence is one line that a person can read."""
    if case.end == SAME or end != SENTENCE:
        return end == case.end
    return case.end in said and "\n" not in said and len(said) < LONGEST_SENTENCE


def run(number: int) -> tuple[str, str, float]:
    """Attack a call in a process of its own, so that whatever hangs ends."""
    case = CASES[number]
    words = [*(in_namespaces() if case.apart else ()), sys.executable, "-m", "attacks.clusters", "--case", str(number)]
    path = os.pathsep.join([str(Path(shortlist.__file__).parents[1]), os.environ.get("PYTHONPATH", "")])
    own = {**os.environ, "PYTHONPATH": path}
    try:
        done = subprocess.run(words, cwd=ROOT, env=own, capture_output=True, text=True, check=False, timeout=LONGEST)
    except subprocess.TimeoutExpired:
        return FOR_EVER, "", LONGEST
    lines = done.stdout.splitlines()
    if done.returncode or not lines:
        return "THE ATTACK FAILED", done.stderr[-3_000:], 0.0
    end, said, took = json.loads(lines[-1])
    return end, said, took


def main() -> int:
    """Run all cases, print the table, and return 1 where one ended otherwise."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cluster", choices=["Dask", "Ray"], help="only this")
    parser.add_argument("--call", choices=["select", "k_center", "train"], help="only this")
    parser.add_argument("--quick", action="store_true", help="some of them, in a minute")
    parser.add_argument("--case", type=int, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.case is not None:
        print(json.dumps(ended_as(CASES[given.case])), flush=True)
        os._exit(0)  # threads that wait for ever don't keep it
    rows, wrong, why_not = [], [], left_out()
    if why_not:
        print(why_not)
    chosen = [
        number
        for number, case in enumerate(CASES)
        if given.cluster in (None, case.cluster.__name__)
        and given.call in (None, case.call)
        and (case.quick or not given.quick)
        and not (why_not and case.apart)
    ]
    with ThreadPoolExecutor(AT_ONCE) as threads:
        for number, (end, said, took) in zip(chosen, threads.map(run, chosen), strict=True):
            case = CASES[number]
            rows.append([case.name, end, f"{took:.0f} s", said[:150].replace("\n", " | ")])
            print(*rows[-1], sep=", ", file=sys.stderr, flush=True)
            if not is_right(case, end, said):
                wrong.append(f"{case.name}: {end}; {said}")
    print(table(["cluster, call and what is done", "ended with", "after", "which says"], rows))
    kills = sum("killed" in row[0] or "restarted" in row[0] for row in rows)
    alone = sum(row[0].endswith("nothing") for row in rows)
    faults = len(rows) - kills - alone
    return ended("clusters that misbehave", wrong, inputs=len(rows), faults=faults, kills=kills)


if __name__ == "__main__":
    raise SystemExit(main())
