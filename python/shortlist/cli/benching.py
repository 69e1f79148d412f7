"""`shortlist bench`: what strategies cost on this machine."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from shortlist.cli.app import FromLogits, one_line_errors
from shortlist.cli.tables import table_of


def bench_command(
    file: Annotated[
        Path | None,
        typer.Argument(metavar="[FILE]", help="A .npy of (rows, classes); without it a pool is made."),
    ] = None,
    strategies: Annotated[
        str | None, typer.Option("--strategies", "-s", help="Names with commas; by default all that fit.")
    ] = None,
    k: Annotated[int, typer.Option("-k", min=1, help="Rows to pick.")] = 100,
    rows: Annotated[int, typer.Option(min=1, help="Rows of the pool that is made.")] = 1_000_000,
    classes: Annotated[int, typer.Option(min=2, help="Its classes.")] = 100,
    dtype: Annotated[str, typer.Option(help="float32 or float64.")] = "float32",
    embeddings: Annotated[
        Path | None, typer.Option(metavar="FILE", help="A .npy of one row of features a row: adds diverse batches.")
    ] = None,
    from_logits: FromLogits = False,
    rivals: Annotated[str, typer.Option(help="auto, none, or names with commas.")] = "auto",
    rounds: Annotated[int, typer.Option(min=3, help="Interleaved runs of each task.")] = 7,
    threads: Annotated[list[int] | None, typer.Option(min=1, help="May be repeated; by default 1 and all.")] = None,
    peaks: Annotated[bool, typer.Option("--peaks/--no-peaks", help="Measure peak memory too.")] = True,
    as_json: Annotated[Path | None, typer.Option("--json", metavar="FILE", help="Write every run.")] = None,
    png: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Draw rows against time, and shares of bandwidth.")
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress bar.")] = False,
) -> None:
    """Measure strategies on FILE, or on a pool that is made: time, share of read bandwidth, memory, rivals."""
    from shortlist.benchmarking import bench

    with one_line_errors():
        if png is not None:
            import matplotlib  # noqa: F401  (a missing one is told before the measuring, not after)
        with _bar(quiet) as progress:
            found = bench(
                file,
                strategies,
                k,
                rows=rows,
                classes=classes,
                dtype=dtype,
                embeddings=None if embeddings is None else np.load(embeddings, mmap_mode="r"),
                from_logits=from_logits,
                rivals=rivals if rivals in ("auto", "none") else rivals.split(","),
                rounds=rounds,
                threads=threads or None,
                peaks=peaks,
                progress=progress,
            )
        console = Console(highlight=False)
        console.print(found.heading(), markup=False)
        for lines in (found.rows(), found.rival_rows()):
            if lines:
                console.print()
                console.print(table_of(lines))
        if any(len(t.seconds) < found.rounds for t in found.timings):
            console.print("* fewer runs: more than ten times slower", style="dim")
        for name, reason in found.skipped.items():
            console.print(f"skipped: {name} ({reason})", style="dim", markup=False)
        if as_json is not None:
            found.to_json(as_json)
        if png is not None:
            found.to_png(png)


@contextmanager
def _bar(quiet: bool) -> Iterator[Callable[[int, int], object] | None]:
    if quiet or not sys.stderr.isatty():
        yield None
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("steps"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("measuring", total=None)

        def show(done: int, total: int) -> None:
            bar.update(task, completed=done, total=total)

        yield show
