"""Tables as aligned text, and text as a person may be shown it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

# Control characters, line ends of all kinds, what turns the direction of writing, and halves of
# characters.
UNSEEN = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


def aligned(rows: Sequence[Sequence[str]]) -> str:
    """Return rows of cells as columns of text, the first row being the heading."""
    rows = [[visible(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join("  ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)).rstrip() for row in rows)


def visible(text: str) -> str:
    r"""Return text with control characters written out, as ``\x1b``,
    so that none of them reaches a terminal.

    Examples
    --------
    >>> print(visible("\x1b[31mred"))
    \x1b[31mred
    """
    return UNSEEN.sub(lambda found: found[0].encode("unicode_escape", "surrogatepass").decode(), text)


def text_of(value: Any) -> str:
    """Return an id as text, as it is."""
    return value.decode(errors="backslashreplace") if isinstance(value, bytes) else str(value)
