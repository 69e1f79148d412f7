"""`shortlist select`: the k most informative rows of files."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from shortlist.cli import options, screen
from shortlist.cli.batch_options import batch_options, is_table
from shortlist.cli.errors import one_line_errors
from shortlist.cli.files import FORMATS, format_of, read_ids, read_places, write_picks
from shortlist.selecting import select
from shortlist.selection_report import ids_not_there
from shortlist.tables import text_of, visible
from shortlist.writing import place_of

if TYPE_CHECKING:
    from pathlib import Path

    from shortlist.cli.batch_options import Batch, Sending
    from shortlist.selection import Selection

SHOWN = 20


def _writable(context: click.Context, __: click.Parameter, out: str | None) -> str | None:
    """Refuse a target that cannot be written, before any work."""
    if out is None or out == "-":
        return out
    with one_line_errors():
        known = format_of(out)
        place_of(out)
    if known is None and not context.params.get("form"):
        raise click.BadParameter(
            f"{out!r} has no known suffix; accepted are {', '.join(FORMATS)}, and - for standard output"
        )
    return out


@click.command("select", short_help="Pick the k most informative rows of the files.")
@options.files
@options.strategy
@click.option("-k", type=click.IntRange(0), default=100, help="Rows to pick.")
@options.from_logits
@options.temperature
@options.normalize
@click.option("--invalid", default="raise", help="Invalid rows: raise, or skip.")
@options.dtype
@options.column
@options.id_column
@options.key
@options.shape
@click.option(
    "--exclude",
    type=options.PATH,
    metavar="FILE",
    help="Ids never to pick, those of --id-column where there is one: .npy, .csv, .jsonl, or one a line.",
)
@click.option(
    "--exclude-positions", type=options.PATH, metavar="FILE", help="The same by places in the pool, counted from 0."
)
@options.encoding
@batch_options
@click.option("--ties", default="first", help="Which of equal rows: first, or random.")
@click.option("--perturb", help="Draw at random: power, softmax, or softrank.")
@click.option("--coldness", type=float, default=1.0, help="The larger, the closer to the best rows.")
@click.option("--seed", "random_state", type=click.IntRange(0), help="For ties, perturbation and random.")
@click.option("--strict/--no-strict", default=True, help="Is it an error to find fewer than k rows?")
@options.threads
@click.option(
    "--out", metavar="FILE", callback=_writable, help="picks.csv, picks.jsonl, picks.npy (ids), or - for CSV."
)
@click.option("--spreadsheet", is_flag=True, help="In CSV, an apostrophe before ids that would be formulas.")
@options.quiet
def select_command(
    files: tuple[Path, ...],
    strategy: str,
    k: int,
    *,
    exclude: Path | None,
    exclude_positions: Path | None,
    encoding: str | None,
    out: str | None,
    spreadsheet: bool,
    quiet: bool,
    column: tuple[str, ...],
    id_column: str | None,
    key: str | None,
    shape: Any,
    dtype: str | None,
    batch: Batch,
    labelled: Path | None,
    sending: Sending,
    **how: Any,
) -> None:
    """Pick the k most informative rows, most informative first.

    FILE is a .npy, .npz, .parquet, .arrow, .h5 or .zarr, or raw binary; several files, folders and
    globs are one pool.
    """
    with one_line_errors():
        own = id_column if sending.data is None or any(map(is_table, files)) else None
        source = options.source_of(files, column=column, id_column=own, key=key, shape=shape, dtype=dtype)
        data = sending.read(id_column, encoding)
        if exclude is not None and exclude_positions is not None:
            raise ValueError("--exclude and --exclude-positions were both given; accepted is one of them")
        excluded = None if exclude is None else read_ids(exclude, id_column, encoding)
        if exclude_positions is not None:
            excluded = read_places(exclude_positions, encoding)
        title = ", ".join(file.name for file in files[:3]) + (", ..." if files[3:] else "")
        with screen.bar(title, "rows", quiet) as progress:
            how["progress"] = progress
            names = None if own is not None else sending.names(data, id_column)
            if batch.rule is None and labelled is None and names is None:
                picks = select(source, strategy, k, exclude=excluded, **how)
            else:
                from shortlist.cli.batching import pick

                known = None if labelled is None else read_ids(labelled, id_column, encoding)
                picks = pick(source, strategy, k, batch, excluded=excluded, labelled=known, names=names, **how)
        if picks.report.missing_ids:
            # Even if quiet: most often it means that a wrong column was read.
            click.echo(f"shortlist: {ids_not_there(picks.report.missing_ids)}", err=True)
        if sending.form is not None or data is not None:
            sending.write(picks, out, data, id_column, spreadsheet)
            return
        if out is None and sys.stdout.isatty():
            _show(picks, quiet)
            return
        write_picks(picks, out or "-", spreadsheet=spreadsheet)
        if not quiet and sys.stderr.isatty():
            written = [] if out in (None, "-") else [f"written to {out}"]
            lines = map(visible, [*picks.report.lines(), *written])
            screen.console(stderr=True).print("\n".join(lines), markup=False)


def _show(picks: Selection, quiet: bool) -> None:
    console = screen.console()
    ids = [] if picks.ids is None else picks.ids[:SHOWN].tolist()
    table = screen.plain_table("rank", "index", "score", *(["id"] if ids else []))
    for column in table.columns:
        column.justify = "right"
    for rank, (index, score) in enumerate(picks, 1):
        if rank > SHOWN:
            break
        table.add_row(str(rank), str(index), f"{score:.6g}", *([screen.as_text(text_of(ids[rank - 1]))] if ids else []))
    console.print(table)
    if len(picks) > SHOWN:
        console.print(
            f"... and {len(picks) - SHOWN:,} more: --out picks.csv writes them all", style="dim", markup=False
        )
    if not quiet:
        for line in picks.report.lines():
            console.print(visible(line), style="dim", markup=False)
