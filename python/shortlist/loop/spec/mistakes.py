"""What is wrong with a spec: all of it, a line each."""

from __future__ import annotations

from shortlist.loop.errors import LoopError
from shortlist.loop.spec.keys import TABLES, place


class SpecError(LoopError):
    """A spec has mistakes.

    Attributes
    ----------
    mistakes : list of str
        A sentence each, with the place, what is there and what is accepted.
    """

    def __init__(self, mistakes: list[str]) -> None:
        super().__init__("\n".join(mistakes))
        self.mistakes = list(mistakes)

    def __reduce__(self) -> tuple[type[SpecError], tuple[list[str]]]:
        return SpecError, (self.mistakes,)


class Mistakes:
    """Mistakes while they are collected."""

    def __init__(self) -> None:
        self._found: list[tuple[int, str]] = []
        self._at: set[str] = set()

    def add(self, table: str, key: str, sentence: str) -> None:
        """Note what is wrong with a key; the sentence follows its place."""
        self._found.append((list(TABLES).index(table), f"{place(table, key)} {sentence}"))
        self._at.add(place(table, key))

    @property
    def lines(self) -> list[str]:
        """The sentences so far, in the order of the format's tables."""
        return [sentence for _, sentence in sorted(self._found, key=lambda one: one[0])]

    def fine(self, *places: str) -> bool:
        """Whether nothing is wrong so far with any of some keys, given as messages call them."""
        tables = [name.partition("]")[0] + "]" for name in places if name.startswith("[")]
        return self._at.isdisjoint([*places, *tables])
