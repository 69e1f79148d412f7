"""The commands, their options and what they print."""

import os
import platform
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from rich.bar import Bar
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from shortlist import _core
from shortlist.arguments import Progress as OnProgress
from shortlist.cli.files import FORMATS, read_ids, write_picks
from shortlist.cli.inspection import Inspection, inspect_files, memory_verdict
from shortlist.pools import Source
from shortlist.registry import RANDOM, find_measure
from shortlist.selecting import select
from shortlist.selection import Selection

SHOWN = 20

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Pick, out of a huge unlabelled pool, the few rows worth a person's time.",
)


def _known(name: str) -> str:
    if name != RANDOM:
        try:
            find_measure(name)
        except ValueError as error:
            raise typer.BadParameter(str(error)) from None
    return name


def _writable(out: str | None) -> str | None:
    if out not in (None, "-") and Path(str(out)).suffix not in FORMATS:
        raise typer.BadParameter(
            f"{out!r} has no known suffix; accepted are {', '.join(FORMATS)}, and - for standard output"
        )
    return out


def _shape(text: str | None) -> Any:
    if text is None:
        return None
    try:
        return tuple(int(part) for part in text.split(","))
    except ValueError:
        raise typer.BadParameter(f"{text!r} is no shape; accepted is ROWS,CLASSES or MEMBERS,ROWS,CLASSES") from None


def _version(wanted: bool) -> None:
    if wanted:
        info = _core.build_info()
        others = ", ".join(info["cpu_levels"])
        typer.echo(
            f"shortlist {info['version']}\n"
            f"CPU level {info['cpu_level']} (here: {others}), {_core.default_threads()} threads\n"
            f"Python {platform.python_version()}, NumPy {np.__version__}, Rust {info['rustc']}"
            + (", debug build: slow" if info["debug"] else "")
        )
        raise typer.Exit


File = Annotated[Path, typer.Argument(metavar="FILE", help="A file, a folder or a glob: one pool.")]
Files = Annotated[
    list[Path],
    typer.Argument(
        metavar="FILE...", help="Files, folders or globs, one pool: .npy .npz .parquet .arrow .h5 .zarr, or raw binary."
    ),
]
Column = Annotated[
    list[str] | None, typer.Option(help="Of a table: the column of lists, or (repeated) the numeric columns.")
]
IdColumn = Annotated[str | None, typer.Option(help="Of a table: the column that names the rows.")]
Key = Annotated[str | None, typer.Option(help="Of a file of several arrays: which one.")]
Shape = Annotated[
    str | None, typer.Option(callback=_shape, metavar="ROWS,CLASSES", help="Of raw binary; -1 for the rows there are.")
]
Strategy = Annotated[str, typer.Option("--strategy", "-s", callback=_known, help="Measure to pick by, or random.")]
FromLogits = Annotated[bool, typer.Option("--from-logits", help="The file holds logits.")]
Temperature = Annotated[float, typer.Option(help="Divides the logits.")]
Normalize = Annotated[str, typer.Option(help="Rows must sum to 1: check, as_is, or renormalize.")]
Dtype = Annotated[str | None, typer.Option(help="Of raw binary, as float32; bfloat16: read uint16 as bfloat16.")]
Threads = Annotated[int | None, typer.Option(min=1, help="At most so many threads.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress bar and no summary.")]


@app.callback()
def root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show version, CPU level and threads.")
    ] = False,
) -> None:
    """Pick, out of a huge unlabelled pool, the few rows worth a person's time."""


@app.command("select")
def select_command(
    files: Files,
    strategy: Strategy = "margin",
    k: Annotated[int, typer.Option("-k", min=0, help="Rows to pick.")] = 100,
    from_logits: FromLogits = False,
    temperature: Temperature = 1.0,
    normalize: Normalize = "check",
    invalid: Annotated[str, typer.Option(help="Invalid rows: raise, or skip.")] = "raise",
    dtype: Dtype = None,
    column: Column = None,
    id_column: IdColumn = None,
    key: Key = None,
    shape: Shape = None,
    exclude: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Ids never to pick: .npy, .csv, .jsonl, or one a line.")
    ] = None,
    ties: Annotated[str, typer.Option(help="Which of equal rows: first, or random.")] = "first",
    perturb: Annotated[str | None, typer.Option(help="Draw at random: power, softmax, or softrank.")] = None,
    coldness: Annotated[float, typer.Option(help="The larger, the closer to the best rows.")] = 1.0,
    seed: Annotated[int | None, typer.Option(min=0, help="For ties, perturbation and random.")] = None,
    strict: Annotated[
        bool, typer.Option("--strict/--no-strict", help="Is it an error to find fewer than k rows?")
    ] = True,
    threads: Threads = None,
    out: Annotated[
        str | None,
        typer.Option(metavar="FILE", callback=_writable, help="picks.csv, picks.jsonl, picks.npy (ids), or - for CSV."),
    ] = None,
    quiet: Quiet = False,
) -> None:
    """Pick the k most informative rows of the files, most informative first."""
    with one_line_errors():
        source = _source(files, column, id_column, key, shape, dtype)
        with _progress(files, quiet) as progress:
            picks = select(
                source,
                strategy,
                k,
                from_logits=from_logits,
                temperature=temperature,
                normalize=normalize,
                invalid=invalid,
                exclude=None if exclude is None else read_ids(exclude),
                ties=ties,
                random_state=seed,
                perturb=perturb,
                coldness=coldness,
                strict=strict,
                n_threads=threads,
                progress=progress,
            )
        if out is None and sys.stdout.isatty():
            _show_picks(picks, quiet)
            return
        write_picks(picks, out or "-")
        if not quiet and sys.stderr.isatty():
            Console(stderr=True, highlight=False).print("\n".join([*picks.report.lines(), *_where(out)]), markup=False)


@app.command("inspect")
def inspect_command(
    files: Files,
    strategy: Strategy = "margin",
    k: Annotated[int, typer.Option("-k", min=1, help="Where the cut lies for so many rows.")] = 100,
    from_logits: FromLogits = False,
    temperature: Temperature = 1.0,
    normalize: Normalize = "check",
    dtype: Dtype = None,
    column: Column = None,
    key: Key = None,
    shape: Shape = None,
    threads: Threads = None,
    quiet: Quiet = False,
) -> None:
    """Show shape, dtype, bad rows, the scores of a strategy, and ties at the cut."""
    if strategy == RANDOM:
        raise typer.BadParameter("random has no scores to show", param_hint="--strategy")
    with one_line_errors():
        source = _source(files, column, None, key, shape, dtype)
        with _progress(files, quiet) as progress:
            found = inspect_files(
                source,
                strategy,
                k,
                from_logits=from_logits,
                temperature=temperature,
                normalize=normalize,
                n_threads=threads,
                progress=progress,
            )
        _show_inspection(found)


@contextmanager
def one_line_errors() -> Iterator[None]:
    """Turn errors that a person can mend into one line and exit code 1, and Ctrl-C into 130."""
    try:
        yield
    except KeyboardInterrupt:
        typer.echo("shortlist: interrupted", err=True)
        raise typer.Exit(130) from None
    except BrokenPipeError:
        # Whoever read standard output has had enough; what Python still wants to flush goes nowhere.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise typer.Exit(0) from None
    except (ValueError, TypeError, OSError, MemoryError, ImportError) as error:
        message = " ".join(str(error).split()) or type(error).__name__
        for name, option in OPTIONS.items():
            message = message.replace(name, option)
        typer.echo(f"shortlist: error: {message}", err=True)
        raise typer.Exit(1) from None


def _source(
    files: list[Path],
    column: list[str] | None,
    id_column: str | None,
    key: str | None,
    shape: Any,
    dtype: str | None,
) -> Source:
    """Return the files as one pool, with how to read them."""
    one = column[0] if column and len(column) == 1 else column
    return Source(files, column=one or None, id_column=id_column, key=key, shape=shape, dtype=dtype)


def _progress(files: list[Path], quiet: bool) -> AbstractContextManager[OnProgress | None]:
    return nullcontext() if quiet or not sys.stderr.isatty() else _bar(files)


@contextmanager
def _bar(files: list[Path]) -> Iterator[OnProgress]:
    """Show a progress bar on standard error, gone when the work is done."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("rows"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(", ".join(file.name for file in files[:3]) + (", ..." if files[3:] else ""), total=None)

        def show(done: int, total: int | None) -> None:
            bar.update(task, completed=done, total=total)

        yield show


def _show_picks(picks: Selection, quiet: bool) -> None:
    ids = [] if picks.ids is None else picks.ids[:SHOWN].tolist()
    table = Table("rank", "index", "score", *(["id"] if ids else []), box=None, header_style="bold", pad_edge=False)
    for column in table.columns:
        column.justify = "right"
    for rank, (index, score) in enumerate(picks, 1):
        if rank > SHOWN:
            break
        table.add_row(str(rank), str(index), f"{score:.6g}", *([escape(str(ids[rank - 1]))] if ids else []))
    console = Console(highlight=False)
    console.print(table)
    if len(picks) > SHOWN:
        console.print(
            f"... and {len(picks) - SHOWN:,} more: --out picks.csv writes them all", style="dim", markup=False
        )
    if not quiet:
        for line in picks.report.lines():
            console.print(line, style="dim", markup=False)


def _where(out: str | None) -> list[str]:
    return [] if out in (None, "-") else [f"written to {out}"]


def _show_inspection(found: Inspection) -> None:
    console = Console(highlight=False)
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(style="bold")
    table.add_column()
    names = ("members", "rows", "classes")[-len(found.shape) :]
    table.add_row("file", escape(found.name))
    table.add_row("shape", " x ".join(f"{n:,} {name}" for n, name in zip(found.shape, names, strict=True)))
    table.add_row("dtype", f"{found.dtype}{found.layout}")
    table.add_row("size", f"{_bytes(found.size)}; {memory_verdict(found.size)}")
    table.add_row("rows", f"{found.rows - found.invalid:,} valid, {found.invalid:,} invalid")
    for reason, number in found.by_reason.items():
        if number:
            table.add_row("", f"{number:,} {REASONS.get(reason, reason)}")
    for row, reason in found.first:
        table.add_row("", f"row {row} {reason.partition(';')[0]}")
    if found.advice:
        table.add_row("advice", found.advice)
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
    bars = Table(box=None, show_header=False, pad_edge=False)
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


# How the command writes what the library's sentences advise.
OPTIONS = {
    "needs embeddings=": "needs --embeddings",
    "named by text=": "named by --text",
    "labels= names": "--labels names",
    "strict=False": "--no-strict",
    "from_logits=True": "--from-logits",
    'normalize="renormalize"': "--normalize renormalize",
    'dtype="bfloat16"': "--dtype bfloat16",
}

REASONS = {
    "nan": "with NaN",
    "infinite": "with an infinite value",
    "negative": "with a negative probability",
    "sum": "that do not sum to 1",
}
