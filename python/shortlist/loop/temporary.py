"""Folders for work in progress, which are removed after a process that was killed, and never under one that is at work."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from shortlist.writing import make_folder

try:
    import fcntl
except ImportError:  # a system without such locks, where what a killed process leaves stays
    fcntl = None  # type: ignore[assignment]

if TYPE_CHECKING:
    from collections.abc import Iterator

PREFIX = "making-"
LOCK = ".lock"


@contextlib.contextmanager
def temporary_folder(parent: Path) -> Iterator[Path]:
    """Give a new folder in another one, removed at the end; what killed processes have left there is removed first.

    A file beside it is locked meanwhile. The system lets go of the lock when the process ends, however it ends, so that a
    folder whose lock can be had is nobody's.
    """
    make_folder(parent, "folder")
    remove_left(parent)
    descriptor, lock = _locked(parent)
    folder = lock.with_suffix("")
    try:
        folder.mkdir()
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        lock.unlink(missing_ok=True)
        os.close(descriptor)


def remove_left(parent: Path) -> None:
    """Remove what killed processes have left in a folder."""
    for lock in parent.glob(f"{PREFIX}*{LOCK}") if fcntl else ():
        with contextlib.suppress(OSError):
            descriptor = os.open(lock, os.O_RDWR)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(lock.with_suffix(""), ignore_errors=True)
                lock.unlink()
            finally:
                os.close(descriptor)


def _locked(parent: Path) -> tuple[int, Path]:
    while True:
        descriptor, name = tempfile.mkstemp(LOCK, PREFIX, parent)
        if fcntl:
            with contextlib.suppress(OSError):  # a file system without locks, where nobody else gets one either
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        # Somebody may have taken it for one that was left, before it was locked.
        with contextlib.suppress(FileNotFoundError):
            if os.path.samestat(os.stat(name), os.fstat(descriptor)):  # noqa: PTH116
                return descriptor, Path(name)
        os.close(descriptor)
