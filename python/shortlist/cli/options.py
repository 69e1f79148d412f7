"""Arguments and options that commands share, and what is checked of them before any work."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from shortlist.cli.errors import one_line_errors
from shortlist.pools import Source
from shortlist.pools.extras import need
from shortlist.registry import RANDOM, find_measure, measures
from shortlist.writing import place_of

PATH = click.Path(path_type=Path)


def _known(_: click.Context, __: click.Parameter, name: str) -> str:
    if name != RANDOM:
        try:
            find_measure(name)
        except ValueError as error:
            raise click.BadParameter(str(error)) from None
    return name


def _names(_: click.Context, __: click.Parameter, begun: str) -> list[str]:
    """Complete the name of a measure."""
    return [name for name in (*(each.name for each in measures()), RANDOM) if name.startswith(begun)]


def _writable(_: click.Context, __: click.Parameter, path: Path | None) -> Path | None:
    """Refuse a target that cannot be written, before any work."""
    if path is not None:
        try:
            place_of(path)
        except (OSError, ValueError) as error:
            raise click.BadParameter(str(error)) from None
    return path


def _drawable(context: click.Context, parameter: click.Parameter, path: Path | None) -> Path | None:
    if path is not None:
        with one_line_errors():
            need("matplotlib", "plot", "--png")
    return _writable(context, parameter, path)


def _shape(_: click.Context, __: click.Parameter, text: str | None) -> tuple[int, ...] | None:
    if text is None:
        return None
    try:
        return tuple(int(part) for part in text.split(","))
    except ValueError:
        raise click.BadParameter(f"{text!r} is no shape; accepted is ROWS,CLASSES or MEMBERS,ROWS,CLASSES") from None


def source_of(
    files: tuple[Path, ...],
    *,
    column: tuple[str, ...],
    key: str | None,
    shape: Any,
    dtype: str | None,
    id_column: str | None = None,
) -> Source:
    """Return files as one pool, with how to read them."""
    columns = column[0] if len(column) == 1 else list(column) or None
    return Source(list(files), column=columns, id_column=id_column, key=key, shape=shape, dtype=dtype)


one_file = click.argument("file", type=PATH)
files = click.argument("files", type=PATH, nargs=-1, required=True, metavar="FILE...")
column = click.option(
    "--column", multiple=True, help="Of a table: the column of lists, or (repeated) the numeric columns."
)
id_column = click.option("--id-column", help="Of a table: the column that names the rows.")
key = click.option("--key", help="Of a file of several arrays: which one.")
shape = click.option(
    "--shape", callback=_shape, metavar="ROWS,CLASSES", help="Of raw binary; -1 for the rows there are."
)
dtype = click.option("--dtype", help="Of raw binary, as float32; bfloat16: read uint16 as bfloat16.")
encoding = click.option(
    "--encoding", metavar="NAME", help="Of text and CSV, as cp1252; by default UTF-8, or what a byte order mark says."
)
strategy = click.option(
    "--strategy", "-s", default="margin", callback=_known, shell_complete=_names, help="Measure to pick by, or random."
)
strategies = click.option("--strategies", "-s", help="Names with commas; by default all that fit.")
from_logits = click.option("--from-logits", is_flag=True, help="The file holds logits.")
temperature = click.option("--temperature", type=float, default=1.0, help="Divides the logits.")
normalize = click.option("--normalize", default="check", help="Rows must sum to 1: check, as_is, or renormalize.")
embeddings = click.option(
    "--embeddings", type=PATH, metavar="FILE", help="A .npy of one row of features a row: adds diverse batches."
)
threads = click.option("--threads", "n_threads", type=click.IntRange(1), help="At most so many threads.")
quiet = click.option("--quiet", "-q", is_flag=True, help="No progress bar and no summary.")
as_json = click.option(
    "--json", "as_json", type=PATH, metavar="FILE", callback=_writable, help="Write every figure there is."
)
form = click.option(
    "--format",
    "form",
    type=click.Choice(("text", "json")),
    default="text",
    help="What to print: json is one document with every figure, and nothing else.",
)
png = click.option("--png", type=PATH, metavar="FILE", callback=_drawable, help="Draw a picture of them.")
