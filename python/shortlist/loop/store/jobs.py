"""Jobs such as a training: one of a kind at a time, by a lease,
and a late result of one that was superseded isn't used.
"""

from __future__ import annotations

import json
import os
import platform
import secrets
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from shortlist.loop.errors import LoopError, UnderWayError
from shortlist.loop.store.times import after, now

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shortlist.loop.store.database import Database


@dataclass(frozen=True)
class Job:
    """A job.

    Attributes
    ----------
    number : int
        Counted from 1; of two jobs the later one supersedes the earlier.
    token : str
        Whoever has it may end the job.
    kind : str
        As "train".
    begun, until : str
        When it began, and when its lease ends.
    process : str
        The process that it lives and dies with; empty for one that runs elsewhere.
    ended : str or None
        When its result came.
    ok : bool or None
        Whether it succeeded.
    used : bool or None
        Whether its result counted: not where another job of its kind had begun before.
    detail : mapping
        What came of it, as the end of a log.
    """

    number: int
    token: str
    kind: str = ""
    begun: str = ""
    until: str = ""
    process: str = ""
    ended: str | None = None
    ok: bool | None = None
    used: bool | None = None
    detail: Mapping[str, Any] = field(default_factory=dict)


class Jobs:
    """The part of a store that holds jobs."""

    _database: Database

    def begin_job(self, kind: str, lease_seconds: float, *, here: bool = True, supersede: bool = False) -> Job:
        """Begin a job of a kind, of which there is one at a time.

        Parameters
        ----------
        kind : str
            As "train".
        lease_seconds : float
            How long nobody else may begin one, unless it ends before or its lease is renewed.
        here : bool
            Whether the job is done by this process, so that it is over once this process has died.
        supersede : bool
            Whether to begin even while one is under way, whose result then isn't used.

        Raises
        ------
        LoopError
            One is under way.
        """
        with self._database.transaction() as connection:
            begun, last = now(), self.under_way(kind)
            if last and not supersede:
                raise UnderWayError(
                    f"a job to {kind} is under way since {last.begun}, and its lease lasts until {last.until}; wait for it, or "
                    "supersede it"
                )
            token, process = secrets.token_hex(16), _this_process() if here else ""
            number = connection.execute(
                "INSERT INTO jobs (token, kind, begun, until, process, detail) VALUES (?, ?, ?, ?, ?, '{}')",
                (token, kind, begun, after(begun, lease_seconds), process),
            ).lastrowid
        return self._jobs_where("WHERE number = ?", number)[0]

    def under_way(self, kind: str) -> Job | None:
        """Return the job of a kind that is under way: it hasn't ended, its lease lasts,
        and its process lives.
        """
        last = self.job(kind)
        return None if last is None or is_over(last) else last

    def send_job(self, token: str, detail: Mapping[str, Any]) -> bool:
        """Let a job go on elsewhere: it outlives this process,
        and its detail says how to take its result in.

        Returns False where it ended or was superseded meanwhile.
        """
        with self._database.transaction() as connection:
            job = self._by(token)
            if job.ended is not None or self._superseded(job):
                return False
            connection.execute("UPDATE jobs SET process = '', detail = ? WHERE token = ?", (json.dumps(detail), token))
            return True

    def sent_jobs(self, kind: str) -> list[Job]:
        """Return the jobs of a kind that went on elsewhere and whose result has not come,
        superseded ones too.
        """
        return [job for job in self._jobs_where("WHERE kind = ? AND ended IS NULL ORDER BY number", kind) if job.detail]

    def running_jobs(self) -> set[int]:
        """Return the numbers of jobs that may still be at work:
        they haven't ended, and their process isn't gone.
        """
        return {job.number for job in self._jobs_where("WHERE ended IS NULL") if not _died(job.process)}

    def renew_job(self, token: str, lease_seconds: float) -> bool:
        """Lengthen the lease of a job, counted from now;
        return False where it ended or was superseded.
        """
        with self._database.transaction() as connection:
            job = self._by(token)
            if job.ended is not None or self._superseded(job):
                return False
            connection.execute("UPDATE jobs SET until = ? WHERE token = ?", (after(now(), lease_seconds), token))
            return True

    def finish_job(self, token: str, ok: bool, detail: Mapping[str, Any]) -> bool:
        """End a job; return whether its result is to be used.

        It isn't where a later job of its kind has begun, nor where it ended before: what came is
        kept, and no more. Keep what the result brings in the same transaction, as
        ``with store.transaction(): if store.finish_job(...): ...``.
        """
        with self._database.transaction() as connection:
            job = self._by(token)
            if job.ended is not None:
                return False
            used = not self._superseded(job)
            connection.execute(
                "UPDATE jobs SET ended = ?, ok = ?, used = ?, detail = ? WHERE token = ?",
                (now(), ok, used, json.dumps(detail), token),
            )
            return used

    def job(self, kind: str | None = None) -> Job | None:
        """Return the last job, or the last of a kind."""
        found = self._jobs_where("WHERE ? IS NULL OR kind = ? ORDER BY number DESC LIMIT 1", kind, kind)
        return found[0] if found else None

    def jobs(self) -> list[Job]:
        """Return all jobs, the first one first."""
        return self._jobs_where("ORDER BY number")

    def jobs_of(self, kind: str) -> list[Job]:
        """Return all jobs of a kind, the first one first."""
        return self._jobs_where("WHERE kind = ? ORDER BY number", kind)

    def _superseded(self, job: Job) -> bool:
        last = self.job(job.kind)
        return last is not None and last.number != job.number

    def _by(self, token: str) -> Job:
        found = self._jobs_where("WHERE token = ?", token)
        if not found:
            raise LoopError(f"no job of this loop has the token {token!r}")
        return found[0]

    def _jobs_where(self, condition: str, *values: str | int | None) -> list[Job]:
        rows = self._database.read(f"{JOBS} {condition}", values)
        whole = (
            (*row[:7], *(flag if flag is None else bool(flag) for flag in row[7:9]), json.loads(row[9])) for row in rows
        )
        return [Job(*row) for row in whole]


JOBS = "SELECT number, token, kind, begun, until, process, ended, ok, used, detail FROM jobs"


def is_over(job: Job) -> bool:
    """Return whether a job has ended, or never will: its lease is over, or its process is gone."""
    return job.ended is not None or job.until <= now() or _died(job.process)


def _this_process() -> str:
    return json.dumps([_boot(), os.getpid(), _started(os.getpid())])


def _died(process: str) -> bool:
    """Return whether a process of this machine is known to be gone."""
    if not process:
        return False
    boot, number, started = json.loads(process)
    # Another machine's, or another container's, where the same number means another process.
    if boot != _boot():
        return False
    if windows():
        return runs_on_windows(number) is False
    try:
        os.kill(number, 0)
    except ProcessLookupError:
        return True
    except OSError:
        return False
    return started is not None and _started(number) != started


def windows() -> bool:
    """Return whether this is Windows, where signal 0 is Ctrl-C and would end what it asks about."""
    return os.name == "nt"


def runs_on_windows(number: int) -> bool | None:
    """Return whether a process runs; None where this user may not know."""
    import ctypes

    system = ctypes.windll.kernel32  # type: ignore[attr-defined, unused-ignore]
    handle = system.OpenProcess(0x00100000, False, number)  # SYNCHRONIZE
    if not handle:
        unknown = 87  # ERROR_INVALID_PARAMETER: there is no such process
        return False if system.GetLastError() == unknown else None
    try:
        runs = 0x102  # WAIT_TIMEOUT: it has not ended
        return bool(system.WaitForSingleObject(handle, 0) == runs)
    finally:
        system.CloseHandle(handle)


def _boot() -> str:
    """Return what tells this machine, since it was started, from others,
    and a container's numbers of processes.
    """
    try:
        space = os.readlink("/proc/self/ns/pid")  # noqa: PTH115
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip() + space
    except OSError:
        return platform.node()


def _started(number: int) -> str | None:
    """Return when a process that runs began, as its system counts it;
    numbers of processes are used again.
    """
    try:
        parts = Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()
        # One that has ended and that nobody has asked about, as in a container without an init,
        # does nothing any more.
        return None if parts[0] == "Z" else parts[19]
    except (OSError, IndexError):
        return None
