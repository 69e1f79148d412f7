"""`shortlist loop status`: where a loop stands."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from shortlist.cli.errors import one_line_errors
from shortlist.cli.loop.group import as_json, folder, opened
from shortlist.writing import json_text

if TYPE_CHECKING:
    from pathlib import Path


@click.command("status")
@folder
@as_json
def status_command(folder: Path, as_json: bool) -> None:
    """Say where the loop stands: what is out, when a model is due, how good the last is,
    and why it goes on.
    """
    with one_line_errors(), opened(folder, True) as loop:
        if as_json:
            click.echo(json_text(loop.status()))
        else:
            click.echo("\n".join(loop.status_lines()))
