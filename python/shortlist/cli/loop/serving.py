"""`shortlist loop serve`: the page that people label on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from shortlist.cli.errors import one_line_errors
from shortlist.cli.loop.group import Teller, as_json, folder

if TYPE_CHECKING:
    from pathlib import Path


@click.command("serve")
@folder
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on; others need a token.")
@click.option(
    "--port", type=click.IntRange(0, 65535), default=0, help="By default that of the last time, or a free one."
)
@click.option(
    "--token",
    envvar="SHORTLIST_PAGE_TOKEN",
    show_envvar=True,
    help="What the link must have; made where the host isn't this machine. Other users of it see what a command is given.",
)
@click.option("--no-open", is_flag=True, help="Only print the address, and open no browser.")
@click.option("--show-model", is_flag=True, help="Let people see what the model thinks of a row.")
@as_json
def serve_command(
    folder: Path, host: str, port: int, token: str | None, no_open: bool, show_model: bool, as_json: bool
) -> None:
    """Serve the page that people label on, train when a model is due, and open rounds,
    until Ctrl-C.
    """
    with one_line_errors():
        from shortlist.loop.page.serving import serve

        serve(
            folder,
            host=host,
            port=port,
            token=token,
            open_browser=not no_open,
            show_model=show_model,
            say=lambda address: Teller(as_json, False)([f"the page is at {address}"], {"address": address}),
            warn=lambda line: click.echo(f"shortlist: {line}", err=True),
        )
