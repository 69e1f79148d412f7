"""What a power cut may leave of files: a model of a disk that keeps only what was brought to it.

Strict, as POSIX allows: the bytes of a file are safe once the file was synced, and a name once its folder was. Of all else any
part may be there: a name without the bytes, the bytes without the name, some sectors of a write and not the others, and of the
changes to one folder the first few.
"""

from __future__ import annotations

import random
import struct
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

SECTOR = 512
HEAD = struct.Struct("=6q")
WAYS = ("nothing", "names", "bytes", "some", "others")
"""What is left of what was not synced: none of it, only names, only bytes, or parts by chance."""


class Call(NamedTuple):
    """A call as the shim has written it down: see shim.c."""

    kind: str
    inode: int
    at: int
    one: bytes
    two: bytes


def calls_of(log: Path) -> list[Call]:
    """Return the calls of a log, in order."""
    raw, place, found = log.read_bytes(), 0, []
    while place < len(raw):
        kind, inode, at, _, n, m = HEAD.unpack_from(raw, place)
        place += HEAD.size
        found.append(Call(chr(kind), inode, at, raw[place : place + n], raw[place + n : place + n + m]))
        place += n + m
    return found


@dataclass
class File:
    """The bytes of a file: those that are safe, and what was done to it since."""

    safe: bytes = b""
    since: list[tuple[int, bytes | None]] = field(default_factory=list)

    def now(self) -> bytes:
        """Return the bytes as programs see them."""
        return self._with(self.since)

    def left(self, how: str, chance: random.Random) -> bytes:
        """Return the bytes as a power cut may leave them."""
        if how in ("nothing", "names"):
            return self.safe
        if how == "bytes":
            return self.now()
        kept: list[tuple[int, bytes | None]] = []
        for at, data in self.since:
            if data is None:
                kept += [(at, None)] * chance.getrandbits(1)
                continue
            parts = [(at + n, data[n : n + SECTOR]) for n in range(0, len(data), SECTOR)]
            kept += [part for part in parts if chance.random() < 0.6]
        return self._with(kept)

    def sync(self) -> None:
        """Make all of it safe."""
        self.safe, self.since = self.now(), []

    def _with(self, changes: list[tuple[int, bytes | None]]) -> bytes:
        held = bytearray(self.safe)
        for at, data in changes:
            end = at if data is None else at + len(data)
            held.extend(bytes(max(0, end - len(held))))
            if data is None:
                del held[at:]
            else:
                held[at:end] = data
        return bytes(held)


@dataclass
class Change:
    """A change of names: `path` is put in, with a file or a folder (None), or taken out."""

    folder: str
    path: str
    gone: bool
    file: File | None = None
    was: str = ""


class Disk:
    """The files below a folder."""

    def __init__(self, root: Path) -> None:
        self._root = str(root)
        self._names: dict[str, File | None] = {}
        self._pending: list[Change] = []
        self._files: dict[int, File] = {}

    def meet(self) -> None:
        """Take up what is there by now, and what others than the watched processes have changed, which is safe."""
        live = self._live(self._names, self._pending)
        self._files.clear()
        there = sorted(Path(self._root).rglob("*"))
        for path in there:
            file = live.get(str(path))
            if path.is_file() and not path.name.endswith("-shm"):
                if file is None or file.now() != path.read_bytes():
                    file = self._names[str(path)] = File(path.read_bytes())
                    self._pending = [change for change in self._pending if change.path != str(path)]
                self._files[path.stat().st_ino] = file
            elif path.is_dir() and str(path) not in live:
                self._names[str(path)] = None
        for name in live.keys() - set(map(str, there)):
            self._names.pop(name, None)
            self._pending = [change for change in self._pending if change.path != name]

    def do(self, call: Call) -> None:
        """Follow a call."""
        one = call.one.decode(errors="surrogateescape")
        if call.kind == "N":
            file = self._files[call.inode] = File()
            if one:
                self._change(one, file)
        elif call.kind in "wt":
            change = (call.at, call.one if call.kind == "w" else None)
            self._files.setdefault(call.inode, File()).since.append(change)
        elif call.kind == "s":
            if call.inode in self._files and one not in self._folders():
                self._files[call.inode].sync()
            else:
                self._sync_folder(one)
        elif call.kind == "d":
            self._change(one, None)
        elif call.kind == "u":
            self._pending.append(Change(_parent(one), one, gone=True))
        elif call.kind in "rl":
            self._move(call, one, call.two.decode(errors="surrogateescape"))

    def left(self, how: str, seed: object) -> dict[str, bytes | None]:
        """Return files, and folders as None, by path, as a power cut may leave them."""
        chance = random.Random(str(seed))
        count = {folder: sum(c.folder == folder for c in self._pending) for folder in {c.folder for c in self._pending}}
        all_names = {"nothing": 0.0, "bytes": 0.0, "names": 1.0}.get(how)
        cut = {
            folder: round(count[folder] * (chance.random() if all_names is None else all_names))
            for folder in sorted(count)
        }
        kept = []
        for change in self._pending:
            if cut[change.folder] > 0:
                cut[change.folder] -= 1
                kept.append(change)
        live = self._live(self._names, kept)
        found: dict[str, bytes | None] = {}
        for path in sorted(live):
            if _parent(path) == self._root or _parent(path) in found:
                file = live[path]
                found[path] = None if file is None else file.left(how, chance)
        return found

    def _folders(self) -> Iterator[str]:
        yield self._root
        yield from (path for path, file in self._live(self._names, self._pending).items() if file is None)

    def _change(self, path: str, file: File | None) -> None:
        self._pending.append(Change(_parent(path), path, gone=False, file=file))

    def _move(self, call: Call, one: str, two: str) -> None:
        if call.kind == "l":
            self._change(two, self._files.setdefault(call.inode, File()))
            return
        live = self._live(self._names, self._pending)
        self._pending.append(Change(_parent(two), two, gone=False, file=live.get(one), was=one))

    def _sync_folder(self, folder: str) -> None:
        self._names = self._live(self._names, [change for change in self._pending if change.folder == folder])
        self._pending = [change for change in self._pending if change.folder != folder]

    @staticmethod
    def _live(names: dict[str, File | None], changes: list[Change]) -> dict[str, File | None]:
        live = dict(names)
        for change in changes:
            if change.was:
                # With all that is in it, where it is a folder.
                inner = [path for path in live if path.startswith(change.was + "/")]
                live.update({change.path + path[len(change.was) :]: live.pop(path) for path in inner})
                live.pop(change.was, None)
            if change.gone:
                live.pop(change.path, None)
            else:
                live[change.path] = change.file
        return live


def _parent(path: str) -> str:
    return path.rpartition("/")[0]
