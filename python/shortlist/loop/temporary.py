"""Folders that can be made again: removed once they are of no use,
and never under a process that is at work with them.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from shortlist.loop.errors import with_room
from shortlist.writing import make_folder, sync_folder

try:
    import fcntl
except ImportError:  # a system without such locks, where what a killed process leaves stays
    fcntl = None  # type: ignore[assignment]

if TYPE_CHECKING:
    from collections.abc import Iterator

PREFIX = "making-"
LOCK = ".lock"
IN_USE = "in-use"
"""A file in a folder that is kept, locked by all who read there."""


@contextlib.contextmanager
def temporary_folder(parent: Path) -> Iterator[Path]:
    """Give a new folder in another one, removed at the end;
    what killed processes have left there is removed first.

    A file beside it is locked meanwhile. The system lets go of the lock when the process ends,
    however it ends, so that a folder whose lock can be had is nobody's.
    """
    make_folder(parent, "folder")
    remove_left(parent)
    descriptor, lock = _locked(parent)
    folder = lock.with_suffix("")
    try:
        with with_room(parent):
            folder.mkdir()
            yield folder
    finally:
        _remove(folder, lock)
        os.close(descriptor)


def name_it(work: Path, folder: Path) -> None:
    """Bring all files of a folder to disk, and give it its name,
    unless a folder of that name is there.
    """
    for path in work.iterdir():
        if path.is_file():
            with path.open("rb") as file:
                os.fsync(file.fileno())
    sync_folder(work)
    try:
        os.rename(work, folder)  # noqa: PTH104 - never over what is there
    except OSError:
        # Another process may have been faster; what it made is the same.
        if not folder.is_dir():
            raise


def remove_left(parent: Path) -> None:
    """Remove what killed processes have left in a folder."""
    for lock in parent.glob(f"{PREFIX}*{LOCK}") if fcntl else ():
        with contextlib.suppress(OSError):
            descriptor = os.open(lock, os.O_RDWR)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                _remove(lock.with_suffix(""), lock)
            finally:
                os.close(descriptor)


def _remove(folder: Path, lock: Path) -> None:
    """Remove a folder, and its lock once it is gone:
    what could not be removed is found by its lock another time.
    """
    shutil.rmtree(folder, ignore_errors=True)
    if not folder.exists():
        with contextlib.suppress(OSError):
            lock.unlink(missing_ok=True)


def hold(folder: Path) -> int | None:
    """Keep a folder from being removed while a descriptor is open;
    None where it was removed before.
    """
    path = folder / IN_USE
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    except FileNotFoundError:
        return None
    if fcntl:
        with contextlib.suppress(OSError):
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    if _is_still(path, descriptor):
        return descriptor
    os.close(descriptor)
    return None


def remove_unless_held(folder: Path) -> None:
    """Remove a folder, unless somebody holds it or nobody can know."""
    if not fcntl:
        return
    with contextlib.suppress(OSError), temporary_folder(folder.parent) as place:
        descriptor = os.open(folder / IN_USE, os.O_RDWR)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # At once, so that nobody finds half of it.
            folder.rename(place / folder.name)
        finally:
            os.close(descriptor)


def _is_still(path: Path, descriptor: int) -> bool:
    with contextlib.suppress(FileNotFoundError):
        return os.path.samestat(path.stat(), os.fstat(descriptor))
    return False


def _locked(parent: Path) -> tuple[int, Path]:
    while True:
        descriptor, name = tempfile.mkstemp(LOCK, PREFIX, parent)
        if fcntl:
            # A file system without locks, where nobody else gets one either.
            with contextlib.suppress(OSError):
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        # Somebody may have taken it for one that was left, before it was locked.
        if _is_still(Path(name), descriptor):
            return descriptor, Path(name)
        os.close(descriptor)
