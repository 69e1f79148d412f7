"""A loop on disk: everything that happened, in one SQLite file with blobs beside it."""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from shortlist.loop.errors import LoopError
from shortlist.loop.store import blobs, schema
from shortlist.loop.store.blobs import Blobs
from shortlist.loop.store.database import PATIENCE, Database, told
from shortlist.loop.store.events import Log
from shortlist.loop.store.home import copied_from, home_of, network_kind
from shortlist.loop.store.integrity import blob_damage, blobs_referred_to
from shortlist.loop.store.jobs import Jobs
from shortlist.loop.store.models import Models
from shortlist.loop.store.rounds import Rounds
from shortlist.loop.store.times import now
from shortlist.loop.store.versions import Versions
from shortlist.tables import visible
from shortlist.writing import make_folder, sync_folder, write_bytes

if TYPE_CHECKING:
    from contextlib import AbstractContextManager
    from types import TracebackType

    from shortlist.arguments import Progress
    from shortlist.loop.spec.model import Spec

Journal: TypeAlias = Literal["wal", "delete"]
FILE = "loop.db"


class CopiedLoopError(LoopError):
    """The folder is a copy of a loop's, and nobody has said yet that it is to be gone on with."""


class Store(Log, Versions, Rounds, Models, Jobs, Blobs):
    """A loop's log, rounds, models, jobs and blobs, in any number of threads and processes at once.

    Whatever a method wrote is on disk when it returns, and nothing of it is where it raised. Made
    by `Store.create` and `Store.open`.

    Attributes
    ----------
    folder : Path
        Where the loop lives.
    id : str
        What tells it from every other loop.
    """

    def __init__(self, folder: Path, database: Database) -> None:
        self.folder = folder
        self._database = database
        self.id = str(self._about("id"))

    @classmethod
    def create(cls, folder: str | os.PathLike[str], spec: Spec) -> Store:
        """Begin a loop in a folder, which is made where it isn't there.

        Raises
        ------
        LoopError
            A loop lives there already, or the folder is no place for one.
        """
        place = make_folder(folder, "folder")
        journal = _journal(spec.journal)
        _check_writable(place)
        _check_disk(place, journal)
        if (place / FILE).exists():
            with told(place / FILE), contextlib.closing(_peek(place)) as connection:
                _check_empty(place, connection)
        database = Database(place / FILE, journal)
        try:
            with database.transaction() as connection:
                _check_empty(place, connection)
                for statement in schema.statements():
                    connection.execute(statement)
                facts = {"id": uuid.uuid4().hex, "journal": journal, "home": home_of(place / FILE), "made": now()}
                connection.executemany("INSERT INTO about VALUES (?, ?)", facts.items())
                store = cls(place, database)
                store.add_spec(spec)
        except BaseException:
            database.close()
            raise
        return store

    @classmethod
    def open(cls, folder: str | os.PathLike[str], *, copied: bool = False, journal: Journal | None = None) -> Store:
        """Go on with the loop of a folder.

        Parameters
        ----------
        folder : path
            Where it lives.
        copied : bool
            Whether to go on although the folder is a copy; said once, it holds for good.
        journal : {"wal", "delete"}, optional
            How SQLite keeps a transaction whole, where that is to change: "delete" for a network
            file system.

        Raises
        ------
        LoopError
            No loop is there, it can't be written, it is of a newer version, a copy, or on a network
            file system.
        """
        place = Path(folder)
        _check_there(place)
        _check_writable(place)
        facts = _facts(place)
        wanted = _journal(journal or facts["journal"])
        _check_disk(place, wanted)
        first = copied_from(facts["home"], place / FILE)
        if first is not None and not copied:
            raise CopiedLoopError(_copied(place, Path(first).parent))
        if wanted != facts["journal"]:
            _change_journal(place, wanted)
        database = Database(place / FILE, wanted)
        try:
            if first is not None:
                _end_jobs(database)
            home = home_of(place / FILE)
            if home != facts["home"] or wanted != facts["journal"]:
                with database.transaction() as connection:
                    connection.execute("UPDATE about SET value = ? WHERE name = 'home'", (home,))
                    connection.execute("UPDATE about SET value = ? WHERE name = 'journal'", (wanted,))
            return cls(place, database)
        except BaseException:
            database.close()
            raise

    def __enter__(self) -> Store:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the database."""
        self._database.close()

    def transaction(self) -> AbstractContextManager[Any]:
        """Do several things in one transaction: all of them are kept, or none."""
        return self._database.transaction()

    def backup(self, target: str | os.PathLike[str], progress: Progress | None = None) -> Path:
        """Copy the loop to a new folder as it is at one moment, whoever writes meanwhile;
        return the folder.

        `progress` is called with (bytes of blobs copied, bytes in all).

        Raises
        ------
        LoopError
            The folder has something in it; or the loop is damaged. Where only blobs are, the copy
            is made all the same.
        """
        place = make_folder(target, "target")
        if any(place.iterdir()):
            raise LoopError(f"{_shown(place)} is not empty; accepted is a new folder for the backup")
        # Those of a training that ends meanwhile may come too late.
        named = blobs_referred_to(self)
        try:
            self._copy(place, progress)
        except BaseException:
            shutil.rmtree(place)
            raise
        wrong = blob_damage(named, place)
        if wrong:
            count = f"{len(wrong):,} in all: shortlist loop check"
            raise LoopError(f"{_shown(place)} was made, and lacks what the loop lacks: {wrong[0]} ({count})")
        return place

    def _copy(self, place: Path, progress: Progress | None) -> None:
        # The database comes first: all blobs that it refers to were written before it was. It has
        # its name when all is there.
        unfinished = place / f".{FILE}.partial"
        with told(place / FILE), contextlib.closing(sqlite3.connect(unfinished)) as copy:
            self._database.connection().backup(copy)
            (said,) = copy.execute("PRAGMA quick_check(1)").fetchone()
            if said != "ok":
                raise LoopError(f"{_shown(self._database.path)} is damaged, and no copy was made; go on with a backup")
        files = self.blob_files()
        total, done = sum(path.stat().st_size for path in files), 0
        for path in files:
            write_bytes(make_folder(place / blobs.NAME, "target") / path.name, blobs.chunks_of(path))
            done += path.stat().st_size
            if progress is not None:
                progress(done, total)
        if (self.folder / "loop.toml").is_file():
            write_bytes(place / "loop.toml", blobs.chunks_of(self.folder / "loop.toml"))
        unfinished.replace(place / FILE)
        sync_folder(place)

    def _about(self, name: str) -> str:
        return str(self._database.value("SELECT value FROM about WHERE name = ?", (name,)))


def _facts(place: Path) -> dict[str, str]:
    """Return what a database says about itself, or say why it is none of ours."""
    with told(place / FILE), contextlib.closing(_peek(place)) as connection:
        (application,) = connection.execute("PRAGMA application_id").fetchone()
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        if application != schema.APPLICATION:
            empty = not connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
            raise (
                _no_loop(place)
                if empty
                else LoopError(f"{_shown(place / FILE)} is no loop's database; give a loop's folder")
            )
        if version > schema.FORMAT:
            raise LoopError(
                f"{_shown(place / FILE)} was written by a newer version of Shortlist (its format is {version}, and "
                f"{schema.FORMAT} is the latest that this one knows); update Shortlist"
            )
        return dict(connection.execute("SELECT name, value FROM about").fetchall())


def _copied(place: Path, first: Path) -> str:
    adopt = f"to go on with this one: shortlist loop adopt --dir {_shown(place)}, or Loop(folder, copied=True)"
    if first == Path(os.path.realpath(place)):
        return f"{_shown(place)} was put back from a copy, and would drift apart from any other one that takes answers; {adopt}"
    why = "the two would drift apart if both took answers"
    return f"{_shown(place)} is a copy of the loop in {_shown(first)}, and {why}; {adopt}"


def _end_jobs(database: Database) -> None:
    """End the jobs that were under way in the loop which was copied:
    their results go there, and nobody waits for them here.
    """
    jobs = Jobs()
    jobs._database = database
    for job in jobs.jobs():
        if job.ended is None:
            jobs.finish_job(job.token, False, {"error": "the loop was copied while this was under way"})


def _peek(place: Path) -> sqlite3.Connection:
    """Open what may be no loop's database at all, so that nothing is
    changed in it and no file is made.
    """
    return sqlite3.connect(
        f"{(place / FILE).resolve().as_uri()}?mode=rw", uri=True, isolation_level=None, timeout=PATIENCE
    )


def _change_journal(place: Path, journal: Journal) -> None:
    with told(place / FILE):
        connection = sqlite3.connect(place / FILE, isolation_level=None)
        with contextlib.closing(connection):
            # Alone with the file, SQLite needs no shared memory, which a network file system
            # doesn't have.
            connection.execute("PRAGMA locking_mode = EXCLUSIVE")
            (mode,) = connection.execute(f"PRAGMA journal_mode = {journal}").fetchone()
    if mode != journal:
        raise LoopError(
            f"{_shown(place / FILE)} keeps its journal as {mode!r} while others have it open; close them first"
        )


def _check_there(place: Path) -> None:
    if not place.is_dir():
        raise LoopError(f"there is no folder {_shown(place)} (looked from {_shown(Path.cwd())})")
    if not (place / FILE).is_file():
        raise _no_loop(place)


def _check_writable(place: Path) -> None:
    file = place / FILE
    if not os.access(place, os.W_OK | os.X_OK) or (file.exists() and not os.access(file, os.W_OK)):
        raise LoopError(
            f"{_shown(place)} can't be written, which a loop needs; give it back its permissions, or copy it"
        )


def _check_disk(place: Path, journal: Journal) -> None:
    kind = network_kind(place)
    if kind is not None and journal == "wal":
        raise LoopError(
            f"{_shown(place)} is on a network file system ({kind}), where SQLite's usual journal is unsafe; put the loop on a "
            'disk, or write journal = "delete" in the spec'
        )


def _check_empty(place: Path, connection: sqlite3.Connection) -> None:
    if not connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
        return
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    if application != schema.APPLICATION:
        raise LoopError(f"{_shown(place / FILE)} is no loop's database; give another folder")
    raise LoopError(f"a loop lives in {_shown(place)} already; go on with it there, or give another folder")


def _journal(value: Any) -> Journal:
    if value not in ("wal", "delete"):
        raise LoopError(f"journal is {value!r}; accepted are 'wal' and 'delete'")
    checked: Journal = value
    return checked


def _no_loop(place: Path) -> LoopError:
    return LoopError(
        f"there is no loop in {_shown(place)}; begin one with: shortlist loop init SPEC --dir {_shown(place)}"
    )


def _shown(place: Path) -> str:
    return visible(str(place))
