"""`shortlist loop train` and `run`: what is due."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING

import click

from shortlist.cli import options
from shortlist.cli.errors import one_line_errors
from shortlist.cli.loop.group import MET, NOTHING, Teller, as_json, folder, on_loop, opened, say
from shortlist.tables import visible
from shortlist.writing import json_text

if TYPE_CHECKING:
    from pathlib import Path

    from shortlist.loop.loop import Loop
    from shortlist.loop.step import Step

SECONDS = 60.0


@on_loop(
    "train",
    click.option(
        "--force", is_flag=True, help="Train although no model is due, or in place of one that is being trained."
    ),
)
def train_command(loop: Loop, tell: Teller, force: bool) -> None:
    """Train a model where one is due."""
    before = loop.under_way()
    model = loop.train(force=force)
    going = loop.under_way()
    if model is None and going and going != before:
        tell([f"{going}; its result is taken in by the same command, later"], {"model": None, "why": going})
        return
    if model is None:
        why = str(loop.due())
        tell([f"no model is due: {why}"], {"model": None, "why": why})
        raise SystemExit(NOTHING)
    lines = [f"model {model.number} was trained on {model.labels:,} labels: {model.why}"]
    tell(lines, {"model": model.number, "labels": model.labels, "why": model.why, "seconds": model.seconds})


@click.command("run")
@folder
@click.option("--once", is_flag=True, help="Do what is to be done now, and end: for cron.")
@click.option(
    "--watch",
    type=click.FloatRange(min=0, min_open=True),
    is_flag=False,
    flag_value=SECONDS,
    metavar="[SECONDS]",
    help=f"Do so again and again, every {SECONDS:g} seconds by default, and take in files saved in handoff/.",
)
@as_json
@options.quiet
def run_command(folder: Path, once: bool, watch: float | None, as_json: bool, quiet: bool) -> None:
    """Train if a model is due, and open the next round once the last is closed."""
    if once == (watch is not None):
        raise click.UsageError("give one of --once and --watch")
    with one_line_errors():
        if watch is None:
            _once(folder, as_json, quiet)
        else:
            _watch(folder, watch, as_json, quiet)


def _once(folder: Path, as_json: bool, quiet: bool) -> None:
    from shortlist.loop.running import once as do
    from shortlist.loop.step import Step

    with opened(folder, quiet) as loop:
        steps, failure = do(loop)
        stop = loop.stop()
        if failure is not None and as_json:
            steps.append(Step("failed", str(failure)))
        if stop:
            steps.append(Step("stopped", stop.sentence))
        elif not steps and failure is None:
            steps.append(Step("nothing", f"nothing to do yet: {loop.postponed() or loop.due()}"))
        for step in steps:
            _tell(step, as_json, quiet, clock=False)
        if failure is not None:
            raise failure
        if steps[-1].did in ("stopped", "nothing"):
            raise SystemExit(MET if stop else NOTHING)


def _watch(folder: Path, seconds: float, as_json: bool, quiet: bool) -> None:
    from shortlist.loop.loop import Loop
    from shortlist.loop.running import watch
    from shortlist.loop.step import Step

    def tell(step: Step) -> None:
        _tell(step, as_json, quiet, clock=True)

    try:
        with Loop(folder) as loop:
            watch(loop, lambda: opened(folder, quiet), seconds, tell)
    except KeyboardInterrupt:
        tell(Step("ended", "ended; nothing is lost, and the same command goes on from here"))
        return
    raise SystemExit(MET)


def _tell(step: Step, as_json: bool, quiet: bool, *, clock: bool) -> None:
    """Print a step, for a program or for a person; what went wrong to standard error,
    quiet or not.
    """
    moment = datetime.datetime.now().astimezone()
    if as_json:
        click.echo(
            json_text({"time": moment.isoformat(timespec="seconds"), "did": step.did, "said": step.said, **step.facts})
        )
    elif step.did == "failed":
        click.echo(f"{moment:%Y-%m-%d %H:%M:%S}  shortlist: error: {visible(step.said)}", err=True)
    else:
        say([f"{moment:%Y-%m-%d %H:%M:%S}  {step.said}" if clock else step.said], quiet)
