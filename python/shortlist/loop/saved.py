"""Round files that people fill in and save where they lie:
taken in once they are whole, and again after each change.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from shortlist.labels.formats import JSON, PARQUET, TEXT
from shortlist.loop.step import Step

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shortlist.loop.loop import Loop

ENDINGS = (*TEXT, *JSON, PARQUET)
State: TypeAlias = tuple[int, int, int]
SETTLED = 2.0
"""Seconds after which nobody is writing a file any more."""
UNFINISHED = 60.0
"""The same for a file that ends in the middle of a line, as one does that is being written."""


class SavedFiles:
    """The files of a loop's folder ``handoff``, by what each was when it was looked at last."""

    def __init__(self) -> None:
        self._taken: dict[Path, State] = {}
        self._seen: dict[Path, State] = {}
        self._told: set[Path] = set()

    def take_in(self, loop: Loop) -> Iterator[Step]:
        """Take in the files that are new or changed, and yield what came of each."""
        for path in _files(loop):
            state = _state(path)
            if state is None or self._taken.get(path) == state:
                continue
            try:
                data, again = path.read_bytes(), _state(path)
            except OSError as error:
                self._taken[path] = state
                yield Step("failed", f"{path.name} can't be read ({error.strerror})", {"file": path.name})
                continue
            if again != state or not self._whole(path, state, data):
                # Most are whole at the next look, and no word is lost on those.
                if path in self._seen and path not in self._told:
                    self._told.add(path)
                    said = f"{path.name} is being written, and is taken in once it is whole"
                    yield Step("waits", said, {"file": path.name})
                self._seen[path] = state
                continue
            yield from self._ingested(loop, path, data)
            self._taken[path] = state
            self._seen.pop(path, None)
            self._told.discard(path)

    def _whole(self, path: Path, state: State, data: bytes) -> bool:
        """Return whether nobody is writing a file: it was left alone for a while,
        or since it was looked at last.
        """
        ends = data.endswith((b"\n", b"\r")) or path.suffix.lower() == ".parquet"
        age = time.time() - state[1] / 1e9
        # The clock of a file system may be ahead of ours.
        still = self._seen.get(path) == state and (ends or age < 0)
        return still or age >= (SETTLED if ends else UNFINISHED)

    def _ingested(self, loop: Loop, path: Path, data: bytes) -> Iterator[Step]:
        if not data:
            return
        with tempfile.TemporaryDirectory(prefix="shortlist-saved-") as folder:
            # What was looked at is what is read, whoever saves meanwhile; its name tells the round.
            copy = Path(folder) / path.name
            copy.write_bytes(data)
            try:
                done = loop.ingest(copy)
            except (ValueError, OSError) as error:
                said = str(error).replace(str(copy), path.name)
                yield Step("failed", f"{path.name} can't be taken in: {said}", {"file": path.name})
                return
        if done.new or done.refused:
            facts = {"file": path.name, "new": done.new, "known": done.known, "refused": len(done.refused)}
            yield Step("ingested", f"{path.name}: {'; '.join(done.lines())}", facts)


def _files(loop: Loop) -> list[Path]:
    """Return the files that people may have filled in;
    programs put a dot or a tilde before those of their own.
    """
    if loop.spec.handoff.tool not in ("csv", "jsonl"):
        return []
    found = (loop.folder / "handoff").glob("*")
    return sorted(p for p in found if p.suffix.lower() in ENDINGS and p.name[0] not in ".~" and p.is_file())


def _state(path: Path) -> State | None:
    try:
        about = path.stat()
    except OSError:
        return None
    return about.st_size, about.st_mtime_ns, about.st_ino
