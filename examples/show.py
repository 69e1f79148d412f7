"""Printing: with rich where it is installed, as plain text where it is not."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

try:
    from rich.console import Console
    from rich.progress import track as rich_track
    from rich.table import Table
    from rich.text import Text

    console: Console | None = Console(highlight=False)
except ImportError:
    console = None


def say(text: str = "") -> None:
    """Print one paragraph."""
    if console is None:
        print(text, flush=True)
    else:
        console.print(text, markup=False, soft_wrap=True)


def heading(text: str) -> None:
    """Start a section."""
    say()
    if console is None:
        print(text, "-" * len(text), sep="\n", flush=True)
    else:
        console.rule(text, align="left")


def table(header: Sequence[str], rows: Sequence[Sequence[str]], left: Collection[int]) -> None:
    """Print a table whose columns in `left` are aligned to the left, the others to the right."""
    if console is not None:
        grid = Table(box=None, pad_edge=False, header_style="bold")
        for column, (name, *cells) in enumerate(zip(header, *rows, strict=True)):
            least = max(map(len, (name, *cells))) if column < len(header) - 1 else 8  # only the last may shrink
            grid.add_column(name, justify="left" if column in left else "right", no_wrap=True, min_width=least)
        for row in rows:
            grid.add_row(*map(Text, row))
        console.print(grid, markup=False)
        return
    widths = [max(map(len, column)) for column in zip(header, *rows, strict=True)]
    for row in (header, *rows):
        cells = zip(range(len(row)), row, widths, strict=True)
        print("  ".join(c.ljust(w) if i in left else c.rjust(w) for i, c, w in cells).rstrip())


def track(work: Iterable[int], total: int) -> Iterable[int]:
    """Iterate over `work`, with a progress bar in a terminal."""
    if console is None or not console.is_terminal:
        return work
    return rich_track(work, description="Scoring names", total=total, console=console, transient=True)
