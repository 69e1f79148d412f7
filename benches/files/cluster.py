"""Dask and Ray on this machine, two workers: the same picks for every chunking, and what they add to reading the chunks."""

from __future__ import annotations

import contextlib
import logging
import tempfile
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

import shortlist as sl
from shortlist.benchmarking import data
from shortlist.benchmarking.timing import interleave
from shortlist.npy import NpyFile

from ..report import Printer, verdict

if TYPE_CHECKING:
    from collections.abc import Iterator

K, MEASURE = 1000, "margin"
PARTS = {"dask": (1, 2, 3, 7, 16, 33, 64, 100, 200, 500), "ray": (2, 7, 16, 64)}
WORKERS = 2


def run(
    printer: Printer, *, engine: str, rows: int, rounds: int, matrix: Path | None, folder: str | None
) -> list[bool]:
    """Print one line for each chunking; return whether picks were identical."""
    with tempfile.TemporaryDirectory(dir=folder) as there, ENGINES[engine]() as (select, read):
        path = matrix or Path(there) / "probs.npy"
        if matrix is None:
            np.save(path, data.fill(data.Buffer(rows * 228 * 4).rows(rows, 228, "float32"), "dirichlet"))
        file = NpyFile(path)
        printer.title(
            f"{engine}, {WORKERS} workers: {MEASURE} top-{K} of {file.shape[0]:,} x {file.shape[1]} {file.dtype}, "
            "from one file in so many chunks"
        )
        wanted = sl.select(path, MEASURE, K)
        met, table = [], []
        for parts in PARTS[engine]:
            bounds = np.linspace(0, file.shape[0], parts + 1).astype(int).tolist()
            pieces = list(pairwise(bounds))
            met.append(np.array_equal(np.asarray(select(file, pieces).indices), wanted.indices))
            times = interleave(
                {"select": lambda p=pieces: select(file, p), "read": lambda p=pieces: read(file, p)}, rounds
            )
            ratio = times["select"].median / times["read"].median
            table.append(
                [str(parts), "identical" if met[-1] else "DIFFERENT", f"{ratio:.2f} x reading", verdict(met[-1:])]
            )
        printer.table(["chunks", "picks", "time", ""], table)
        printer.line("`reading` is the same tasks reading their rows and returning how many bytes they were.")
    return met


def rows_of(file: NpyFile, first: int, last: int) -> np.ndarray[Any, Any]:
    """Read a range of rows."""
    width = file.shape[1]
    offset = file.offset + first * width * file.dtype.itemsize
    return np.fromfile(file.path, file.dtype, (last - first) * width, offset=offset).reshape(-1, width)


def bytes_of(file: NpyFile, first: int, last: int) -> int:
    """Read a range of rows, and return how many bytes they were."""
    return rows_of(file, first, last).nbytes


@contextlib.contextmanager
def dask() -> Iterator[tuple[Any, Any]]:
    """A local cluster of Dask."""
    import dask.array as da
    from dask import compute, delayed
    from distributed import Client, LocalCluster

    from shortlist.distributed import dask as sld

    def select(file: NpyFile, pieces: list[tuple[int, int]]) -> sl.Selection:
        parts = [delayed(rows_of)(file, a, b) for a, b in pieces]
        shapes = [(b - a, file.shape[1]) for a, b in pieces]
        x = da.concatenate([da.from_delayed(p, s, file.dtype) for p, s in zip(parts, shapes, strict=True)])
        return sld.select(x, MEASURE, K)

    def read(file: NpyFile, pieces: list[tuple[int, int]]) -> int:
        return sum(compute(*(delayed(bytes_of)(file, a, b) for a, b in pieces)))

    options = {"n_workers": WORKERS, "threads_per_worker": 1, "dashboard_address": None, "memory_limit": None}
    with LocalCluster(**options) as cluster, Client(cluster):
        yield select, read


@contextlib.contextmanager
def ray() -> Iterator[tuple[Any, Any]]:
    """A local cluster of Ray."""
    import pyarrow as pa
    import ray

    from shortlist.distributed import ray as slr

    ray.init(num_cpus=WORKERS, include_dashboard=False, log_to_driver=False, logging_level="ERROR")
    ray.data.DataContext.get_current().enable_progress_bars = False
    logging.getLogger("ray.data").setLevel(logging.ERROR)

    def dataset(pieces: list[tuple[int, int]]) -> Any:
        rows = [{"first": a, "last": b} for a, b in pieces]
        return ray.data.from_items(rows, override_num_blocks=len(rows))

    def select(file: NpyFile, pieces: list[tuple[int, int]]) -> sl.Selection:
        def load(batch: Any) -> Any:
            first, last = int(batch["first"][0]), int(batch["last"][0])
            values = pa.array(rows_of(file, first, last).reshape(-1))
            lists = pa.FixedSizeListArray.from_arrays(values, file.shape[1])
            return pa.table({"row": np.arange(first, last), "proba": lists})

        return slr.select(dataset(pieces).map_batches(load, batch_size=1), MEASURE, K, id_column="row", column="proba")

    def read(file: NpyFile, pieces: list[tuple[int, int]]) -> int:
        def touch(batch: Any) -> Any:
            return {"bytes": np.array([bytes_of(file, int(batch["first"][0]), int(batch["last"][0]))])}

        return int(dataset(pieces).map_batches(touch, batch_size=1).sum("bytes"))

    try:
        yield select, read
    finally:
        ray.shutdown()


ENGINES = {"dask": dask, "ray": ray}
