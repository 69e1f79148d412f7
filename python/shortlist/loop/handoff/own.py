"""Tools of the user's own: a class by ``package.module:Class`` with the four
functions of the protocol.
"""

from __future__ import annotations

import json
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from shortlist.disk import one_line
from shortlist.loop.errors import LoopError
from shortlist.loop.training.by_path import function_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from shortlist.loop.handoff.protocol import About, HandedRow, Handoff

FUNCTIONS = ("push", "pull", "withdraw", "describe")
KEY = "[handoff] tool"


def own_tool(path: str, folder: Path, about: About, keys: Mapping[str, Any]) -> Handoff:
    """Return a tool, made with what it should know of the loop and the other keys of ``[handoff]``.

    Raises
    ------
    LoopError
        It can't be imported or made, or lacks a function.
    """
    made = function_of(path, KEY, folder)
    with _told(path, "be made"):
        tool = made(about, **keys)
    missing = [name for name in FUNCTIONS if not callable(getattr(tool, name, None))]
    if missing:
        raise LoopError(f"{KEY} is {path!r}, which has no {', '.join(missing)}; needed are {', '.join(FUNCTIONS)}")
    return OwnTool(path, tool)


class OwnTool:
    """A tool whose errors name it, and whose answers are looked at."""

    def __init__(self, path: str, tool: Handoff) -> None:
        self._path = path
        self._tool = tool

    def push(self, number: int, rows: Sequence[HandedRow]) -> dict[str, Any]:
        """Hand a round over."""
        with _told(self._path, f"take round {number}"):
            state = self._tool.push(number, rows)
            plain = json.loads(json.dumps({} if state is None else state, allow_nan=False))
        if not isinstance(plain, dict):
            raise LoopError(
                f"{KEY} is {self._path!r}, whose push gave a {type(state).__name__}; accepted is a dict for JSON"
            )
        return plain

    def pull(self, state: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
        """Yield answers."""
        with _told(self._path, "give answers"):
            yield from self._tool.pull(state)

    def withdraw(self, rows: Sequence[str]) -> None:
        """Take rows back."""
        with _told(self._path, "take rows back"):
            self._tool.withdraw(rows)

    def describe(self) -> str:
        """Return where people label."""
        with _told(self._path, "say where people label"):
            return str(self._tool.describe())


@contextmanager
def _told(path: str, what: str) -> Iterator[None]:
    """Turn whatever a tool of the user's own raises into a sentence; ours pass."""
    try:
        yield
    except LoopError:
        raise
    except Exception as error:  # whatever a class of the user's does
        raise LoopError(
            f"{KEY} is {path!r}, which cannot {what} ({type(error).__name__}: {one_line(error)})"
        ) from error
