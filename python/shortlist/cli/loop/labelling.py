"""`shortlist loop next`, `ingest` and `labels`: rows to people, and their answers back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from shortlist.cli import options
from shortlist.cli.loop.group import MET, NOTHING, Teller, on_loop
from shortlist.tables import visible
from shortlist.writing import json_text, place_of

if TYPE_CHECKING:
    from pathlib import Path

    from shortlist.loop.loop import Loop
    from shortlist.loop.store.ingest import Ingested


@on_loop(
    "next",
    click.option("--out", type=options.PATH, metavar="FILE", help="Write them to this file, as .csv or .jsonl."),
    click.option("--annotator", metavar="NAME", help="The rows that NAME is to label after somebody else has."),
    click.option("--anyway", is_flag=True, help="Open a round although the rule of stopping is met."),
    click.option("--spreadsheet", is_flag=True, help="In CSV, an apostrophe before texts that would be formulas."),
)
def next_command(
    loop: Loop, tell: Teller, out: Path | None, annotator: str | None, anyway: bool, spreadsheet: bool
) -> None:
    """Hand over the rows that people are asked for:
    those that are out, or a new round once the last is closed.
    """
    if out is not None:
        place_of(out)
    batch = loop.next(out, annotator=annotator, anyway=anyway, spreadsheet=spreadsheet)
    if batch is None and annotator is not None:
        why = f"no row is left that {annotator} is to label after somebody else"
        tell([why], {"round": None, "why": why})
        raise SystemExit(NOTHING)
    if batch is None:
        raise SystemExit(_ended(loop, tell.as_json))
    due = loop.due()
    lines = [f"round {batch.round}: {len(batch):,} rows in {batch.handed}"]
    if due:
        lines.append(f"a model is due ({due}): shortlist loop train")
    facts = {"round": batch.round, "rows": len(batch), "handed": batch.handed, "ids": batch.ids, "due": bool(due)}
    tell(lines, facts)


@on_loop(
    "ingest",
    options.files,
    click.option("--annotator", metavar="NAME", help="Who answered, where the files don't say."),
    click.option(
        "--allow", multiple=True, metavar="KIND", help="Take all the same: unpicked, unknown, loop, class, text."
    ),
    click.option("--file-format", "format", metavar="NAME", help="As label-studio; by default told from each file."),
    options.encoding,
)
def ingest_command(loop: Loop, tell: Teller, files: tuple[Path, ...], **how: Any) -> None:
    """Take answers in from FILE: CSV (id,label[,annotator,time]), JSON lines, Parquet,
    or the export of an annotation tool.

    Twice is as good as once.
    """
    new = refused = 0
    for file in files:
        done = loop.ingest(file, **how)
        new, refused = new + done.new, refused + len(done.refused)
        _taken(done, file.name, len(files) > 1, tell)
    if not new:
        raise SystemExit(1 if refused else NOTHING)


@on_loop("pull")
def pull_command(loop: Loop, tell: Teller) -> None:
    """Take in what people have answered where rounds went to:
    a live Label Studio, a tool of your own, or files.
    """
    done = loop.pull()
    _taken(done, "", False, tell)
    if not done.new and not done.deleted:
        raise SystemExit(1 if done.refused else NOTHING)


@on_loop(
    "labels",
    click.option(
        "--out", type=options.PATH, required=True, metavar="FILE", help="A .csv, .jsonl or .parquet, or a folder."
    ),
)
def labels_command(loop: Loop, tell: Teller, out: Path) -> None:
    """Write the label of each row that has one: id, label, annotator, time."""
    labels = loop.labels(out)
    tell([f"{len(labels):,} labels in {out}"], {"labels": len(labels), "file": str(out)})


def _taken(done: Ingested, name: str, several: bool, tell: Teller) -> None:
    """Print what came of answers; what was refused to standard error, quiet or not."""
    lines = [f"{name}: {line}" if several else line for line in done.lines()]
    refused = [{"where": each.where, "id": each.row, "reason": each.reason, "kind": each.kind} for each in done.refused]
    facts = {"file": name or None, "new": done.new, "known": done.known, "deleted": done.deleted, "refused": refused}
    tell(lines[:1], facts)
    for line in lines[1:] if not tell.as_json else ():
        click.echo(f"shortlist: {visible(line)}", err=True)


def _ended(loop: Loop, as_json: bool) -> int:
    stop = loop.stop()
    if as_json:
        click.echo(json_text({"round": None, "why": stop.sentence if stop else "no row is left to ask for"}))
        return MET if stop else NOTHING
    if stop:
        click.echo(f"shortlist: {visible(stop.sentence)}; to go on all the same: --anyway", err=True)
        return MET
    click.echo("shortlist: no row is left to ask for", err=True)
    return NOTHING
