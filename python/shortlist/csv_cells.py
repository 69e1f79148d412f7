"""Lines of CSV files as they are written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shortlist.tables import text_of

if TYPE_CHECKING:
    from collections.abc import Iterable

FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # noqa: RUF001 - wide ones count too
"""How text begins that spreadsheets take for a formula."""


def csv_line(cells: Iterable[Any]) -> str:
    r"""Return one line; None is an empty cell.

    Examples
    --------
    >>> csv_line([7, "a, b", None])
    '7,"a, b",\n'
    """
    return ",".join(map(csv_cell, cells)) + "\n"


def harmless(value: Any) -> Any:
    """Return a text with an apostrophe in front where a spreadsheet would take it for a formula."""
    text = text_of(value) if isinstance(value, str | bytes) else ""
    return f"'{text}" if text.startswith(FORMULA) else value


def csv_cell(value: Any) -> str:
    """Return one field, quoted where it has to be."""
    text = "" if value is None else text_of(value)
    return '"' + text.replace('"', '""') + '"' if any(mark in text for mark in ',"\r\n') else text
