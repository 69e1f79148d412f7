"""How conditions are written: names with values after colons, joined by ``&`` and ``|``,
grouped by parentheses.
"""

from __future__ import annotations

import difflib
import inspect
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

DEEPEST = 50
"""Parentheses within parentheses that are read; nobody writes more by hand."""


@dataclass(frozen=True)
class Name:
    """One condition, as ``target:0.9``."""

    name: str
    values: tuple[str, ...]
    text: str


@dataclass(frozen=True)
class Joined:
    """Two or more conditions between which stands the same sign, ``&`` or ``|``."""

    sign: str
    parts: tuple[Node, ...]


Node: TypeAlias = Name | Joined


LONGEST = 1000
"""Characters of a condition: it is repeated where something is wrong with it."""


def parse(text: str, said: str) -> Node:
    """Read a text; ``&`` binds tighter than ``|``. `said` begins each complaint,
    as ``stop is 'kappa'``.
    """
    if len(text) > LONGEST:
        raise ValueError(f"{said[:60]}..., {len(text):,} characters; accepted are at most {LONGEST:,}")
    return _Reader(text, said).read()


def joined(sign: str, parts: Iterable[tuple[str, bool]]) -> str:
    """Write the parts with the sign between them, those in parentheses that need them."""
    inside = [f"({text})" if sign == "&" and either else text for text, either in parts]
    return f" {sign} ".join(inside)


def made(node: Name, kinds: Mapping[str, Callable[..., object]], samples: Mapping[str, str], said: str) -> object:
    """Call what a name stands for with its values, or say what is wrong with it."""
    kind = kinds[node.name]
    arguments = inspect.signature(kind).parameters.values()
    wants = [p.name for p in arguments if p.default is p.empty]
    if len(node.values) < len(wants):
        lacks = wants[len(node.values)]
        raise ValueError(
            f"{said}, and {node.text!r} lacks its {lacks}; accepted is as {node.name}:{samples[node.name]}"
        )
    if len(node.values) > len(arguments):
        takes = ":".join([node.name, *(p.name for p in arguments)])
        raise ValueError(f"{said}, and {node.text!r} has too many values; accepted is {takes}")
    try:
        return kind(*map(_number, node.values))
    except (TypeError, ValueError) as error:
        raise ValueError(f"{said}, and {node.text!r} cannot be read: {error}") from None


def known(name: str, names: Iterable[str], said: str, elsewhere: Mapping[str, str] | None = None) -> None:
    """Raise where a name is none of these, with the nearest of them."""
    names = list(names)
    if name in names:
        return
    if elsewhere and name in elsewhere:
        raise ValueError(f"{said}, and {name!r} belongs to {elsewhere[name]}; known here are {', '.join(names)}")
    near = difflib.get_close_matches(name, names, n=1, cutoff=0.5)
    hint = f"; did you mean {near[0]!r}?" if near else ""
    raise ValueError(f"{said}, and {name!r} is no rule; known are {', '.join(names)}{hint}")


def _number(text: str) -> int | float:
    try:
        return int(text)
    except ValueError:
        pass
    try:
        return float(text)
    except ValueError:
        raise ValueError(f"{text!r} is no number") from None


class _Reader:
    """Reads from left to right; a method for each level of the grammar."""

    def __init__(self, text: str, said: str) -> None:
        self.pieces = [piece for piece in (piece.strip() for piece in re.split(r"([&|()])", text)) if piece]
        self.said, self.at, self.depth = said, 0, 0

    def read(self) -> Node:
        node = self.joined("|")
        if self.next() is not None:
            raise ValueError(f"{self.said}, and {self.next()!r} {self.stray()}")
        return node

    def next(self) -> str | None:
        return self.pieces[self.at] if self.at < len(self.pieces) else None

    def stray(self) -> str:
        if self.next() == ")":
            return "closes nothing; accepted are as many '(' before it"
        return f"follows {self.pieces[self.at - 1]!r} with no & or | between them"

    def joined(self, sign: str) -> Node:
        parts = [self.joined("&") if sign == "|" else self.single()]
        while self.next() == sign:
            self.at += 1
            parts.append(self.joined("&") if sign == "|" else self.single())
        return parts[0] if len(parts) == 1 else Joined(sign, tuple(parts))

    def single(self) -> Node:
        piece = self.next()
        if piece is None or piece in "&|)":
            where = f"after {self.pieces[self.at - 1]!r}" if self.at else "at its start"
            raise ValueError(f"{self.said}, and a rule is missing {where if self.pieces else 'in it'}")
        self.at += 1
        if piece != "(":
            name, *values = (part.strip() for part in piece.split(":"))
            if " " in name or any(" " in value for value in values):
                raise ValueError(f"{self.said}, and {piece!r} has a blank in it; accepted are rules joined by & or |")
            return Name(name, tuple(values), piece)
        self.depth += 1
        if self.depth > DEEPEST:
            raise ValueError(f"{self.said}, with more than {DEEPEST} parentheses in one another; accepted are fewer")
        node = self.joined("|")
        if self.next() != ")":
            raise ValueError(
                f"{self.said}, and " + (f"{self.next()!r} {self.stray()}" if self.next() else "a '(' is never closed")
            )
        self.at += 1
        self.depth -= 1
        return node
