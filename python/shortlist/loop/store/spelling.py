"""Labels and ids as people and their programs write them."""

from __future__ import annotations

import difflib
import math
import unicodedata
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

    from shortlist.loop.store.events import Kind

NONE_OF_THESE = "none of these"
SKIP = "skip"
LONGEST = 80
"""Characters of an id or a label that a message shows."""


class Spelling:
    """What a label says: a class, whose case, blanks and accents may be written otherwise where no other class is meant.

    Parameters
    ----------
    classes : iterable of str
        The classes of the spec. One that is called "skip" or "none of these" is a class.

    Examples
    --------
    >>> spelling = Spelling(["how-to", "billing"])
    >>> spelling.read(" Billing "), spelling.read("None of these")
    (('label', 'billing'), ('reject', None))
    """

    def __init__(self, classes: Iterable[str]) -> None:
        self.classes = list(classes)
        self._exact: dict[str, tuple[Kind, str | None]] = {name: ("label", name) for name in self.classes}
        meant: dict[str, list[str]] = {}
        for name in self.classes:
            meant.setdefault(_alike(name), []).append(name)
        self._forgiven: dict[str, tuple[Kind, str | None]] = {NONE_OF_THESE: ("reject", None), SKIP: ("skip", None)}
        self._forgiven.update((alike, ("label", names[0])) for alike, names in meant.items() if len(names) == 1)
        self._unclear = {alike: names for alike, names in meant.items() if len(names) > 1}

    def read(self, label: Any) -> tuple[Kind, str | None] | None:
        """Return what a label says, and its class; None where nothing is written.

        Raises
        ------
        ValueError
            It is no class.
        """
        found = self._exact.get(label) if isinstance(label, str) else None
        if found is not None:
            return found
        text = label_text(label)
        if text is None:
            return None
        found = self._exact.get(text) or self._forgiven.get(_alike(text))
        if found is None:
            unclear = self._unclear.get(_alike(text))
            if unclear:
                raise ValueError(
                    f"label {quoted(text)} may be {' or '.join(map(repr, unclear))}; accepted is either as it is written"
                )
            near = difflib.get_close_matches(_alike(text), [_alike(name) for name in self.classes], 1)
            guess = f"; did you mean {next(n for n in self.classes if _alike(n) == near[0])!r}?" if near else ""
            shown = ", ".join(self.classes[:10]) + (", ..." if len(self.classes) > 10 else "")
            raise ValueError(f"label {quoted(text)} is no class of this loop (its classes are {shown}){guess}")
        return found


def quoted(text: str) -> str:
    """Return an id or a label for a message: in quotes, and its beginning where it is long."""
    return repr(text) if len(text) <= LONGEST else f"{text[:LONGEST]!r}..."


def label_text(label: Any) -> str | None:
    """Return a label as text; None where nothing is written.

    Raises
    ------
    ValueError
        It is nothing that can be a class.
    """
    if isinstance(label, str):
        return label if label.strip() else None
    if isinstance(label, list | tuple) and len(label) == 1:
        (label,) = label
    text = plain_text(label)
    if text is None and not (label is None or isinstance(label, float)):
        raise ValueError(f"its label is {label!r}; accepted is one class")
    return text if text is None or text.strip() else None


def plain_text(value: Any) -> str | None:
    """Return text or a number as text, whole numbers by their digits; None for what is neither."""
    if value is None or isinstance(value, str):
        return value
    if hasattr(value, "item") and getattr(value, "ndim", 0) == 0:  # a value of NumPy
        value = value.item()
    if isinstance(value, bytes):
        return value.decode(errors="backslashreplace")
    if isinstance(value, float):
        # Tables write whole numbers with a point where some are missing.
        return None if not math.isfinite(value) else str(int(value)) if value.is_integer() else repr(value)
    return str(value) if isinstance(value, int | str) else None


def _alike(text: str) -> str:
    """Return what spellings that are forgiven have in common."""
    return " ".join(unicodedata.normalize("NFC", text).casefold().split())
