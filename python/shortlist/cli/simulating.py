"""`shortlist simulate`: whether strategies save labels on this data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from shortlist.cli import options, screen
from shortlist.cli.errors import one_line_errors
from shortlist.cli.files import print_json
from shortlist.tables import visible

if TYPE_CHECKING:
    from pathlib import Path


@click.command("simulate", short_help="Play active learning on labelled data.")
@click.argument("dataset")
@click.option(
    "--estimator",
    "-e",
    default="logistic",
    help="logistic, forest, bayes, neighbours, or package.module:Class.",
)
@click.option(
    "--strategies",
    "-s",
    default="margin,entropy,least_confident,random",
    help="Names with commas, as margin,badge,k_center; random is always among them.",
)
@click.option("--batch", type=click.IntRange(1), default=20, help="Labels asked for in a round.")
@click.option("--budget", type=click.IntRange(1), help="Labels in all; by default 20 rounds.")
@click.option("--initial", type=click.IntRange(2), help="Rows of the seed set.")
@click.option("--seed-set", default="random", help="random, stratified, k_center, or typiclust.")
@click.option("--repeats", type=click.IntRange(1), default=30, help="Splits; fewer than 30 are too few for a claim.")
@click.option("--test", type=float, default=0.3, help="Share, or number, of rows held out.")
@click.option("--pool", type=click.IntRange(2), help="At most so many rows to choose from.")
@click.option("--scoring", default="accuracy", help="A scorer of scikit-learn; higher is better.")
@click.option(
    "--stop",
    multiple=True,
    help="Stopping rule to judge, as kappa, patience:5 or 'target:0.9 & budget:300'; may be repeated.",
)
@click.option("--retrain", metavar="WHEN", help="When a model is trained, as growth:0.25; by default after each round.")
@click.option("--target", type=float, help="Score for which labels are counted.")
@click.option("--screen/--no-screen", default=True, help="Ask a model about all rows, or those that may be picked.")
@click.option("--labels", help="Column of labels in a .csv, or a .npy of labels.")
@click.option("--text", help="Column of a .csv that is text.")
@options.encoding
@click.option("--seed", "random_state", type=click.IntRange(0), default=0, help="Seed of everything.")
@click.option("--jobs", "n_jobs", type=click.IntRange(1), help="Processes; by default all cores.")
@click.option(
    "--out",
    type=options.PATH,
    metavar="FOLDER",
    help="Keeps every run as it ends, and the report. The same command goes on.",
)
@options.form
@click.option("--quiet", "-q", is_flag=True, help="No progress bar.")
def simulate_command(
    dataset: str,
    estimator: str,
    strategies: str,
    *,
    test: float,
    labels: str | None,
    text: str | None,
    encoding: str | None,
    out: Path | None,
    form: str,
    quiet: bool,
    **how: Any,
) -> None:
    """Play active learning on labelled data: learning curves, labels saved against random,
    stopping rules.

    DATASET is digits, iris, wine or breast_cancer; or a file: .npz (X and y), .npy with --labels,
    .csv, .svmlight.
    """
    from shortlist.simulation import simulate
    from shortlist.simulation.datasets import estimator_of, load

    with one_line_errors():
        X, y = load(
            dataset,
            labels=labels,
            text=text,
            encoding=encoding,
            note=lambda sentence: click.echo(f"shortlist: {sentence}", err=True),
        )
        test_rows = int(test) if test.is_integer() and test >= 1 else test
        with screen.bar("simulating", "runs", quiet) as progress:
            found = simulate(
                X, y, estimator_of(estimator), strategies, test=test_rows, out=out, progress=progress, **how
            )
        written = found.save(out) if out is not None else []
        if form == "json":
            print_json(found.to_dict())
            return
        console = screen.console()
        console.print(visible(found.heading()), markup=False)
        for rows in (found.rows(), found.stop_rows()):
            if rows:
                console.print(screen.table_of(rows))
        for warning in found.warnings:
            console.print(visible(f"warning: {warning}"), style="yellow", markup=False)
        for path in written:
            console.print(visible(f"written to {path}"), style="dim", markup=False, soft_wrap=True)
