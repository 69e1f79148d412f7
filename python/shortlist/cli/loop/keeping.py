"""`shortlist loop replay`, `check`, `backup`, `adopt`, `retract`, `finish`:
what keeps a loop trustworthy.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import click

from shortlist.cli import options
from shortlist.cli.errors import one_line_errors
from shortlist.cli.loop.group import NOTHING, Teller, as_json, folder, on_loop, opened
from shortlist.tables import visible

if TYPE_CHECKING:
    from pathlib import Path

    from shortlist.loop.loop import Loop


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
    values = [dataclasses.asdict(each) | {"same": bool(each)} for each in found]
    lines = [str(each) for each in found] or ["there is no round yet"]
    Teller(as_json, quiet)(lines, {"same": all(found), "rounds": values})
    if not all(found):
        raise SystemExit(1)
    if not found:
        raise SystemExit(NOTHING)


@on_loop(
    "check",
    click.option("--replay", is_flag=True, help="Replay every round too, which takes longer."),
    unit="looked at",
)
def check_command(loop: Loop, tell: Teller, replay: bool) -> None:
    """Say what is damaged and what to do about it, and which labels may be wrong."""
    found = loop.check(replay=replay)
    tell(found.lines(), found.values(), always=not found)
    if not found:
        raise SystemExit(1)


@on_loop("backup", click.argument("target", type=options.PATH), unit="bytes")
def backup_command(loop: Loop, tell: Teller, target: Path) -> None:
    """Copy the loop to the new folder TARGET as it is at one moment, whoever writes meanwhile.
    The pool is not copied.
    """
    place = loop.backup(target)
    tell([f"copied to {place}; to go on with the copy: shortlist loop adopt --dir {place}"], {"folder": str(place)})


@click.command("adopt")
@folder
@as_json
@options.quiet
def adopt_command(folder: Path, as_json: bool, quiet: bool) -> None:
    """Go on with a loop whose folder is a copy of another one, as a backup that was put back."""
    from shortlist.loop.loop import Loop
    from shortlist.loop.store import CopiedLoopError

    tell = Teller(as_json, quiet)
    with one_line_errors():
        try:
            Loop(folder).close()
        except CopiedLoopError:
            Loop(folder, copied=True).close()
            lines = [f"{folder} is gone on with from here; answers that go to the other one are not seen here"]
            tell(lines, {"adopted": True})
            return
        tell([f"{folder} is no copy, and needs nothing"], {"adopted": False})
        raise SystemExit(NOTHING)


@on_loop(
    "finish",
    click.option(
        "--fold-in", is_flag=True, help="Train the last model on the validation rows too; it has no estimate then."
    ),
    click.option("--anyway", is_flag=True, help="End although the rule of stopping is not met."),
    click.option(
        "--out", type=options.PATH, metavar="FOLDER", help="Where to write; by default final, in the loop's folder."
    ),
)
def finish_command(loop: Loop, tell: Teller, fold_in: bool, anyway: bool, out: Path | None) -> None:
    """End the loop: a last model on all labels, written to a folder with these.
    `next --anyway` goes on after it.
    """
    done = loop.finish(out, fold_in=fold_in, anyway=anyway)
    tell(done.lines(), dataclasses.asdict(done) | {"folder": str(done.folder)})


@on_loop(
    "retract",
    click.option("--annotator", required=True, metavar="NAME", help='Whose; "" for answers that nobody is named for.'),
    click.option(
        "--since", metavar="TIME", help="Only what was answered then or later: ISO 8601, in UTC unless it says."
    ),
    click.argument("rows", nargs=-1, metavar="[ROW]..."),
)
def retract_command(loop: Loop, tell: Teller, annotator: str, since: str | None, rows: tuple[str, ...]) -> None:
    """Take back answers of NAME: all of them, those since a time,
    or those to some rows by their ids.
    """
    count = loop.retract(annotator, since=since, rows=rows or None)
    whose = annotator or "nobody named"
    if rows and count < len(set(rows)):
        click.echo(
            f"shortlist: {len(set(rows)) - count:,} of these rows have no such answer of {visible(whose)}", err=True
        )
    tell([f"took back {count:,} {'answer' if count == 1 else 'answers'} of {whose}"], {"retracted": count})
    if not count:
        raise SystemExit(NOTHING)
