"""What one value may be. Each check returns the value as a spec keeps it, or raises `Wrong`."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any

from shortlist.loop.spec.toml import shown
from shortlist.registry import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    Check = Callable[[Any], Any]

LARGEST = 2**63 - 1
PATH = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*:[^\W\d]\w*(\.[^\W\d]\w*)*")
"""``package.module:function``."""


class Wrong(Exception):  # noqa: N818 -- it never leaves the reading of a spec
    """A value is not accepted.

    Parameters
    ----------
    accepted : str
        What is, as ``accepted is text``.
    came : str, optional
        What is wrong with the value, to follow its place; by default ``is`` and the value.

    Attributes
    ----------
    more : list of Wrong
        What else is wrong with it.
    """

    def __init__(self, accepted: str, came: str | None = None) -> None:
        super().__init__(accepted)
        self.accepted = accepted
        self.came = came
        self.more: list[Wrong] = []


def refuse(wrongs: list[Wrong]) -> None:
    """Raise all that is wrong with a value, if anything is."""
    if wrongs:
        wrongs[0].more = wrongs[1:]
        raise wrongs[0]


def text(value: Any) -> str:
    """Return text that is not blank."""
    if not isinstance(value, str) or not value.strip():
        raise Wrong("accepted is text" if isinstance(value, str | dict | list) else 'accepted is text, in "quotes"')
    return value


def flag(value: Any) -> bool:
    """Return true or false."""
    if not isinstance(value, bool):
        raise Wrong("accepted are true and false")
    return value


def whole(least: int) -> Check:
    """Return a check for whole numbers of at least `least`."""

    def check(value: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= LARGEST:
            raise Wrong(f"accepted is a whole number, {least} or more")
        return value

    return check


def number(accepted: str, fits: Callable[[float], bool]) -> Check:
    """Return a check for numbers that fit."""

    def check(value: Any) -> float:
        real = isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= LARGEST
        if not real or not math.isfinite(value) or not fits(value):
            raise Wrong(f"accepted is a number {accepted}")
        return float(value)

    return check


share = number("from 0 to 1", lambda value: 0 <= value <= 1)
"""A part of a whole."""


def one_of(names: Iterable[str], *, path: str | None = None) -> Check:
    """Return a check for one of some names.

    Parameters
    ----------
    names : iterable of str
        What is accepted.
    path : str, optional
        What ``package.module:...`` may name beside these.
    """
    known = tuple(names)
    listed = ", ".join(known) + (f", and package.module:{path}" if path else "")
    accepted = f"accepted {'is' if listed == known[0] else 'are'} {listed}"

    def check(value: Any) -> str:
        if not isinstance(value, str):
            raise Wrong(accepted)
        if value in known or (path and is_path(value)):
            return value
        raise Wrong(accepted + did_you_mean(value, known))

    return check


def is_path(value: Any) -> bool:
    """Whether a value is written as ``package.module:function``."""
    return isinstance(value, str) and PATH.fullmatch(value) is not None


def texts(least: int = 0, *, what: str = "names", repeats: bool = False) -> Check:
    """Return a check for lists of text, by default each once."""
    accepted = f"accepted is a list of {what}" + (f", {least} or more" if least else "")

    def check(value: Any) -> tuple[str, ...]:
        if not isinstance(value, list | tuple):
            raise Wrong(accepted + (f", as [{shown(value)}]" if isinstance(value, str) else ""))
        wrongs = [
            Wrong(accepted, f"has {shown(part)}") for part in value if not isinstance(part, str) or not part.strip()
        ]
        texts = [part for part in value if isinstance(part, str) and part.strip()]
        if not repeats:
            once = f"accepted are {what}, each once"
            wrongs += [
                Wrong(once, f"has {shown(part)} twice") for part in dict.fromkeys(texts) if texts.count(part) > 1
            ]
        refuse(wrongs)
        if len(value) < least:
            raise Wrong(accepted)
        return tuple(value)

    return check


def texts_by_name(value: Any) -> dict[str, str]:
    """Return a table of text."""
    if not isinstance(value, dict):
        raise Wrong('accepted is a table of text, as { name = "..." }')
    bad = {key: part for key, part in value.items() if not isinstance(part, str) or not part.strip()}
    refuse([Wrong("accepted is text", f"has {shown(part)} for {key!r}") for key, part in bad.items()])
    return dict(value)
