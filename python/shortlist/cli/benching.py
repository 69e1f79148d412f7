"""`shortlist bench`: what strategies cost on this machine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from shortlist.cli import options, screen
from shortlist.cli.errors import one_line_errors
from shortlist.cli.files import print_json
from shortlist.tables import visible

if TYPE_CHECKING:
    from pathlib import Path

    from shortlist.benchmarking.result import Benchmark


@click.command("bench", short_help="Measure strategies: time, share of bandwidth, memory, rivals.")
@click.argument("file", type=options.PATH, required=False)
@options.strategies
@click.option("-k", type=click.IntRange(1), default=100, help="Rows to pick.")
@click.option(
    "--rows", type=click.IntRange(1), help="Rows of the pool that is made; by default a million, or as the embeddings."
)
@click.option("--classes", type=click.IntRange(2), default=100, help="Its classes.")
@click.option("--dtype", default="float32", help="float32 or float64.")
@options.embeddings
@click.option("--features", type=click.IntRange(1), help="Of embeddings that are made, where no file has them.")
@options.from_logits
@click.option("--rivals", default="auto", help="auto, none, or names with commas.")
@click.option("--rounds", type=click.IntRange(3), default=7, help="Interleaved runs of each task.")
@click.option("--threads", type=click.IntRange(1), multiple=True, help="May be repeated; by default 1 and all.")
@click.option("--peaks/--no-peaks", default=True, help="Measure peak memory too.")
@options.form
@options.as_json
@options.png
@click.option("--quiet", "-q", is_flag=True, help="No progress bar.")
def bench_command(
    file: Path | None,
    strategies: str | None,
    k: int,
    *,
    embeddings: Path | None,
    rivals: str,
    threads: tuple[int, ...],
    form: str,
    as_json: Path | None,
    png: Path | None,
    quiet: bool,
    **how: Any,
) -> None:
    """Measure strategies: time, share of read bandwidth, memory, rivals.

    FILE is a .npy of (rows, classes); without it a pool is made.
    """
    from shortlist.benchmarking import bench

    with one_line_errors():
        with screen.bar("measuring", "steps", quiet) as progress:
            found = bench(
                file,
                strategies,
                k,
                embeddings=embeddings,
                rivals=rivals if rivals in ("auto", "none") else rivals.split(","),
                threads=list(threads) or None,
                progress=progress,
                **how,
            )
        if form == "json":
            print_json(found.to_dict())
        else:
            _show(found)
        if as_json is not None:
            found.to_json(as_json)
        if png is not None:
            found.to_png(png)


def _show(found: Benchmark) -> None:
    console = screen.console()
    console.print(visible(found.heading()), markup=False)
    for lines in (found.rows(), found.rival_rows(), found.contest_rows()):
        if lines:
            console.print()
            console.print(screen.table_of(lines))
    if any(len(t.seconds) < found.rounds for t in found.timings):
        console.print("* fewer runs: more than ten times slower than Shortlist", style="dim")
    for name, reason in found.skipped.items():
        console.print(visible(f"skipped: {name} ({reason})"), style="dim", markup=False)
