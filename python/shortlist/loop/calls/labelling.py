"""Rounds out to people, and their answers in."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from shortlist.loop.calls.opened import SPEC, OpenLoop
from shortlist.loop.edited import edited_spec
from shortlist.loop.errors import LoopError
from shortlist.loop.finished import finished, reopen
from shortlist.loop.handoff.pulling import pull
from shortlist.loop.progress import stop
from shortlist.loop.rounds import Batch, hand_again, hand_over, open_next, settle
from shortlist.loop.store import Event
from shortlist.loop.store.answers import IMPORT, fold
from shortlist.loop.store.events import key_of
from shortlist.loop.store.ingest import Ingested, ingest
from shortlist.loop.training import read_labels

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable


class Labelling(OpenLoop):
    """What people are asked, and what they said."""

    def next(
        self,
        out: str | os.PathLike[str] | None = None,
        *,
        annotator: str | None = None,
        anyway: bool = False,
        spreadsheet: bool = False,
    ) -> Batch | None:
        """Return the rows that people are asked for: those of the round that is out,
        or of a new one once it is closed.

        Parameters
        ----------
        out : path, optional
            Where to write them; by default they are on the page, or in ``handoff/round-0001.csv``
            where ``[handoff] tool`` is "csv".
        annotator : str, optional
            Return the rows that this person is to label after somebody else (``[labels] overlap``),
            in place of a round.
        anyway : bool
            Whether to go on although the end is reached.
        spreadsheet : bool
            Whether texts that a spreadsheet would take for a formula get an apostrophe in front.

        Returns
        -------
        Batch or None
            None where the end is reached, or no row is left to ask for.
        """
        target = None if out is None else Path(out)
        if annotator is not None:
            if not annotator.strip():
                raise LoopError(f"annotator is {annotator!r}; accepted is the name of a person")
            return hand_again(self._store, self._ground, annotator, target, spreadsheet)
        if anyway:
            reopen(self._store)
        elif finished(self._store):
            return None
        last = settle(self._store)
        if last is None:
            self._import_labels()  # once more, as whoever began the loop may have been killed
        if last is None or last.state == "closed":
            if not anyway and stop(self._store, self._ground, self._said()):
                return None
            self._take_up_spec()
            why = "anyway" if anyway else "the last one is closed"
            last = open_next(self._store, self._ground, self._said(), why, self._progress)
            if last is None:
                return None
        return hand_over(self._store, self._ground, last.number, target, spreadsheet)

    def ingest(
        self,
        items: Any,
        *,
        annotator: str | None = None,
        allow: Iterable[str] = (),
        encoding: str | None = None,
        format: str | None = None,  # noqa: A002 - what people call it
    ) -> Ingested:
        """Take answers in. The same export twice changes nothing, and the order doesn't matter.

        Parameters
        ----------
        items : mapping of id to label, path, table, or iterable of records
            A mapping is what somebody says now: it corrects what the same person said before. Files
            and records have ``id`` and ``label``, perhaps ``annotator``, ``time`` and ``skip``.
            Files may also be exports of annotation tools, as `shortlist.labels.read` takes them.
        annotator : str, optional
            Who answered, where the items don't say.
        allow : iterable of str
            What is taken all the same: rows "unknown" to the pool, rows "unpicked" so far, rows of
            another "loop", labels that are no "class", and rows whose "text" has changed.
        encoding : str, optional
            Of a file of text; by default what a byte order mark says, or else UTF-8.
        format : str, optional
            Of a file, as "label-studio", by default told from the file; or of records as that tool
            has them.

        Returns
        -------
        Ingested
            How many were new and known, and which were refused and why.
        """
        how: dict[str, Any] = {"annotator": annotator, "allow": allow, "encoding": encoding, "format": format}
        done = ingest(self._store, items, pool=self._ground.pool, **how)
        settle(self._store)
        return done

    def pull(self) -> Ingested:
        """Take in what people have answered where rounds were handed to:
        a tool of your own, or the rounds' files.

        Returns
        -------
        Ingested
            What was new.
        """
        done = pull(self._store, self._ground)
        settle(self._store)
        return done

    def retract(self, annotator: str, *, since: Any | None = None, rows: Iterable[str] | None = None) -> int:
        """Take back what a person stands by. Nothing is deleted:
        the log says that it was taken back.

        Parameters
        ----------
        annotator : str
            The person; empty for answers that nobody is named for.
        since : str, datetime or number, optional
            Only what was answered at this time or later: ISO 8601 (UTC where no zone is named), or
            seconds since 1970.
        rows : iterable of str, optional
            Only the answers to these rows.

        Returns
        -------
        int
            How many answers that were.
        """
        from shortlist.loop.store.retract import retract

        return retract(self._store, annotator, since=since, rows=rows)

    def labels(self, out: str | os.PathLike[str] | None = None) -> dict[str, str]:
        """Return the label of each row that has one, as resolved,
        and write them where a path is given.

        Parameters
        ----------
        out : path, optional
            ``.csv``, ``.jsonl``, ``.parquet``, or a folder that Hugging Face's ``datasets`` load.
        """
        from shortlist.loop.handoff.labels import labels_out

        answers = fold(self._store.events(), self.spec)
        if out is not None:
            labels_out(self._store, answers, out)
        return dict(answers.labels)

    def _take_up_spec(self) -> None:
        """Go on with what ``loop.toml`` says now, where it was edited."""
        new = edited_spec(self._store, self.folder / SPEC, files=True)
        if new is None:
            return
        self._store.add_spec(new)
        del self._ground

    def _import_labels(self) -> None:
        """Take in the labels from before the loop; those of rows of the
        stratum neither train nor count.
        """
        spec, ground = self.spec, self._ground
        if spec.seed.labels is None:
            return
        known = read_labels(spec, ground.pool, spec.seed.labels).known
        places, names = ground.places(known)
        rows = [name for name, held in zip(names, ground.held.mask[places].tolist(), strict=True) if not held]
        self._store.append(
            Event("label", row, "", "", known[row], IMPORT, key_of(IMPORT, row, known[row])) for row in rows
        )
