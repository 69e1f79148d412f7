"""Folders that are filled under another name first, so that they are there whole or not at all."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from shortlist.loop.errors import with_room

if TYPE_CHECKING:
    from collections.abc import Iterator

PREFIX = "making-"


@contextlib.contextmanager
def making(parent: Path) -> Iterator[Path]:
    """Yield a new folder to fill and to give its name by `name_it`; without a name it is removed at the end.

    Folders that killed processes left in the same parent are removed first. A process holds a lock on its own, which ends
    with the process, whatever ends it.
    """
    with with_room(parent), contextlib.ExitStack() as lock:
        with _locked(parent):
            work = _new(parent)
            lock.enter_context(_locked(work))
        try:
            yield work
        finally:
            shutil.rmtree(work, ignore_errors=True)


def name_it(work: Path, folder: Path) -> None:
    """Bring all files of a folder to disk, and give it its name, unless a folder of that name is there."""
    for path in work.iterdir():
        if path.is_file():
            with path.open("rb") as file:
                os.fsync(file.fileno())
    try:
        os.rename(work, folder)  # noqa: PTH104 - never over what is there
    except OSError:
        # Another process may have been faster; what it made is the same.
        if not folder.is_dir():
            raise


def _new(parent: Path) -> Path:
    """Return a new folder, after those were removed that no process holds."""
    for left in parent.glob(f"{PREFIX}*"):
        with _locked(left, wait=False) as mine:
            if mine:
                shutil.rmtree(left, ignore_errors=True)
    return Path(tempfile.mkdtemp(prefix=PREFIX, dir=parent))


@contextlib.contextmanager
def _locked(folder: Path, *, wait: bool = True) -> Iterator[bool]:
    """Hold a lock on a folder; yield whether it was got, which it is not where the system has no such locks."""
    try:
        import fcntl

        descriptor = os.open(folder, os.O_RDONLY)
    except (ImportError, OSError):
        yield False
        return
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except OSError:  # somebody else has it, or the file system has no locks
            yield False
        else:
            yield True
    finally:
        os.close(descriptor)
