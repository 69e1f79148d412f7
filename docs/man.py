"""Write a man page for each command into target/man, from what `--help` says (`make man`)."""

import sys
from collections.abc import Iterator
from pathlib import Path

import click
from click_man.core import write_man_pages

import shortlist
from shortlist.cli.app import app

TARGET = Path(__file__).parent.parent / "target" / "man"


def commands(group: click.Group) -> Iterator[click.Command]:
    """Import every command of a group and of those in it, and yield them."""
    context = click.Context(group)
    yield group
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        group.commands[name] = command
        if isinstance(command, click.Group):
            yield from commands(command)
        else:
            yield command


def main(target: Path = TARGET) -> None:
    """Write the pages."""
    target.mkdir(parents=True, exist_ok=True)
    for command in commands(app):
        # The line that `apropos` searches: the first sentence, whole.
        command.short_help = " ".join((command.help or "").split("\n\n")[0].split()).rstrip(".")
        for option in command.params:
            if isinstance(option, click.Option) and option.show_default is None:
                option.show_default = True
    write_man_pages("shortlist", app, version=shortlist.__version__, target_dir=str(target))
    groups = target / "shortlist-loop.1"  # click-man forgets that pages of groups in groups have a hyphen too
    groups.write_text(groups.read_text().replace("shortlist loop-", "shortlist-loop-"))
    print(f"man -l {target / 'shortlist.1'}")


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
