"""Dask and Ray whose workers misbehave: ``python -m attacks.clusters``.

A worker is killed in the middle, one is stopped and goes on later, the scheduler ends, the workers have another version of
Shortlist. Each time the picks are those of one machine, or there is one clear sentence;
nothing waits for ever. A network that is cut is stood in for by a process that is stopped (SIGSTOP), whose connections stay
open and silent.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import signal
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

import shortlist as sl
from attacks.report import ended, table

if TYPE_CHECKING:
    from collections.abc import Callable

ROWS, K, CHUNK = 4000, 40, 100
PATIENCE = 180.0
"""Seconds after which a call waits for ever."""
STOPPED = 3.0
"""Seconds for which a worker is stopped."""
rng = np.random.default_rng(5)
P = rng.dirichlet(np.ones(7), ROWS).astype(np.float32)
X = rng.normal(size=(ROWS, 8)).astype(np.float32)


def slow(block: Any, seconds: float = 0.05, place: str = "") -> Any:
    """Give a block back a little later; leave this worker's number in a file."""
    if place:
        (Path(place) / str(os.getpid())).touch()
    time.sleep(seconds)
    return block


class Dask:
    """A cluster of two processes, and what is done to it."""

    def __init__(self, workers: int = 2) -> None:
        import distributed

        self.cluster = distributed.LocalCluster(
            n_workers=workers, threads_per_worker=1, dashboard_address=None, memory_limit=None
        )
        self.client = distributed.Client(self.cluster)

    def rows(self, place: str) -> Any:
        import dask.array as da

        empty = np.empty((0, 0), np.float32)
        return da.from_array(P, chunks=(CHUNK, -1)).map_blocks(slow, place=place, dtype=np.float32, meta=empty)

    def features(self, place: str) -> Any:
        import dask.array as da

        empty = np.empty((0, 0), np.float32)
        return da.from_array(X, chunks=(CHUNK * 4, -1)).map_blocks(slow, place=place, dtype=np.float32, meta=empty)

    def select(self, place: str) -> Any:
        from shortlist.distributed import dask as sld

        return sld.select(self.rows(place), "margin", K)

    def k_center(self, place: str) -> Any:
        from shortlist.distributed import dask as sld

        return sld.k_center(self.features(place), 6)

    def close(self) -> None:
        with contextlib.suppress(Exception):
            self.client.close(timeout=5)
        with contextlib.suppress(Exception):
            self.cluster.close(timeout=5)


class Ray:
    """The same on Ray."""

    def __init__(self) -> None:
        import ray

        ray.init(
            num_cpus=2,
            include_dashboard=False,
            object_store_memory=100 << 20,
            log_to_driver=False,
            configure_logging=False,
        )
        ray.data.DataContext.get_current().enable_progress_bars = False

    def select(self, place: str) -> Any:
        import pyarrow as pa
        import ray

        from shortlist.distributed import ray as slr

        lists = pa.FixedSizeListArray.from_arrays(pa.array(P.reshape(-1)), P.shape[1])
        rows = pa.table({"proba": lists, "id": np.arange(ROWS)})
        parts = ray.data.from_arrow([rows[start : start + CHUNK] for start in range(0, ROWS, CHUNK)])

        def later(part: Any) -> Any:
            (Path(place) / str(os.getpid())).touch()
            time.sleep(0.05)
            return part

        later_parts = parts.map_batches(later, batch_size=None, batch_format="pyarrow")
        return slr.select(later_parts, "margin", K, id_column="id", column="proba")

    def close(self) -> None:
        import ray

        ray.shutdown()


def killed(cluster: Any, busy: Callable[[], int]) -> None:
    """Kill the worker that was busy last."""
    os.kill(busy(), signal.SIGKILL)


def stopped(cluster: Any, busy: Callable[[], int]) -> None:
    """Stop it for some seconds, in which its connections are open and silent."""
    number = busy()
    os.kill(number, signal.SIGSTOP)
    time.sleep(STOPPED)
    os.kill(number, signal.SIGCONT)


def scheduler_gone(cluster: Any, busy: Callable[[], int]) -> None:
    """End what hands tasks out."""
    busy()
    cluster.cluster.loop.add_callback(cluster.cluster.scheduler.close)


def other_version(cluster: Any, busy: Callable[[], int]) -> None:
    """Have all workers know another version of states and rounds, before the call."""
    cluster.client.run(_another)


def _another() -> None:
    import shortlist.diversity.rounds.part
    import shortlist.selector

    shortlist.selector.STATE_VERSION = shortlist.diversity.rounds.part.VERSION = 99


def nothing(cluster: Any, busy: Callable[[], int]) -> None:
    """Leave it alone."""


SAME, SENTENCE = "the same picks", "a sentence"
VERSION, LOST = (
    "accepted is the same Shortlist on the client and on all workers",
    "lost the connection to the scheduler",
)
CASES: list[tuple[Any, str, Callable[..., None], str]] = [
    (Dask, "select", nothing, SAME),
    (Dask, "select", killed, SAME),
    (Dask, "select", stopped, SAME),
    (Dask, "select", other_version, VERSION),
    (Dask, "select", scheduler_gone, LOST),
    (Dask, "k_center", killed, SAME),
    (Dask, "k_center", stopped, SAME),
    (Dask, "k_center", other_version, VERSION),
    (Dask, "k_center", scheduler_gone, LOST),
    (Ray, "select", nothing, SAME),
    (Ray, "select", killed, SAME),
    (Ray, "select", stopped, SAME),
]
"""THE list of cases: the cluster, the call, what is done in the middle of it, and how it is to end: what its sentence says."""
WANTED = {"select": lambda: sl.select(P, "margin", K), "k_center": lambda: sl.k_center(X, 6)}


def ended_as(cluster_class: Any, call: str, attack: Callable[..., None]) -> tuple[str, str]:
    """Attack a call; return how it ended, and what it said."""
    cluster = cluster_class()
    found: list[Any] = []
    with tempfile.TemporaryDirectory(prefix="clusters-") as place:

        def busy() -> int:
            """Wait until a worker is at work; return its number."""
            while not (files := sorted(Path(place).iterdir(), key=lambda path: path.stat().st_mtime_ns)):
                time.sleep(0.01)
            return int(files[-1].name)

        def work() -> None:
            try:
                found.append(getattr(cluster, call)(place))
            except BaseException as error:
                found.append(error)

        if attack is other_version:
            attack(cluster, busy)
        thread = threading.Thread(target=work, daemon=True)
        thread.start()
        if attack is not other_version:
            attack(cluster, busy)
        thread.join(PATIENCE)
    cluster.close()
    if not found:
        return "it waits for ever", ""
    if isinstance(found[0], BaseException):
        return SENTENCE, f"{type(found[0]).__name__}: {found[0]}"
    return SAME if found[0] == WANTED[call]() else "OTHER PICKS", ""


def main() -> int:
    """Run all cases, print the table, and return 1 where one ended otherwise."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cluster", choices=["Dask", "Ray"], help="only this")
    given = parser.parse_args()
    rows, wrong = [], []
    for cluster, call, attack, right in CASES:
        if given.cluster not in (None, cluster.__name__):
            continue
        print(f"{call} on {cluster.__name__}, {attack.__name__}", file=sys.stderr, flush=True)
        end, said = ended_as(cluster, call, attack)
        rows.append([cluster.__name__, call, attack.__name__.replace("_", " "), end, said[:150].replace("\n", " | ")])
        if end != SAME if right == SAME else right not in said:
            wrong.append(f"{call} on {cluster.__name__}, {attack.__name__}: {end}; {said[:500]}")
    print(table(["cluster", "call", "workers", "ended with", "which says"], rows))
    return ended("clusters that misbehave", wrong, inputs=len(rows), kills=sum(row[2] == "killed" for row in rows))


if __name__ == "__main__":
    raise SystemExit(main())
