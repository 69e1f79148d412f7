"""`shortlist simulate`: whether strategies save labels on this data."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from shortlist.cli.app import one_line_errors
from shortlist.cli.tables import table_of

Dataset = Annotated[
    str,
    typer.Argument(
        metavar="DATASET",
        help="digits, iris, wine or breast_cancer; or a file: .npz (X and y), .npy with --labels, .csv, .svmlight.",
    ),
]


def simulate_command(
    dataset: Dataset,
    estimator: Annotated[
        str, typer.Option("--estimator", "-e", help="logistic, forest, bayes, neighbours, or package.module:Class.")
    ] = "logistic",
    strategies: Annotated[
        str,
        typer.Option(
            "--strategies", "-s", help="Names with commas, as margin,badge,k_center; random is always among them."
        ),
    ] = "margin,entropy,least_confident,random",
    batch: Annotated[int, typer.Option(min=1, help="Labels asked for in a round.")] = 20,
    budget: Annotated[int | None, typer.Option(min=1, help="Labels in all; by default 20 rounds.")] = None,
    initial: Annotated[int | None, typer.Option(min=2, help="Rows of the seed set.")] = None,
    seed_set: Annotated[str, typer.Option(help="random, stratified, k_center, or typiclust.")] = "random",
    repeats: Annotated[int, typer.Option(min=1, help="Splits; fewer than 30 are too few for a claim.")] = 30,
    test: Annotated[float, typer.Option(help="Share, or number, of rows held out.")] = 0.3,
    pool: Annotated[int | None, typer.Option(min=2, help="At most so many rows to choose from.")] = None,
    scoring: Annotated[str, typer.Option(help="A scorer of scikit-learn; higher is better.")] = "accuracy",
    stop: Annotated[
        list[str] | None,
        typer.Option(
            help="Stopping rule to judge, as kappa, patience:5 or 'target:0.9 & budget:300'; may be repeated."
        ),
    ] = None,
    target: Annotated[float | None, typer.Option(help="Score for which labels are counted.")] = None,
    labels: Annotated[str | None, typer.Option(help="Column of labels in a .csv, or a .npy of labels.")] = None,
    text: Annotated[str | None, typer.Option(help="Column of a .csv that is text.")] = None,
    seed: Annotated[int, typer.Option(min=0, help="Seed of everything.")] = 0,
    jobs: Annotated[int | None, typer.Option(min=1, help="Processes; by default all cores.")] = None,
    out: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="Keeps every run as it ends, and the report. The same command goes on."),
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress bar.")] = False,
) -> None:
    """Play active learning on labelled data: learning curves, labels saved against random, stopping rules."""
    from shortlist.simulation import simulate
    from shortlist.simulation.datasets import estimator_of, load

    with one_line_errors():
        X, y = load(dataset, labels=labels, text=text)
        with _bar(quiet) as progress:
            found = simulate(
                X,
                y,
                estimator_of(estimator),
                strategies,
                batch=batch,
                budget=budget,
                initial=initial,
                seed_set=seed_set,
                repeats=repeats,
                test=int(test) if test >= 1 else test,
                pool=pool,
                scoring=scoring,
                stop=stop or (),
                target=target,
                random_state=seed,
                n_jobs=jobs,
                out=out,
                progress=progress,
            )
        written = found.save(out) if out is not None else []
        console = Console(highlight=False)
        console.print(found.heading(), markup=False)
        for rows in (found.rows(), found.stop_rows()):
            if rows:
                console.print(table_of(rows))
        for warning in found.warnings:
            console.print(f"warning: {warning}", style="yellow", markup=False)
        for path in written:
            console.print(f"written to {path}", style="dim", markup=False, soft_wrap=True)


@contextmanager
def _bar(quiet: bool) -> Iterator[Callable[[int, int], object] | None]:
    """Show runs done and the time left on standard error, gone when the work is done."""
    if quiet or not sys.stderr.isatty():
        yield None
        return
    columns = (
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("runs"),
        TimeElapsedColumn(), TextColumn("left"), TimeRemainingColumn(),
    )  # fmt: skip
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("simulating", total=None)

        def show(done: int, total: int) -> None:
            bar.update(task, completed=done, total=total)

        yield show
