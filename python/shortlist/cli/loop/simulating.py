"""`shortlist loop simulate`: a loop played with known labels before anybody is asked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from shortlist.cli import options, screen
from shortlist.cli.errors import one_line_errors
from shortlist.cli.files import print_json
from shortlist.cli.loop.beginning import check_spec
from shortlist.tables import visible

if TYPE_CHECKING:
    from pathlib import Path

    from shortlist.loop.playing import LoopSimulation


@click.command("simulate")
@click.argument("spec", type=options.PATH)
@click.option("--labels", type=options.PATH, required=True, metavar="FILE", help="id,label of each row of the pool.")
@click.option("--repeats", type=click.IntRange(1), default=30, help="Fewer than 30 are too few for a claim.")
@click.option("--annotators", type=click.IntRange(1), default=1, help="People who take turns.")
@click.option("--error", type=float, default=0.0, metavar="SHARE", help="How often each of them is wrong, as 0.05.")
@click.option("--budget", type=click.IntRange(1), help="Labels after which a loop ends that was not stopped before.")
@click.option("--rows-a-day", type=float, help="Labels given in a day, for days: in triggers; else no time passes.")
@options.encoding
@click.option("--jobs", "n_jobs", type=click.IntRange(1), help="Processes; by default all cores.")
@click.option("--json", "as_json", type=options.PATH, metavar="FILE", help="Write all that was found as JSON.")
@click.option(
    "--out",
    type=options.PATH,
    metavar="FOLDER",
    help="Keeps each repeat as it ends, and the report. The same command goes on.",
)
@options.form
@options.quiet
def simulate_command(
    spec: Path, labels: Path, *, as_json: Path | None, out: Path | None, form: str, quiet: bool, **how: Any
) -> None:
    """Play the loop of SPEC.toml with known labels:
    what it would cost, where it would stop, how true its estimate is.

    Nothing is asked, and no folder is begun. Random is played beside it, up to the same number of
    labels.
    """
    with one_line_errors():
        from shortlist.loop.playing import simulate_loop
        from shortlist.loop.spec import read_spec
        from shortlist.writing import place_of

        if as_json is not None:
            place_of(as_json)
        check_spec(lambda: read_spec(spec))
        with screen.bar(f"playing {spec.name}", "repeats", quiet) as progress:
            found = simulate_loop(spec, labels, out=out, progress=progress, **how)
        written = found.save(out) if out is not None else []
        if as_json is not None:
            found.to_json(as_json)
            written.append(as_json)
        if form == "json":
            print_json(found.to_dict())
        elif not quiet:
            _show(found, written)


def _show(found: LoopSimulation, written: list[Path]) -> None:
    console = screen.console()
    console.print(visible(found.heading()), markup=False)
    for rows in (found.rows(), found.difference_rows()):
        if rows:
            console.print(screen.table_of(rows))
    console.print(visible(found.conclusion()), markup=False)
    for warning in found.warnings:
        console.print(visible(f"warning: {warning}"), style="yellow", markup=False)
    for path in written:
        console.print(visible(f"written to {path}"), style="dim", markup=False, soft_wrap=True)
