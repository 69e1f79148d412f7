"""Where a loop stands, for programs and for people."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from shortlist.loop import elsewhere
from shortlist.loop.auditing.look import keep_look
from shortlist.loop.auditing.people import disputes_of
from shortlist.loop.backing_off import postponed
from shortlist.loop.calls.opened import OpenLoop
from shortlist.loop.handoff.choosing import is_file
from shortlist.loop.progress import stop
from shortlist.loop.status import lines_of, status_of
from shortlist.writing import write_text

if TYPE_CHECKING:
    import os

    from shortlist.loop.auditing.audit import Audit
    from shortlist.loop.auditing.people import Dispute


class Looking(OpenLoop):
    """What is known of a loop and of its pool."""

    def status(self) -> dict[str, Any]:
        """Return where the loop stands, as plain values."""
        said = self._said()
        return status_of(self._store, self._ground, said, self._due(said), stop(self._store, self._ground, said))

    def status_lines(self) -> list[str]:
        """Return where the loop stands, for a person."""
        rounds = self._store.rounds()
        state, log = rounds[-1].state if rounds else None, elsewhere.log_now(self._store)
        answers = "ingest FILE" if is_file(self.spec) else "pull"
        lines = lines_of(self.status(), self._store.job("train"), state, answers, log)
        later = postponed(self._store)
        return [*lines[:-1], f"later      {later}", lines[-1]] if later else lines

    def audit(self, *, show_text: bool = False) -> Audit:
        """Return what is true of groups, classes, people, labels and regions of the pool;
        printed, it is a few tables.

        Parameters
        ----------
        show_text : bool
            Whether what people are shown of the rows that it names is to be in ``texts``.
        """
        from shortlist.loop.auditing.audit import audit_of

        of = self._evidence()
        found = audit_of(of, show_text=show_text)
        keep_look(of, found.groups, found.people.odd)
        return found

    def disputes(self, *, show_text: bool = False) -> list[Dispute]:
        """Return the rows whose answers differ, so that they have no label.

        Parameters
        ----------
        show_text : bool
            Whether to say what the rows show as well.

        Returns
        -------
        list of Dispute
            For each row who said what.
        """
        return disputes_of(self._evidence(), show_text)

    def report(self, path: str | os.PathLike[str] = "report.html", *, show_text: bool = False) -> Path:
        """Write all that is known of the loop as one HTML page without scripts,
        which needs no other file.

        Parameters
        ----------
        path : path
            Where to write it: whole, or not at all.
        show_text : bool
            Whether texts of rows are on it, and not only their ids.

        Returns
        -------
        Path
            The file.
        """
        from shortlist.loop.reporting import page_of

        of = self._evidence()
        due, end = self._due(of.said), stop(self._store, self._ground, of.said)
        write_text(path, [page_of(of, due, end, show_text=show_text)])
        return Path(path)
