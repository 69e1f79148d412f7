"""`shortlist loop replay`, `check`, `backup`, `adopt`, `retract`, `finish`:
what keeps a loop trustworthy.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import click

from shortlist.cli import options
from shortlist.cli.errors import one_line_errors
from shortlist.cli.loop.group import NOTHING, as_json, folder, opened, say, tell
from shortlist.tables import visible
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
    """Plan round N once more from what was known then,
    and compare it bit for bit with what was picked.
    """
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


@click.command("check")
@folder
@click.option("--replay", is_flag=True, help="Replay every round too, which takes longer.")
@as_json
@options.quiet
def check_command(folder: Path, replay: bool, as_json: bool, quiet: bool) -> None:
    """Say what is damaged and what to do about it, and which labels may be wrong."""
    with one_line_errors(), opened(folder, quiet, "looked at") as loop:
        found = loop.check(replay=replay)
    if as_json:
        click.echo(json_text(found.values()))
    else:
        say(found.lines(), quiet and bool(found))
    if not found:
        raise SystemExit(1)


@click.command("backup")
@folder
@click.argument("target", type=options.PATH)
@as_json
@options.quiet
def backup_command(folder: Path, target: Path, as_json: bool, quiet: bool) -> None:
    """Copy the loop to the new folder TARGET as it is at one moment, whoever writes meanwhile.
    The pool is not copied.
    """
    with one_line_errors(), opened(folder, quiet, "bytes") as loop:
        place = loop.backup(target)
    lines = [f"copied to {place}; to go on with the copy: shortlist loop adopt --dir {place}"]
    tell(lines, {"folder": str(place)}, as_json, quiet)


@click.command("adopt")
@folder
@as_json
@options.quiet
def adopt_command(folder: Path, as_json: bool, quiet: bool) -> None:
    """Go on with a loop whose folder is a copy of another one, as a backup that was put back."""
    from shortlist.loop.loop import Loop
    from shortlist.loop.store import CopiedLoopError

    with one_line_errors():
        try:
            Loop(folder).close()
        except CopiedLoopError:
            Loop(folder, copied=True).close()
            lines = [f"{folder} is gone on with from here; answers that go to the other one are not seen here"]
            tell(lines, {"adopted": True}, as_json, quiet)
            return
        tell([f"{folder} is no copy, and needs nothing"], {"adopted": False}, as_json, quiet)
        raise SystemExit(NOTHING)


@click.command("finish")
@folder
@click.option(
    "--fold-in", is_flag=True, help="Train the last model on the validation rows too; it has no estimate then."
)
@click.option("--anyway", is_flag=True, help="End although the rule of stopping is not met.")
@click.option(
    "--out", type=options.PATH, metavar="FOLDER", help="Where to write; by default final, in the loop's folder."
)
@as_json
@options.quiet
def finish_command(folder: Path, fold_in: bool, anyway: bool, out: Path | None, as_json: bool, quiet: bool) -> None:
    """End the loop: a last model on all labels, written to a folder with these.
    `next --anyway` goes on after it.
    """
    with one_line_errors(), opened(folder, quiet) as loop:
        done = loop.finish(out, fold_in=fold_in, anyway=anyway)
    if as_json:
        click.echo(json_text(dataclasses.asdict(done) | {"folder": str(done.folder)}))
    else:
        say(done.lines(), quiet)


@click.command("retract")
@folder
@click.option("--annotator", required=True, metavar="NAME", help='Whose; "" for answers that nobody is named for.')
@click.option("--since", metavar="TIME", help="Only what was answered then or later: ISO 8601, in UTC unless it says.")
@click.argument("rows", nargs=-1, metavar="[ROW]...")
@as_json
@options.quiet
def retract_command(
    folder: Path, annotator: str, since: str | None, rows: tuple[str, ...], as_json: bool, quiet: bool
) -> None:
    """Take back answers of NAME: all of them, those since a time,
    or those to some rows by their ids.
    """
    with one_line_errors(), opened(folder, quiet) as loop:
        count = loop.retract(annotator, since=since, rows=rows or None)
    whose = annotator or "nobody named"
    if rows and count < len(set(rows)):
        click.echo(
            f"shortlist: {len(set(rows)) - count:,} of these rows have no such answer of {visible(whose)}", err=True
        )
    lines = [f"took back {count:,} {'answer' if count == 1 else 'answers'} of {whose}"]
    tell(lines, {"retracted": count}, as_json, quiet)
    if not count:
        raise SystemExit(NOTHING)
