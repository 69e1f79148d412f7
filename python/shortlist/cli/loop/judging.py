"""`shortlist loop audit` and `report`: what is true of a loop so far."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from shortlist.cli import options, screen
from shortlist.cli.errors import one_line_errors
from shortlist.cli.loop.group import Teller, as_json, folder, on_loop, opened
from shortlist.writing import json_text, place_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shortlist.loop.auditing.tables import Section
    from shortlist.loop.loop import Loop

show_text = click.option("--show-text", is_flag=True, help="Texts of rows too, and not only their ids.")


@click.command("audit")
@folder
@as_json
@click.option("--disputes", is_flag=True, help="Only the rows about which people differ, all of them: who said what.")
@show_text
def audit_command(folder: Path, as_json: bool, disputes: bool, show_text: bool) -> None:
    """Say what is true of groups, classes, people, labels,
    and of regions that nobody was asked about.
    """
    from shortlist.loop.auditing.tables import disputes_table, sections

    with one_line_errors(), opened(folder, as_json) as loop:
        if disputes:
            found = loop.disputes(show_text=show_text)
            if as_json:
                click.echo(json_text([each.as_dict() for each in found]))
            else:
                _show([disputes_table(found)])
            return
        audit = loop.audit(show_text=show_text)
        if as_json:
            click.echo(json_text(audit.as_dict()))
        else:
            _show(sections(audit))


@on_loop(
    "report",
    click.option(
        "--out", type=options.PATH, default=Path("report.html"), metavar="FILE", help="Where to write the page."
    ),
    show_text,
)
def report_command(loop: Loop, tell: Teller, out: Path, show_text: bool) -> None:
    """Write all that is known of the loop as one HTML page, without scripts,
    that needs no other file.
    """
    place_of(out)
    loop.report(out, show_text=show_text)
    tell([f"wrote {out}"], {"file": str(out)})


def _show(found: Sequence[Section]) -> None:
    console = screen.console()
    for number, section in enumerate(part for part in found if part.title):
        if number:
            console.print()
        console.print(screen.as_text(section.title), style="bold", soft_wrap=True)
        for line in section.lines:
            console.print(screen.as_text(line), soft_wrap=True)
        if section.rows:
            console.print(screen.table_of(section.rows))
