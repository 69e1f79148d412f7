"""`shortlist completion`: what a shell reads to complete commands, options and strategies."""

from __future__ import annotations

import os
from pathlib import Path
from shlex import quote

import click
from click.shell_completion import get_completion_class

from shortlist.cli import options
from shortlist.cli.errors import one_line_errors
from shortlist.cli.files import print_json, standard_output
from shortlist.writing import write_text

SHELLS = ("bash", "zsh", "fish")
NAME = "shortlist"
"""What the command is called, whoever calls it."""


@click.command("completion", short_help="Print or install what completes this command in a shell.")
@click.argument("shell", type=click.Choice(SHELLS))
@click.option("--install", is_flag=True, help="Write it where SHELL looks, and say where.")
@options.form
@click.pass_context
def completion_command(ctx: click.Context, shell: str, install: bool, form: str) -> None:
    """Print a script that completes commands, options and strategies in SHELL,
    or install it (--install).

    bash and fish find what is installed in their next session. zsh also needs a line in ~/.zshrc,
    which is printed, as files of settings are never changed.
    """
    kind = get_completion_class(shell)
    if kind is None:
        raise click.ClickException(f"click {click.__version__} has no completion for {shell}")
    with one_line_errors():
        script = kind(ctx.find_root().command, {}, NAME, f"_{NAME.upper()}_COMPLETE").source() + "\n"
        place, new = place_for(shell) if install else None, False
        if place is not None:
            new = not place.is_file() or place.read_bytes() != script.encode()
            if new:
                place.parent.mkdir(parents=True, exist_ok=True)
                write_text(place, [script])
        if form == "json":
            print_json({"shell": shell, "script": script, "file": None if place is None else str(place), "new": new})
            return
        with standard_output() as target:
            target.write(script if place is None else said(shell, place, new))


def place_for(shell: str) -> Path:
    """Return the file in which a shell looks for what completes the command."""
    if shell == "bash":
        return base("XDG_DATA_HOME", ".local/share") / "bash-completion" / "completions" / NAME
    if shell == "fish":
        return base("XDG_CONFIG_HOME", ".config") / "fish" / "completions" / f"{NAME}.fish"
    return Path.home() / ".zfunc" / f"_{NAME}"


def base(variable: str, otherwise: str) -> Path:
    """Return the folder that a variable of the XDG specification names, which is to be absolute."""
    named = Path(os.environ.get(variable, ""))
    return named if named.is_absolute() else Path.home() / otherwise


def said(shell: str, place: Path, new: bool) -> str:
    """Return what a person is told of a file that is installed."""
    needs = {
        "bash": "the package bash-completion reads it in the next session",
        "zsh": f"zsh reads it where ~/.zshrc has, before compinit: fpath=({quote(str(place.parent))} $fpath)",
        "fish": "fish reads it in the next session",
    }[shell]
    return f"completion for {shell} {'is now' if new else 'was already'} in {place}\n{needs}\n"
