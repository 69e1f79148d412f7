"""`shortlist loop replay`: whether a loop can be trusted."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import click

from shortlist.cli import options
from shortlist.cli.errors import one_line_errors
from shortlist.cli.loop.group import NOTHING, as_json, folder, opened, say
from shortlist.writing import json_text

if TYPE_CHECKING:
    from pathlib import Path


@click.command("replay")
@folder
@click.argument("number", type=int, required=False, metavar="N")
@click.option("--all", "every", is_flag=True, help="Every round.")
@options.threads
@as_json
@options.quiet
def replay_command(
    folder: Path, number: int | None, every: bool, n_threads: int | None, as_json: bool, quiet: bool
) -> None:
    """Plan round N once more from what was known then, and compare it bit for bit with what was picked."""
    if (number is None) != every:
        raise click.UsageError("give the number of a round, or --all")
    with one_line_errors(), opened(folder, quiet, "rounds" if every else "rows") as loop:
        found = loop.replay_all(n_threads=n_threads) if number is None else [loop.replay(number, n_threads=n_threads)]
    if as_json:
        values = [dataclasses.asdict(each) | {"same": bool(each)} for each in found]
        click.echo(json_text({"same": all(found), "rounds": values}))
    else:
        say([str(each) for each in found] or ["there is no round yet"], quiet)
    if not all(found):
        raise SystemExit(1)
    if not found:
        raise SystemExit(NOTHING)
