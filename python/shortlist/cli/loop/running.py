"""`shortlist loop train` and `run`: what is due."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from shortlist.cli import options
from shortlist.cli.errors import one_line_errors
from shortlist.cli.loop.group import MET, NOTHING, folder, opened, say

if TYPE_CHECKING:
    from pathlib import Path


@click.command("train")
@folder
@click.option("--force", is_flag=True, help="Train although no model is due.")
@options.quiet
def train_command(folder: Path, force: bool, quiet: bool) -> None:
    """Train a model where one is due."""
    with one_line_errors(), opened(folder, quiet) as loop:
        model = loop.train(force=force)
        if model is None:
            say([f"no model is due: {loop.due()}"], quiet)
            raise SystemExit(NOTHING)
        say([f"model {model.number} was trained on {model.labels:,} labels: {model.why}"], quiet)


@click.command("run")
@folder
@click.option("--once", is_flag=True, required=True, help="Do what is to be done now, and end: for cron.")
@options.quiet
def run_command(folder: Path, once: bool, quiet: bool) -> None:  # noqa: ARG001 - there is no other way to run yet
    """Train if a model is due, and open the next round once the last is closed."""
    with one_line_errors(), opened(folder, quiet) as loop:
        done = loop.run_once()
        say(done, quiet)
        stop = loop.stop()
        if stop:
            say([f"the rule of stopping is met: {stop}"], quiet)
            raise SystemExit(MET)
        if not done:
            say([f"nothing to do yet: {loop.postponed() or loop.due()}"], quiet)
            raise SystemExit(NOTHING)
