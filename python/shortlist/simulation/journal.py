"""Runs on disk: one JSON line each, appended as it ends, so that a kill costs only what was in the air."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from shortlist.simulation.loop import Run

if TYPE_CHECKING:
    from types import TracebackType

FORMAT = 1
NAME = "runs.jsonl"


class Journal:
    """The runs of one simulation, those of earlier calls included.

    Parameters
    ----------
    folder : path or None
        Where ``runs.jsonl`` is, or will be; None keeps nothing.
    identity : dict
        What the settings must agree on. A journal of other settings is refused, naming the first that differs.
    """

    def __init__(self, folder: str | os.PathLike[str] | None, identity: dict[str, Any]) -> None:
        self.runs: list[Run] = []
        self._file: IO[bytes] | None = None
        self._path = None if folder is None else Path(folder) / NAME
        self._identity = identity

    def __enter__(self) -> Journal:
        if self._path is None:
            return self
        self._path.parent.mkdir(parents=True, exist_ok=True)
        known, size = read(self._path) if self._path.exists() else (None, 0)
        if known is not None:
            self._check(known[0])
            self.runs = known[1]
        self._file = self._path.open("ab")
        # What follows the last whole line was being written when the process died.
        self._file.truncate(size)
        if known is None:
            self._append({"format": FORMAT, "settings": self._identity})
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file is not None:
            self._file.close()

    def add(self, run: Run) -> None:
        """Keep a run: on disk before this returns."""
        self.runs.append(run)
        self._append(run.to_dict())

    def _append(self, record: dict[str, Any]) -> None:
        if self._file is not None:
            self._file.write(json.dumps(record).encode() + b"\n")
            self._file.flush()
            os.fsync(self._file.fileno())

    def _check(self, settings: dict[str, Any]) -> None:
        for name, value in self._identity.items():
            if settings.get(name) != value:
                raise ValueError(
                    f"{self._path} is of another simulation: its {name} is {settings.get(name)!r}, here it is {value!r}; "
                    "give the same settings to go on with it, or another folder"
                )


def read(path: Path) -> tuple[tuple[dict[str, Any], list[Run]] | None, int]:
    """Return settings and runs of a journal, and how many bytes of it are whole lines; None where not one is."""
    content = path.read_bytes()
    size = content.rfind(b"\n") + 1
    lines = content[:size].splitlines()
    if not lines:
        return None, 0
    try:
        head, *records = map(json.loads, lines)
        if head["format"] != FORMAT:
            raise ValueError(f"{path} has format {head['format']}; accepted is {FORMAT}")
        return (head["settings"], [Run(**record) for record in records]), size
    except (json.JSONDecodeError, KeyError, TypeError):
        raise ValueError(f"{path} is no journal of a simulation; give another folder") from None
