"""`shortlist loop`: a labelling project by its specification."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from shortlist.cli import options, screen
from shortlist.cli.errors import one_line_errors
from shortlist.tables import visible
from shortlist.writing import json_text, make_folder, place_of, write_text

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from shortlist.loop.loop import Loop

NOTHING, MET = 3, 4
"""Exit codes beside 0 (did something), 1 (an error) and 2 (usage): nothing to do yet; the rule of stopping is met."""
SPECS = (".toml",)
SPEC = Path("loop.toml")

folder = click.option("--dir", "folder", type=options.PATH, default=Path(), metavar="DIR", help="The loop's folder.")


@click.group("loop", short_help="Label in rounds, by a specification: what to ask, when to train, when to stop.")
def loop_command() -> None:
    """Label in rounds, by a specification: what to ask, when to train, when to stop.

    Exit codes: 0 did something, 1 an error, 2 usage, 3 nothing to do yet, 4 the rule of stopping is met.
    """


@loop_command.command("init")
@click.argument("spec", type=options.PATH)
@click.option(
    "--dir", "folder", type=options.PATH, metavar="DIR", help="Where the loop is to live; by default its name."
)
@options.quiet
def init_command(spec: Path, folder: Path | None, quiet: bool) -> None:
    """Begin a loop by SPEC.toml; or, for a pool such as POOL.csv, write a loop.toml to edit."""
    with one_line_errors():
        if spec.suffix.lower() not in SPECS:
            _guess(spec, (folder or Path()) / SPEC)
            return
        from shortlist.loop.loop import Loop
        from shortlist.loop.spec import read_spec

        _check(lambda: read_spec(spec))
        with screen.bar(spec.name, "rows", quiet) as progress, Loop.init(spec, folder, progress=progress) as loop:
            _say([f"began {loop.spec.name} in {loop.folder}", f"next: shortlist loop next --dir {loop.folder}"], quiet)


@loop_command.command("next")
@folder
@click.option("--out", type=options.PATH, metavar="FILE", help="Where to write; by default handoff/round-0001.csv.")
@click.option("--annotator", metavar="NAME", help="The rows that NAME is to label after somebody else has.")
@click.option("--anyway", is_flag=True, help="Open a round although the rule of stopping is met.")
@click.option("--spreadsheet", is_flag=True, help="In CSV, an apostrophe before texts that would be formulas.")
@options.quiet
def next_command(
    folder: Path, out: Path | None, annotator: str | None, anyway: bool, spreadsheet: bool, quiet: bool
) -> None:
    """Write the rows that people are asked for: those that are out, or a new round once the last is closed."""
    with one_line_errors(), _opened(folder, quiet) as loop:
        if out is not None:
            place_of(out)
        batch = loop.next(out, annotator=annotator, anyway=anyway, spreadsheet=spreadsheet)
        if batch is None and annotator is not None:
            _say([f"no row is left that {annotator} is to label after somebody else"], quiet)
            raise SystemExit(NOTHING)
        if batch is None:
            raise SystemExit(_ended(loop))
        due = loop.due()
        _say([f"round {batch.round}: {len(batch):,} rows in {batch.handed}"], quiet)
        if due:
            _say([f"a model is due ({due}): shortlist loop train"], quiet)


@loop_command.command("ingest")
@folder
@options.files
@click.option("--annotator", metavar="NAME", help="Who answered, where the files don't say.")
@click.option("--allow", multiple=True, metavar="KIND", help="Take all the same: unpicked, unknown, loop, class, text.")
@options.encoding
@options.quiet
def ingest_command(
    folder: Path,
    files: tuple[Path, ...],
    annotator: str | None,
    allow: tuple[str, ...],
    encoding: str | None,
    quiet: bool,
) -> None:
    """Take answers in from FILE: CSV (id,label[,annotator,time]), JSON lines or Parquet. Twice is as good as once."""
    with one_line_errors(), _opened(folder, quiet) as loop:
        new = refused = 0
        for file in files:
            done = loop.ingest(file, annotator=annotator, allow=allow, encoding=encoding)
            new, refused = new + done.new, refused + len(done.refused)
            lines = [f"{file.name}: {line}" if len(files) > 1 else line for line in done.lines()]
            _say(lines[:1], quiet)
            for line in lines[1:]:
                click.echo(f"shortlist: {visible(line)}", err=True)
    if not new:
        raise SystemExit(1 if refused else NOTHING)


@loop_command.command("train")
@folder
@click.option("--force", is_flag=True, help="Train although no model is due.")
@options.quiet
def train_command(folder: Path, force: bool, quiet: bool) -> None:
    """Train a model where one is due."""
    with one_line_errors(), _opened(folder, quiet) as loop:
        model = loop.train(force=force)
        if model is None:
            _say([f"no model is due: {loop.due()}"], quiet)
            raise SystemExit(NOTHING)
        _say([f"model {model.number} was trained on {model.labels:,} labels: {model.why}"], quiet)


@loop_command.command("status")
@folder
@click.option("--json", "as_json", is_flag=True, help="As one JSON object.")
def status_command(folder: Path, as_json: bool) -> None:
    """Say where the loop stands: what is out, when a model is due, how good the last is, and why it goes on."""
    with one_line_errors(), _opened(folder, True) as loop:
        if as_json:
            click.echo(json_text(loop.status()))
        else:
            click.echo("\n".join(loop.status_lines()))


@loop_command.command("labels")
@folder
@click.option(
    "--out", type=options.PATH, required=True, metavar="FILE", help="A .csv, .jsonl or .parquet, or a folder."
)
@options.quiet
def labels_command(folder: Path, out: Path, quiet: bool) -> None:
    """Write the label of each row that has one: id, label, annotator, time."""
    with one_line_errors(), _opened(folder, quiet) as loop:
        labels = loop.labels(out)
        _say([f"{len(labels):,} labels in {out}"], quiet)


@loop_command.command("run")
@folder
@click.option("--once", is_flag=True, required=True, help="Do what is to be done now, and end: for cron.")
@options.quiet
def run_command(folder: Path, once: bool, quiet: bool) -> None:  # noqa: ARG001 - there is no other way to run yet
    """Train if a model is due, and open the next round once the last is closed."""
    with one_line_errors(), _opened(folder, quiet) as loop:
        done = loop.run_once()
        _say(done, quiet)
        stop = loop.stop()
        if stop:
            _say([f"the rule of stopping is met: {stop}"], quiet)
            raise SystemExit(MET)
        if not done:
            _say([f"nothing to do yet: {loop.due()}"], quiet)
            raise SystemExit(NOTHING)


class _opened:  # noqa: N801 - read as a verb where it is used
    """A loop, with a progress bar for long work, closed at the end."""

    def __init__(self, folder: Path, quiet: bool) -> None:
        self._bar = screen.bar("working", "rows", quiet)
        self._folder = folder

    def __enter__(self) -> Loop:
        from shortlist.loop.loop import Loop

        self._loop = Loop(self._folder, progress=self._bar.__enter__())
        return self._loop

    def __exit__(self, *error: Any) -> None:
        self._loop.close()
        self._bar.__exit__(*error)


def _check(read: Callable[[], object]) -> None:
    """Read a specification; its mistakes are written one a line."""
    from shortlist.loop.spec import SpecError

    try:
        read()
    except SpecError as error:
        for line in error.mistakes:
            click.echo(f"shortlist: error: {visible(line)}", err=True)
        raise SystemExit(1) from None


def _ended(loop: Loop) -> int:
    stop = loop.stop()
    if stop:
        click.echo(
            f"shortlist: the rule of stopping is met: {visible(str(stop))}; to go on all the same: --anyway", err=True
        )
        return MET
    click.echo("shortlist: no row is left to ask for", err=True)
    return NOTHING


def _guess(pool: Path, target: Path) -> None:
    from shortlist.loop.spec import guess

    if target.exists():
        raise ValueError(f"{target} is there already; edit it, or give another folder by --dir")
    # A path of the file means its own folder.
    make_folder(target.parent, "--dir")
    found = guess(pool if target.parent.absolute() == Path.cwd() else pool.absolute())
    write_text(target, [found.text])
    for line in found.said:
        click.echo(f"shortlist: {visible(line)}", err=True)
    click.echo(f"wrote {target}; fill in what is missing, then: shortlist loop init {target}")


def _say(lines: Sequence[str], quiet: bool) -> None:
    if not quiet:
        for line in lines:
            click.echo(visible(line))
            sys.stdout.flush()
