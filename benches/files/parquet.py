"""Margin top-k straight from Parquet: against reading the column, and against one-liners in SQL and Polars."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

import shortlist as sl
from shortlist.benchmarking import data
from shortlist.benchmarking.timing import interleave

from ..report import Printer, verdict

if TYPE_CHECKING:
    from collections.abc import Callable

CLASSES, K, TARGET = 100, 1000, 1.2


def make(path: Path, rows: int) -> None:
    """Write a fixed-size-list column, zstd, in row groups as pyarrow makes them, and smaller ones beside."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    x = data.fill(data.Buffer(rows * CLASSES * 4).rows(rows, CLASSES, "float32"), "dirichlet")
    lists = pa.FixedSizeListArray.from_arrays(pa.array(np.ascontiguousarray(x).reshape(-1)), CLASSES)
    pq.write_table(pa.table({"id": np.arange(rows), "proba": lists}), path / "one.parquet", compression="zstd")
    pq.write_table(
        pa.table({"id": np.arange(rows), "proba": lists}),
        path / "ten.parquet",
        compression="zstd",
        row_group_size=rows // 10,
    )


def rivals(path: Path) -> dict[str, Callable[[], object]]:
    """What others do with the same file, where they are installed."""
    import pyarrow.parquet as pq

    found: dict[str, Callable[[], object]] = {
        "pyarrow reads the column": lambda: pq.read_table(path, columns=["proba"])
    }
    try:
        import duckdb

        query = (
            "select file_row_number from (select file_row_number, list_sort(proba::float[], 'desc') s "
            f"from read_parquet('{path}', file_row_number = true)) order by s[1] - s[2], file_row_number limit {K}"
        )
        found["DuckDB, list_sort"] = lambda: duckdb.sql(query).fetchall()
    except ImportError:
        pass
    try:
        import polars as pl

        def one_liner() -> object:
            ordered = pl.col("proba").arr.sort(descending=True)
            margin = (ordered.arr.get(0) - ordered.arr.get(1)).alias("margin")
            return (
                pl.scan_parquet(path).select("id", margin).bottom_k(K, by=["margin", "id"]).collect(engine="streaming")
            )

        found["Polars, arr.sort"] = one_liner
    except ImportError:
        pass
    return found


def run(printer: Printer, *, rows: int, rounds: int, folder: str | None) -> list[bool]:
    """Print one table for each layout; return which targets were met."""
    met = []
    with tempfile.TemporaryDirectory(dir=folder) as there:
        make(Path(there), rows)
        for name in ("one", "ten"):
            path = Path(there) / f"{name}.parquet"
            source = sl.Source(path, column="proba")
            tasks = {"Shortlist": lambda source=source: sl.select(source, "margin", K), **rivals(path)}
            times = interleave(tasks, rounds, slow=lambda task, _: task.startswith(("DuckDB", "Polars")))
            ours = times["Shortlist"].median
            met.append(ours <= TARGET * times["pyarrow reads the column"].median)
            printer.title(f"Margin top-{K} of {rows:,} x {CLASSES} float32, zstd Parquet, {name} row group(s)")
            table = []
            for task, taken in times.items():
                target = [f"> {1 / TARGET:.2f}", verdict(met[-1:])] if task.startswith("pyarrow") else ["", ""]
                table.append([task, f"{taken.median / ours:.2f} x ours", *target])
            printer.table(["", "time", "target", ""], table)
    return met
