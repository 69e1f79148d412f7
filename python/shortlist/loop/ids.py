"""Ids as they come back through spreadsheets and other programs."""

from __future__ import annotations

import re

LONGEST_ID = 5_000
"""Characters: above that no page, export or message has room for an id."""
WHOLE = re.compile(r"\s*([+-]?)0*(\d+)(\.0*)?\s*")
MARKS = ("+", "-", "0")
"""What an id may begin with that a spreadsheet writes otherwise."""


def alike(text: str) -> str:
    """Return what an id becomes where files pass through a spreadsheet:
    a whole number by its digits, no blanks around it.
    """
    if text[:1] in MARKS or text[-1:].isspace() or text[:1].isspace() or "." in text:
        return _whole_number(text) or text.strip()
    return text


def _whole_number(text: str) -> str | None:
    """Return how a spreadsheet writes an id that it takes for a whole number, as 7 for 007 and 7.0;
    None for any other.
    """
    found = WHOLE.fullmatch(text)
    return found and ("-" if found[1] == "-" else "") + found[2]
