"""Labels and ids as people and their programs write them."""

from __future__ import annotations

import difflib
import unicodedata
from typing import TYPE_CHECKING, Any

from shortlist.labels.values import label_text

if TYPE_CHECKING:
    from collections.abc import Iterable

    from shortlist.loop.store.events import Kind

NONE_OF_THESE = "none of these"
SKIP = "skip"
LONGEST = 80
"""Characters of an id or a label that a message shows."""


class Spelling:
    """What a label says: a class, whose case, blanks and accents may be written otherwise
    where no other class is meant.

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


def _alike(text: str) -> str:
    """Return what spellings that are forgiven have in common."""
    return " ".join(unicodedata.normalize("NFC", text).casefold().split())
