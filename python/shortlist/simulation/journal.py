"""Runs on disk: one JSON line each, appended as it ends,
so that a kill costs only what was in the air.
"""

from __future__ import annotations

import json
import math
import os
from typing import IO, TYPE_CHECKING, Any, Generic, Protocol, TypeVar

from shortlist.simulation.loop import Run
from shortlist.writing import json_text, make_folder, place_of, told

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from types import TracebackType

FORMAT = 1
NAME = "runs.jsonl"


class Kept(Protocol):
    """What a run must have."""

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, of which the run can be made again."""


R = TypeVar("R", bound=Kept)


class Journal(Generic[R]):
    """The runs of one simulation, those of earlier calls included.

    Parameters
    ----------
    folder : path or None
        Where ``runs.jsonl`` is, or will be; None keeps nothing.
    identity : dict
        What the settings must agree on. A journal of other settings is refused, naming the first
        that differs.
    made : callable
        Makes a run of the values that it was kept as.
    """

    def __init__(
        self, folder: str | os.PathLike[str] | None, identity: dict[str, Any], made: Callable[[dict[str, Any]], R]
    ) -> None:
        self.runs: list[R] = []
        self._made = made
        self._file: IO[bytes] | None = None
        self._path = None if folder is None else make_folder(folder, "out") / NAME
        self._identity = identity

    def __enter__(self) -> Journal[R]:
        if self._path is None:
            return self
        if not place_of(self._path).is_file:
            raise OSError(f"{self._path} is no regular file; give another folder")
        try:
            # Without a buffer, so that nothing is left to be written when the file is closed after
            # an error.
            file = self._path.open("ab", buffering=0)
        except OSError as error:
            raise told(error, self._path) from None
        try:
            _keep_others_out(file, self._path)
            known, size = read(self._path, self._made)
            if known is not None:
                self._check(known[0])
                self.runs = known[1]
            # What follows the last whole line was being written when the process died.
            file.truncate(size)
            self._file = file
            if known is None:
                self._append({"format": FORMAT, "settings": self._identity})
        except BaseException:
            file.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file is not None:
            self._file.close()

    def add(self, run: R) -> None:
        """Keep a run: on disk before this returns."""
        self.runs.append(run)
        self._append(run.to_dict())

    def _append(self, record: dict[str, Any]) -> None:
        if self._file is not None:
            rest = json_text(record).encode() + b"\n"
            try:
                while rest:
                    rest = rest[self._file.write(rest) :]
                os.fsync(self._file.fileno())
            except OSError as error:
                raise told(error, self._file.name, "; the same call goes on after the runs that it holds") from None

    def _check(self, settings: dict[str, Any]) -> None:
        for name, value in self._identity.items():
            if settings.get(name) != value:
                raise ValueError(
                    f"{self._path} is of another simulation: its {name} is {settings.get(name)!r}, here it is {value!r}; "
                    "give the same settings to go on with it, or another folder"
                )


def read(path: Path, made: Callable[[dict[str, Any]], R]) -> tuple[tuple[dict[str, Any], list[R]] | None, int]:
    """Return settings and runs of a journal, and how many bytes of it are whole lines;
    None where not one is.
    """
    content = path.read_bytes()
    size = content.rfind(b"\n") + 1
    lines = content[:size].splitlines()
    if not lines:
        return None, 0
    try:
        head, *records = map(json.loads, lines)
        if head["format"] != FORMAT:
            raise ValueError(f"{path} has format {head['format']}; accepted is {FORMAT}")
        return (head["settings"], [made(record) for record in records]), size
    except (json.JSONDecodeError, KeyError, TypeError):
        raise ValueError(f"{path} is no journal of a simulation; give another folder") from None


def run_of(record: dict[str, Any]) -> Run:
    """Return a run as it was: a score that is no number was kept as null."""
    # Before there were triggers, each point of a curve had its own model.
    run = Run(**{"fits": len(record["scores"]), **record})  # nor did queries say what they asked
    run.scores = [math.nan if score is None else score for score in run.scores]
    return run


def _keep_others_out(file: IO[bytes], path: Path) -> None:
    """Refuse a journal that another process is writing.
    The lock ends with the file, and with a process that is killed.
    """
    try:
        import fcntl
    except ImportError:
        return
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise BlockingIOError(f"another simulation is writing {path}; wait for it, or give another folder") from None
    except OSError:
        pass  # the file system has no locks
