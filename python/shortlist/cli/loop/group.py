"""`shortlist loop`: what its commands share."""

from __future__ import annotations

import functools
import sys
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from shortlist.cli import options, screen
from shortlist.cli.errors import one_line_errors
from shortlist.cli.parts import Parts
from shortlist.tables import visible
from shortlist.writing import json_text

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from shortlist.loop.loop import Loop

NOTHING, MET = 3, 4
"""Exit codes beside 0 (did something), 1 (an error) and 2 (usage): nothing to do yet;
the rule of stopping is met.
"""

folder = click.option("--dir", "folder", type=options.PATH, default=Path(), metavar="DIR", help="The loop's folder.")


def as_json(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add `--format json`, and `--json`, which is short for it: the command gets ``as_json``."""

    @functools.wraps(command)
    def called(*, form: str, as_json: bool, **others: Any) -> Any:
        return command(as_json=as_json or form == "json", **others)

    return options.form(click.option("--json", "as_json", is_flag=True, help="As one JSON object.")(called))


MODULES = {
    "init": "beginning", "next": "labelling", "ingest": "labelling", "pull": "labelling", "train": "running",
    "run": "running", "status": "looking", "audit": "judging", "report": "judging", "labels": "labelling",
    "replay": "keeping", "check": "keeping", "backup": "keeping", "adopt": "keeping", "retract": "keeping",
    "finish": "keeping", "simulate": "simulating", "serve": "serving",
}  # fmt: skip
"""The commands in the order of `--help`, and the files that have them."""


@click.group(
    "loop",
    cls=Parts,
    modules={name: f"shortlist.cli.loop.{module}" for name, module in MODULES.items()},
    short_help="Label in rounds, by a specification: what to ask, when to train, when to stop.",
)
def loop_command() -> None:
    """Label in rounds, by a specification: what to ask, when to train, when to stop.

    Exit codes: 0 did something, 1 an error, 2 usage, 3 nothing to do yet, 4 the rule of stopping is
    met.
    """


class opened:  # noqa: N801 - read as a verb where it is used
    """A loop, with a progress bar for long work, closed at the end."""

    def __init__(self, folder: Path, quiet: bool, unit: str = "rows") -> None:
        self._bar = screen.bar("working", unit, quiet)
        self._folder = folder

    def __enter__(self) -> Loop:
        from shortlist.loop.loop import Loop

        with ExitStack() as stack:
            progress = stack.enter_context(self._bar)
            loop = stack.enter_context(Loop(self._folder, progress=progress))
            self._open = stack.pop_all()
        return loop

    def __exit__(self, *error: Any) -> None:
        self._open.__exit__(*error)


def say(lines: Sequence[str], quiet: bool) -> None:
    """Print lines, unless all is to be quiet."""
    if not quiet:
        for line in lines:
            click.echo(visible(line))
            sys.stdout.flush()


@dataclass(frozen=True)
class Teller:
    """Prints what was done: for a person as lines, or for a program as one JSON object."""

    as_json: bool
    quiet: bool

    def __call__(self, lines: Sequence[str], facts: Mapping[str, Any], *, always: bool = False) -> None:
        """Print the lines or the facts; lines, with `always`, quiet or not."""
        if self.as_json:
            click.echo(json_text(dict(facts)))
            sys.stdout.flush()
        else:
            say(lines, self.quiet and not always)


def on_loop(name: str, *own: Callable[..., Any], unit: str = "rows") -> Callable[[Callable[..., None]], click.Command]:
    """Make a command of ``function(loop, tell, ...)``: it takes a folder, its own options,
    those of JSON and ``--quiet``.
    """

    def made(function: Callable[..., None]) -> click.Command:
        @functools.wraps(function)
        def called(folder: Path, as_json: bool, quiet: bool, **how: Any) -> None:
            with one_line_errors(), opened(folder, quiet, unit) as loop:
                function(loop, Teller(as_json, quiet), **how)

        for option in (options.quiet, as_json, *reversed(own), folder):
            called = option(called)
        return click.command(name)(called)

    return made
