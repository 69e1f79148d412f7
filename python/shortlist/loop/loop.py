"""A labelling project that runs itself: people label, everything else follows from its specification."""

from __future__ import annotations

import tomllib
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from shortlist.loop.errors import LoopError
from shortlist.loop.ground import Ground
from shortlist.loop.handoff.labels import labels_out
from shortlist.loop.learning import learn
from shortlist.loop.progress import due, estimate_of, seen_now, stop
from shortlist.loop.rounds import Batch, hand_again, hand_over, open_next, out_of, settle
from shortlist.loop.spec import forbidden_changes, read_spec, spec_of
from shortlist.loop.status import lines_of, status_of
from shortlist.loop.store import Event, Store
from shortlist.loop.store.answers import IMPORT, fold
from shortlist.loop.store.events import key_of
from shortlist.loop.store.ingest import Ingested, ingest
from shortlist.loop.store.store import FILE
from shortlist.loop.store.summary import Summary, summary
from shortlist.loop.training import read_labels
from shortlist.loop.unready import check_ready
from shortlist.writing import make_folder, write_bytes

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterable
    from types import TracebackType

    from shortlist.arguments import Progress
    from shortlist.loop.facts.estimate import Estimate
    from shortlist.loop.progress import Due, Stop
    from shortlist.loop.spec import Spec
    from shortlist.loop.store import Model

SPEC, CACHE = "loop.toml", "cache"


class Loop:
    """A loop in a folder: its rounds, answers and models. Every call goes by what is on disk, and leaves it whole.

    Parameters
    ----------
    folder : path
        Where it lives, or its ``loop.toml`` there.
    progress : callable, optional
        Called with (rows done, rows in all) during long work.

    Examples
    --------
    >>> import shortlist as sl
    >>> loop = sl.Loop.init("tickets.toml")  # doctest: +SKIP
    >>> batch = loop.next()  # doctest: +SKIP
    >>> loop.ingest({"T-17": "bug"}, annotator="amy")  # doctest: +SKIP
    >>> if loop.due():  # doctest: +SKIP
    ...     loop.train()
    """

    def __init__(self, folder: str | os.PathLike[str] = ".", *, progress: Progress | None = None) -> None:
        place = Path(folder)
        self.folder = place.parent if place.name == SPEC else place
        self._store = Store.open(self.folder)
        self._progress = progress

    @classmethod
    def init(
        cls,
        spec: str | os.PathLike[str],
        folder: str | os.PathLike[str] | None = None,
        *,
        progress: Progress | None = None,
    ) -> Loop:
        """Begin a loop.

        Parameters
        ----------
        spec : path
            Its specification, which is copied to the folder as ``loop.toml``.
        folder : path, optional
            Where it is to live; by default a folder here that is named after the loop.
        progress : callable, optional
            Called with (rows done, rows in all) while the pool is read through.

        Raises
        ------
        LoopError
            Mistakes in the specification or in the pool, or a loop that is there already. Nothing has begun then.
        """
        source = Path(spec)
        read = read_spec(source)
        check_ready(read)
        place = Path(read.name) if folder is None else Path(folder)
        if (place / FILE).exists():
            Store.create(place, read).close()  # says what is there
        Ground(read, make_folder(place, "folder") / CACHE, progress=progress).check()
        target = place / SPEC
        if not target.exists():
            write_bytes(target, [source.read_bytes()])
        elif target.read_bytes() != source.read_bytes():
            raise LoopError(f"{target} is another specification; give another folder, or remove it")
        store = Store.create(place, read)
        store.close()
        loop = cls(place, progress=progress)
        loop._import_labels()
        return loop

    def __enter__(self) -> Loop:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the database. Nothing is lost without."""
        self._store.close()

    @property
    def spec(self) -> Spec:
        """The specification in force."""
        return self._ground.spec

    @cached_property
    def _ground(self) -> Ground:
        return Ground(self._store.spec, self.folder / CACHE, self._store, self._progress)

    def _said(self) -> Summary:
        return summary(self._store, self.spec)

    def next(
        self,
        out: str | os.PathLike[str] | None = None,
        *,
        annotator: str | None = None,
        anyway: bool = False,
        spreadsheet: bool = False,
    ) -> Batch | None:
        """Return the rows that people are asked for: those of the round that is out, or of a new one once it is closed.

        Parameters
        ----------
        out : path, optional
            Where to write them; by default they are on the page, or in ``handoff/round-0001.csv`` where ``[handoff] tool``
            is "csv".
        annotator : str, optional
            Return the rows that this person is to label after somebody else (``[labels] overlap``), in place of a round.
        anyway : bool
            Whether to open a round although the end is reached.
        spreadsheet : bool
            Whether texts that a spreadsheet would take for a formula get an apostrophe in front.

        Returns
        -------
        Batch or None
            None where the end is reached, or no row is left to ask for.
        """
        target = None if out is None else Path(out)
        if annotator is not None:
            return hand_again(self._store, self._ground, annotator, target, spreadsheet)
        last = settle(self._store)
        if last is None:
            self._import_labels()  # once more, as whoever began the loop may have been killed
        if last is None or last.state == "closed":
            if not anyway and self.stop():
                return None
            self._take_up_spec()
            last = open_next(self._store, self._ground, self._said(), "anyway" if anyway else "the last one is closed")
            if last is None:
                return None
        return hand_over(self._store, self._ground, last.number, target, spreadsheet)

    def ingest(
        self, items: Any, *, annotator: str | None = None, allow: Iterable[str] = (), encoding: str | None = None
    ) -> Ingested:
        """Take answers in. The same export twice changes nothing, and the order doesn't matter.

        Parameters
        ----------
        items : mapping of id to label, path, table, or iterable of records
            A mapping is what somebody says now; files and records have ``id`` and ``label``, perhaps ``annotator``, ``time``
            and ``skip``.
        annotator : str, optional
            Who answered, where the items don't say.
        allow : iterable of str
            What is taken all the same: "unpicked" rows, and "unknown", "loop", "class" and "text".
        encoding : str, optional
            Of a file of text.

        Returns
        -------
        Ingested
            How many were new and known, and which were refused and why.
        """
        done = ingest(self._store, items, annotator=annotator, allow=allow, pool=self._ground.pool, encoding=encoding)
        settle(self._store)
        return done

    def due(self) -> Due:
        """Return whether a model is to be trained now: truthy, and says why as text."""
        return self._due(self._said())

    def train(self, *, force: bool = False, fit: Callable[..., Any] | None = None) -> Model | None:
        """Train a model where one is due.

        Parameters
        ----------
        force : bool
            Whether to train although none is due.
        fit : callable, optional
            ``fit(X, labels)`` that returns a fitted classifier, or a function of X that returns probabilities.

        Returns
        -------
        Model or None
            None where none is due.
        """
        said = self._said()
        found = self._due(said)
        if not found and not force:
            return None
        store, ground = self._store, self._ground
        models = store.models()
        before = seen_now(store, ground, models[-1], said) if models else None
        return learn(
            store,
            ground,
            ground.training(said.labels),
            position=said.position,
            why=found.why if found else f"forced; {found.why}",
            before=before,
            fit=fit,
            progress=self._progress,
        )

    def stop(self) -> Stop:
        """Return whether the end is reached: truthy, and says where each rule stands."""
        return stop(self._store, self._ground, self._said())

    def estimate(self) -> Estimate | None:
        """Return how good the last model is on the validation rows that were labelled; None below 60 of them."""
        models = self._store.models()
        return estimate_of(self._store, self._ground, models[-1] if models else None, self._said())

    def status(self) -> dict[str, Any]:
        """Return where the loop stands, as plain values."""
        said = self._said()
        return status_of(self._store, self._ground, said, self._due(said), stop(self._store, self._ground, said))

    def status_lines(self) -> list[str]:
        """Return where the loop stands, for a person."""
        rounds = self._store.rounds()
        return lines_of(
            self.status(), self._store.job("train"), rounds[-1].state if rounds else None, self.spec.handoff.tool
        )

    def labels(self, out: str | os.PathLike[str] | None = None) -> dict[str, str]:
        """Return the label of each row that has one, as resolved, and write them where a path is given.

        Parameters
        ----------
        out : path, optional
            ``.csv``, ``.jsonl``, ``.parquet``, or a folder that Hugging Face's ``datasets`` load.
        """
        answers = fold(self._store.events(), self.spec)
        if out is not None:
            labels_out(self._store, answers, out)
        return dict(answers.labels)

    def run_once(self) -> list[str]:
        """Do whatever is to be done now, and return what was: train if due, and open the next round once the last is closed.

        Raises
        ------
        LoopError
            The training failed. People go on labelling all the same: the next round is opened with the model so far.
        """
        done, failure = list[str](), None
        try:
            model = self.train()
        except LoopError as error:
            failure = error
        else:
            if model is not None:
                done.append(f"model {model.number} was trained on {model.labels:,} labels: {model.why}")
        last = settle(self._store)
        if last is None or last.state in ("planned", "picked", "closed"):
            batch = self.next()
            if batch is not None:
                done.append(f"round {batch.round} was opened: {len(batch):,} rows in {batch.handed}")
        if failure is not None:
            raise LoopError(". ".join([f"training failed: {failure}", *done])) from failure
        return done

    def _due(self, said: Summary) -> Due:
        rounds = self._store.rounds()
        out = out_of(self._store, rounds[-1].number if rounds else 0)
        return due(self._store, self._ground, self._ground.training(said.labels), said, out)

    def _take_up_spec(self) -> None:
        """Go on with what ``loop.toml`` says now, where it was edited."""
        path = self.folder / SPEC
        old = self.spec
        if not path.is_file() or path.read_text(encoding="utf-8-sig") == old.text:
            return
        text = path.read_text(encoding="utf-8-sig")
        new = spec_of(tomllib.loads(text), text=text, folder=old.folder)
        if new.version == old.version:
            return
        wrong = (
            forbidden_changes(self._store.specs()[0], new) + forbidden_changes(old, new) if self._store.rounds() else []
        )
        if wrong:
            raise LoopError("\n".join(dict.fromkeys(wrong)))
        check_ready(new)
        self._store.add_spec(new)
        del self._ground

    def _import_labels(self) -> None:
        """Take in the labels from before the loop; those of rows of the stratum neither train nor count."""
        spec, ground = self.spec, self._ground
        if spec.seed.labels is None:
            return
        known = read_labels(spec, ground.pool, spec.seed.labels).known
        places, names = ground.places(known)
        rows = [name for name, held in zip(names, ground.held.mask[places].tolist(), strict=True) if not held]
        self._store.append(
            Event("label", row, "", "", known[row], IMPORT, key_of(IMPORT, row, known[row])) for row in rows
        )
