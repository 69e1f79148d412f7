"""`shortlist compare`: which strategies actually differ on a pool."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from shortlist.cli import options, screen
from shortlist.cli.errors import one_line_errors
from shortlist.cli.files import print_json
from shortlist.npy import NpyFile
from shortlist.tables import visible
from shortlist.writing import write_json, write_png

if TYPE_CHECKING:
    from pathlib import Path

    from shortlist.comparison import Comparison


@click.command("compare", short_help="Compare what strategies pick from FILE.")
@options.one_file
@options.strategies
@click.option("-k", type=click.IntRange(2), default=100, help="Rows that each picks.")
@options.embeddings
@click.option(
    "--labels",
    type=options.PATH,
    metavar="FILE",
    help="A .npy of one class a row; by default the most likely one.",
)
@click.option("--near", type=click.FloatRange(0), help="How far apart near-duplicates may be.")
@options.from_logits
@options.temperature
@options.normalize
@click.option("--seed", "random_state", type=click.IntRange(0), default=0, help="For random.")
@options.threads
@options.form
@options.as_json
@options.png
def compare_command(
    file: Path,
    strategies: str | None,
    k: int,
    *,
    embeddings: Path | None,
    labels: Path | None,
    form: str,
    as_json: Path | None,
    png: Path | None,
    **how: Any,
) -> None:
    """Compare what strategies pick from FILE: overlap, ranks, class mix, near-duplicates,
    ties at the cut.
    """
    from shortlist.comparing import compare

    with one_line_errors():
        found = compare(
            file,
            strategies,
            k,
            embeddings=embeddings,
            labels=None if labels is None else NpyFile(labels).array,
            **how,
        )
        if form == "json":
            print_json(found.to_dict())
        else:
            _show(found)
        if as_json is not None:
            write_json(as_json, found.to_dict())
        if png is not None:
            write_png(png, found.plot())


def _show(found: Comparison) -> None:
    console = screen.console()
    console.print(screen.table_of(found.rows(), right=True))
    console.print(visible(f"near-duplicates: {found.duplicates_by}"), style="dim", markup=False)
    console.print("\noverlap of the picks (Jaccard)", style="bold")
    console.print(screen.table_of(found.matrix(found.jaccard), right=True))
    console.print("\nrank correlation over the pool (Spearman)", style="bold")
    console.print(screen.table_of(found.matrix(found.rank_correlation), right=True))
    console.print("\n" + "\n".join(map(visible, found.findings())), markup=False)
