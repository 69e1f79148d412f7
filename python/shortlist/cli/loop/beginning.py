"""`shortlist loop init`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from shortlist.cli import options, screen
from shortlist.cli.errors import one_line_errors
from shortlist.cli.loop.group import Teller, as_json
from shortlist.tables import visible
from shortlist.writing import make_folder, write_text

if TYPE_CHECKING:
    from collections.abc import Callable

SPECS = (".toml",)
SPEC = Path("loop.toml")


@click.command("init")
@click.argument("spec", type=options.PATH)
@click.option(
    "--dir", "folder", type=options.PATH, metavar="DIR", help="Where the loop is to live; by default its name."
)
@as_json
@options.quiet
def init_command(spec: Path, folder: Path | None, as_json: bool, quiet: bool) -> None:
    """Begin a loop by SPEC.toml; or, for a pool such as POOL.csv, write a loop.toml to edit."""
    with one_line_errors():
        if spec.suffix.lower() not in SPECS:
            _guess(spec, (folder or Path()) / SPEC, as_json)
            return
        from shortlist.loop.loop import Loop
        from shortlist.loop.spec import read_spec

        check_spec(lambda: read_spec(spec, files=True))
        with screen.bar(spec.name, "rows", quiet) as progress, Loop.init(spec, folder, progress=progress) as loop:
            beyond = loop.stop().out_of_reach
            lines = [f"began {loop.spec.name} in {loop.folder}", f"next: shortlist loop next --dir {loop.folder}"]
            facts = {"name": loop.spec.name, "folder": str(loop.folder), "out_of_reach": beyond or None}
            Teller(as_json, quiet)(lines, facts)
            if beyond:
                click.echo(
                    f"shortlist: {beyond}; raise [validation] share, or name another end in [stop] when", err=True
                )


def check_spec(read: Callable[[], object]) -> None:
    """Read a specification; its mistakes are written one a line."""
    from shortlist.loop.spec import SpecError

    try:
        read()
    except SpecError as error:
        for line in error.mistakes:
            click.echo(f"shortlist: error: {visible(line)}", err=True)
        raise SystemExit(1) from None


def _guess(pool: Path, target: Path, as_json: bool) -> None:
    from shortlist.loop.spec import guess

    if target.exists():
        raise ValueError(f"{target} is there already; edit it, or give another folder by --dir")
    # A path of the file means its own folder.
    make_folder(target.parent, "--dir")
    found = guess(pool if target.parent.absolute() == Path.cwd() else pool.absolute())
    write_text(target, [found.text])
    for line in found.said:
        click.echo(f"shortlist: {visible(line)}", err=True)
    line = f"wrote {target}; fill in what is missing, then: shortlist loop init {target}"
    Teller(as_json, False)([line], {"spec": str(target), "guessed": found.said})
