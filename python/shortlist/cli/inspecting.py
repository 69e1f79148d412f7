"""`shortlist inspect`: what files hold, before anything is picked from them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from shortlist.cli import options, screen
from shortlist.cli.errors import one_line_errors
from shortlist.cli.inspection import Inspection, inspect_files, memory_verdict
from shortlist.registry import RANDOM

if TYPE_CHECKING:
    from pathlib import Path

    from rich.console import Console

REASONS = {
    "nan": "with NaN",
    "infinite": "with an infinite value",
    "negative": "with a negative probability",
    "sum": "that do not sum to 1",
}


@click.command("inspect", short_help="Show shape, dtype, bad rows, scores, and ties at the cut.")
@options.files
@options.strategy
@click.option("-k", type=click.IntRange(1), default=100, help="Where the cut lies for so many rows.")
@options.from_logits
@options.temperature
@options.normalize
@options.dtype
@options.column
@options.key
@options.shape
@options.threads
@options.quiet
def inspect_command(
    files: tuple[Path, ...],
    strategy: str,
    k: int,
    *,
    quiet: bool,
    column: tuple[str, ...],
    key: str | None,
    shape: Any,
    dtype: str | None,
    **how: Any,
) -> None:
    """Show shape, dtype, bad rows, the scores of a strategy, and ties at the cut."""
    if strategy == RANDOM:
        raise click.BadParameter("random has no scores to show", param_hint="--strategy")
    with one_line_errors():
        source = options.source_of(files, column=column, key=key, shape=shape, dtype=dtype)
        with screen.bar(", ".join(file.name for file in files[:3]), "rows", quiet) as progress:
            found = inspect_files(source, strategy, k, progress=progress, **how)
        _show(found)


def _show(found: Inspection) -> None:
    console = screen.console()
    table = screen.plain_table()
    table.add_column(style="bold")
    table.add_column()
    names = ("members", "rows", "classes")[-len(found.shape) :]
    table.add_row("file", screen.as_text(found.name))
    table.add_row("shape", " x ".join(f"{n:,} {name}" for n, name in zip(found.shape, names, strict=True)))
    table.add_row("dtype", f"{found.dtype}{found.layout}")
    table.add_row("size", f"{_bytes(found.size)}; {memory_verdict(found.size)}")
    table.add_row("rows", f"{found.rows - found.invalid:,} valid, {found.invalid:,} invalid")
    for reason, number in found.by_reason.items():
        if number:
            table.add_row("", f"{number:,} {REASONS.get(reason, reason)}")
    for row, reason in found.first:
        table.add_row("", screen.as_text(f"row {row} {reason.partition(';')[0]}"))
    if found.advice:
        table.add_row("advice", screen.as_text(found.advice))
    console.print(table, soft_wrap=True)
    if not len(found.counts):
        return
    console.print(f"\n{found.measure} of the valid rows")
    _show_histogram(console, found)
    line = f"k = {found.k:,}: cut at {found.cut:.6g}" if found.cut is not None else f"k = {found.k:,}"
    if found.picked < found.k:
        line += f", only {found.picked:,} rows can be picked"
    if found.ties_left:
        line += f"; {found.ties_picked:,} picked and {found.ties_left:,} left with that same score"
    else:
        line += "; no ties at the cut"
    console.print(f"\n{line}", markup=False)


def _show_histogram(console: Console, found: Inspection) -> None:
    from rich.bar import Bar

    bars = screen.plain_table()
    bars.add_column(justify="right")
    bars.add_column(width=40)
    bars.add_column(justify="right")
    top = int(found.counts.max())
    for low, high, number in zip(found.edges[:-1], found.edges[1:], found.counts, strict=True):
        bar: Any = Bar(top, 0, int(number)) if number else ""
        bars.add_row(f"{low:.4g} to {high:.4g}", bar, f"{number:,}")
    console.print(bars)


def _bytes(size: float) -> str:
    for unit in ("bytes", "kB", "MB"):
        if size < 1000:
            return f"{size:.3g} {unit}"
        size /= 1000
    return f"{size:,.1f} GB"
