"""Lines of CSV files as they are written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shortlist.selection import FORMULA
from shortlist.tables import text_of

if TYPE_CHECKING:
    from collections.abc import Iterable


def csv_line(cells: Iterable[Any]) -> str:
    r"""Return one line; None is an empty cell.

    Examples
    --------
    >>> csv_line([7, "a, b", None])
    '7,"a, b",\n'
    """
    return ",".join(map(_cell, cells)) + "\n"


def harmless(value: Any) -> Any:
    """Return a text with an apostrophe in front where a spreadsheet would take it for a formula."""
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value


def _cell(value: Any) -> str:
    text = "" if value is None else text_of(value)
    return '"' + text.replace('"', '""') + '"' if any(mark in text for mark in ',"\r\n') else text
