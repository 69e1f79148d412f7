"""Values as TOML, which Python reads and does not write."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

BARE = re.compile(r"[A-Za-z0-9_-]+")
LONGEST = 60
"""Characters of a value that a message shows."""

WIDEST = 44
"""Characters before a comment, where a value lets it."""


def written(value: Any) -> str:
    """Return a value on one line, as TOML has it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(written, value))}]"
    if isinstance(value, dict):
        pairs = ", ".join(f"{key_written(key)} = {written(part)}" for key, part in value.items())
        return f"{{ {pairs} }}" if pairs else "{}"
    return str(value)


def key_written(key: str) -> str:
    """Return a key, in quotes where it needs them."""
    return key if BARE.fullmatch(key) else written(key)


def shown(value: Any) -> str:
    """Return a value for a message: short, on one line."""
    try:
        text = written(value)
    except (ValueError, RecursionError):
        # A number of thousands of digits, tables nested without end.
        return f"a {type(value).__name__}"
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 4]} ..."


def table_written(head: str, lines: Mapping[str, tuple[str, str]]) -> list[str]:
    """Return the lines of one table: its head, if it has one,
    and its keys with values and comments in a column.
    """
    pairs = [(f"{key} = {value}", about) for key, (value, about) in lines.items()]
    width = min(WIDEST, max((len(pair) for pair, _ in pairs), default=0))
    return ([head] if head else []) + [f"{pair.ljust(width)}  # {about}" if about else pair for pair, about in pairs]
