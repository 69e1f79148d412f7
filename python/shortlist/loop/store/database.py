"""Connections to loop.db, its transactions, and what SQLite reports in sentences for a person."""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
import threading
from typing import TYPE_CHECKING, Any

from shortlist.loop.errors import LoopError, full
from shortlist.tables import visible

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

PATIENCE = 60.0
"""Seconds to wait for another process that is writing."""
ROOM = 1 << 16
"""Bytes: with less a disk is full."""


class Database:
    """One loop.db, open in any number of threads and processes at once.

    Every thread has a connection of its own, and a forked process opens new ones: SQLite's must not
    cross a fork.

    Parameters
    ----------
    path : Path
        Where it is.
    journal : {"wal", "delete"}
        How SQLite keeps a transaction whole: "delete" for network file systems, which have no
        shared memory.
    """

    def __init__(self, path: Path, journal: str) -> None:
        self.path = path
        self._journal = journal
        self._mine = threading.local()
        self._opened: list[tuple[int, sqlite3.Connection]] = []
        self._guard = threading.Lock()
        self._closed = False

    def connection(self) -> sqlite3.Connection:
        """Return this thread's connection."""
        if self._closed:
            raise self._was_closed()
        if getattr(self._mine, "process", None) != os.getpid():
            self._mine.connection = self._connect()
            self._mine.process = os.getpid()
        connection: sqlite3.Connection = self._mine.connection
        return connection

    @contextlib.contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Write in one transaction: all that is done within is kept, or nothing.
        One within another is part of it.
        """
        with told(self.path):
            connection = self.connection()
            if connection.in_transaction:
                yield connection
                return
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                # SQLite itself has rolled back after some errors, as of a full disk.
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise

    def read(self, query: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Return all rows of a query."""
        with told(self.path):
            return self.connection().execute(query, values).fetchall()

    def value(self, query: str, values: Sequence[Any] = ()) -> Any:
        """Return the first cell of a query's first row; None where there is none."""
        rows = self.read(query, values)
        return rows[0][0] if rows else None

    def close(self) -> None:
        """Close the connections of all threads."""
        with self._guard:
            self._closed = True
            for process, connection in self._opened:
                if process == os.getpid():
                    connection.close()
            self._opened.clear()

    def _was_closed(self) -> LoopError:
        return LoopError(f"{visible(str(self.path))} was closed; open the loop again")

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(
            self.path, timeout=PATIENCE, isolation_level=None, check_same_thread=False, cached_statements=256
        )
        try:
            (journal,) = connection.execute(f"PRAGMA journal_mode = {self._journal}").fetchone()
            if journal != self._journal:
                raise LoopError(
                    f"{visible(str(self.path))} can't have a journal of the kind {self._journal!r} on this file system; write "
                    'journal = "delete" in the spec'
                )
            # After a crash of the machine, "delete" also needs its folder on disk.
            connection.execute(f"PRAGMA synchronous = {'FULL' if self._journal == 'wal' else 'EXTRA'}")
            connection.execute("PRAGMA foreign_keys = ON")
        except BaseException:
            connection.close()
            raise
        with self._guard:
            if not self._closed:
                self._opened.append((os.getpid(), connection))
                return connection
        # Another thread closed it meanwhile.
        connection.close()
        raise self._was_closed()


@contextlib.contextmanager
def told(path: Path) -> Iterator[None]:
    """Turn what SQLite reports of a file into one sentence."""
    try:
        yield
    except sqlite3.Error as error:
        sentence = _sentence(error, path)
        if sentence is None:
            raise
        raise LoopError(sentence) from None


def _sentence(error: sqlite3.Error, path: Path) -> str | None:
    name = getattr(error, "sqlite_errorname", "") or ""
    place, folder = visible(str(path)), visible(str(path.parent))
    if name.startswith("SQLITE_FULL"):
        return str(full(folder))
    if name.startswith(("SQLITE_READONLY", "SQLITE_CANTOPEN", "SQLITE_PERM", "SQLITE_AUTH")):
        return f"{folder} can't be written, which a loop needs ({error}); give it back its permissions, or copy it"
    if name.startswith(("SQLITE_PROTOCOL", "SQLITE_NOLFS")):
        return f"{place} can't be locked on its file system ({error}), and nothing of this call was kept; repeat it"
    if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        return f"another process keeps {place} locked; wait until it is done, and repeat this"
    if name.startswith("SQLITE_NOTADB"):
        return f"{place} is no loop's database; give a loop's folder"
    if name.startswith("SQLITE_CORRUPT"):
        return f"{place} is damaged ({error}); go on with a backup"
    if name.startswith("SQLITE_IOERR"):
        # So it says too where its shared memory finds no room.
        if _is_full(path.parent):
            return str(full(folder))
        return f"{place} can't be read or written ({error}), and nothing of this call was kept; see to its disk"
    return None


def _is_full(folder: Path) -> bool:
    """Whether the disk that holds a folder has no room for a page of memory that is shared."""
    try:
        return shutil.disk_usage(folder).free < ROOM
    except OSError:
        return False
