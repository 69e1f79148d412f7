"""What every annotation tool does for a loop: it takes rounds, and gives answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from shortlist.labels.handed import HandedRow

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

__all__ = ["About", "HandedRow", "Handoff"]


class About(NamedTuple):
    """The loop that a tool is for.

    Attributes
    ----------
    name : str
        What the loop is called.
    loop : str
        What tells it from all others.
    folder : Path
        Where it lives.
    classes : tuple of str
        What people may answer, beside "none of these".
    help : mapping of str to str
        What classes mean.
    """

    name: str
    loop: str
    folder: Path
    classes: tuple[str, ...]
    help: Mapping[str, str]


class Handoff(Protocol):
    """One annotation tool, or files."""

    def push(self, number: int, rows: Sequence[HandedRow]) -> dict[str, Any]:
        """Hand a round over, in this order, and return what is needed to find it again, for JSON.

        A round that is there already, as after a kill, is found and not handed over again.
        """

    def pull(self, state: Mapping[str, Any]) -> Iterable[Mapping[str, Any]]:
        """Yield answers of a round that `push` returned this for, or of later ones.

        An answer is a mapping: ``id``, ``label``, ``annotator``, ``time``, ``skip``; ``key`` where
        the tool has one for this version of the answer; ``source``, ``where``, ``round``, ``loop``;
        and under ``shown`` what came along of the row.
        """

    def withdraw(self, rows: Sequence[str]) -> None:
        """Take rows back that nobody is to be asked for any more, where the tool can."""

    def describe(self) -> str:
        """Return where people label, for a sentence such as "100 rows in ..."."""
