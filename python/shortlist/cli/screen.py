"""Progress bars and tables on a terminal. Rich is imported here,
and only where one of them is to be shown.
"""

from __future__ import annotations

import os
import sys
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import TYPE_CHECKING, Any

from shortlist.pools.extras import need
from shortlist.tables import visible

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from rich.console import Console
    from rich.table import Table

WIDE = 250


def console(*, stderr: bool = False) -> Console:
    """Return what prints to the terminal."""
    # Where no person looks, a table is as wide as it is: what reads a file or a pipe cannot scroll
    # to what was cut.
    width = None if (sys.stderr if stderr else sys.stdout).isatty() or "COLUMNS" in os.environ else WIDE
    found: Console = need("rich.console", "cli", "the command").Console(highlight=False, stderr=stderr, width=width)
    return found


def bar(title: str, unit: str, quiet: bool) -> AbstractContextManager[Callable[[int, int | None], object] | None]:
    """Show a progress bar on standard error, gone when the work is done;
    none if quiet, or where nobody looks.
    """
    return nullcontext() if quiet or not sys.stderr.isatty() else _bar(title, unit)


@contextmanager
def _bar(title: str, unit: str) -> Iterator[Callable[[int, int | None], object]]:
    need("rich", "cli", "the progress bar")
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    columns = (
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn(unit),
        TimeElapsedColumn(), TextColumn("left"), TimeRemainingColumn(),
    )  # fmt: skip
    with Progress(*columns, console=console(stderr=True), transient=True) as shown:
        task = shown.add_task(as_text(title), total=None)

        def show(done: int, total: int | None) -> None:
            shown.update(task, completed=done, total=total)

        yield show


def plain_table(*heading: str) -> Table:
    """Return an empty table without lines."""
    from rich.table import Table

    options: dict[str, Any] = {"box": None, "pad_edge": False}
    return Table(*heading, header_style="bold", **options) if heading else Table(show_header=False, **options)


def table_of(rows: Sequence[Sequence[str]], *, right: bool = False) -> Table:
    """Return rows as a table, the first row being its heading;
    all columns but the first to the right if asked.
    """
    table = plain_table(*rows[0])
    for column in table.columns[1:]:
        column.justify = "right" if right else "left"
    for row in rows[1:]:
        table.add_row(*map(as_text, row))
    return table


def as_text(cell: str) -> str:
    """Return text that Rich shows as it is: neither markup nor control characters do anything."""
    from rich.markup import escape

    return escape(visible(cell))
