"""What a cluster sends back of a model's answers: ``python -m benches.loop_clusters``.

Three loops over the same pool of vectors train the same models: one in this process, one on a cluster from which states of
selections come back, and one from which the answers for all rows do. Shown are the bytes that came back for each training, and
whether all rounds have picked the same rows, bit for bit. The clusters are local ones: ``--cluster ray`` takes Ray.
"""

from __future__ import annotations

import argparse
import contextlib
import pickle
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest import mock

import numpy as np

import shortlist as sl
from shortlist.benchmarking.machine import machine
from shortlist.loop.kept import wanted
from shortlist.loop.training import tasks

if TYPE_CHECKING:
    from collections.abc import Iterator

COLUMNS = 8
SPEC = """
loop = 1
name = "clusters"
classes = [{classes}]
[pool]
path = "vectors.npy"
ids = "ids.txt"
[model]
estimator = "logistic"
[seed]
rows = 200
how = "random"
[round]
rows = 100
[retrain]
when = "growth:{growth}"
{where}
[stop]
when = "budget:1000000"
[handoff]
tool = "csv"
"""


def main() -> None:
    """Run everything."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--classes", type=int, default=10)
    parser.add_argument("--rounds", type=int, default=6)
    parser.add_argument("--growth", type=float, default=1.0, help="labels grow by so much before a model is trained")
    parser.add_argument("--cluster", choices=("dask", "ray"), default="dask")
    parser.add_argument("--workers", type=int, default=2)
    given = parser.parse_args()
    print(machine())
    print(
        f"{given.rows:,} rows, {given.classes} classes, {given.rounds} rounds of 100; {given.workers} workers of {given.cluster}"
    )
    with (
        tempfile.TemporaryDirectory(prefix="shortlist-bench-") as name,
        _cluster(given.cluster, given.workers) as where,
    ):
        folder = Path(name)
        rng = np.random.default_rng(0)
        X = rng.normal(size=(given.rows, COLUMNS)).astype(np.float32)
        truth = (X @ rng.normal(size=(COLUMNS, given.classes))).argmax(axis=1)
        np.save(folder / "vectors.npy", X)
        (folder / "ids.txt").write_text("".join(f"r{row}\n" for row in range(given.rows)))
        here, _ = _played(folder / "here", "", truth, given)
        kept, states = _played(folder / "states", where, truth, given)
        with mock.patch.object(wanted, "all_because", return_value="this is to be compared"):
            whole, everything = _played(folder / "everything", where, truth, given)
    _print("states of selections", states, kept == here)
    _print("the answers for all rows", everything, whole == here)
    print(f"{sum(everything) / sum(states):6.1f} times fewer bytes by states")


def _played(folder: Path, where: str, truth: Any, given: argparse.Namespace) -> tuple[list[Any], list[int]]:
    """Play a loop; return what it picked, and the bytes that came back for each training and each further scoring."""
    came: list[int] = []
    folder.mkdir()
    for name in ("vectors.npy", "ids.txt"):
        (folder / name).hardlink_to(folder.parent / name)
    classes = ", ".join(f'"{code}"' for code in range(given.classes))
    (folder / "spec.toml").write_text(SPEC.format(classes=classes, growth=given.growth, where=where))
    loop = sl.Loop.init(folder / "spec.toml", folder / "loop")
    with _counted(came):
        for _ in range(given.rounds):
            batch = loop.next()
            assert batch is not None
            loop.ingest({own: str(truth[int(own[1:])]) for own in batch.ids}, annotator="amy")
            loop.run_once()
    assert all(loop.replay_all())
    scored = len(loop._store.jobs_of("score"))
    print(f"{folder.name:>12}: {len(loop._store.models())} trainings, {scored} further scorings of the pool")
    return [loop._store.picks(number) for number in range(1, given.rounds + 1)], came


@contextlib.contextmanager
def _counted(came: list[int]) -> Iterator[None]:
    """Count the bytes of what tasks return, of a training or of a scoring each."""
    began = tasks.tasks_on

    class Counted:
        def __init__(self, inner: Any) -> None:
            self._inner = inner

        def __getattr__(self, name: str) -> Any:
            return getattr(self._inner, name)

        def result(self, handle: Any) -> Any:
            found = self._inner.result(handle)
            came[-1] += len(pickle.dumps(found, pickle.HIGHEST_PROTOCOL))
            return found

    @contextlib.contextmanager
    def counting(*where: Any) -> Iterator[Any]:
        came.append(0)
        with began(*where) as inner:
            yield Counted(inner)

    with mock.patch("shortlist.loop.training.clusters.tasks_on", counting):
        yield


@contextlib.contextmanager
def _cluster(kind: str, workers: int) -> Iterator[str]:
    """Start a cluster on this machine; yield what a specification says of it."""
    if kind == "ray":
        import ray

        ray.init(num_cpus=workers, include_dashboard=False, log_to_driver=False)
        yield 'where = "ray"'
        ray.shutdown()
        return
    from distributed import LocalCluster

    with LocalCluster(n_workers=workers, threads_per_worker=1, dashboard_address=None) as found:
        yield f'where = "dask"\naddress = "{found.scheduler_address}"'


def _print(what: str, came: list[int], equal: bool) -> None:
    each = ", ".join(f"{size:,}" for size in came)
    print(f"{sum(came):14,} bytes came back as {what} ({each}); picks are {'the same' if equal else 'DIFFERENT'}")


if __name__ == "__main__":
    main()
