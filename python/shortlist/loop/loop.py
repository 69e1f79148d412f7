"""A labelling project that runs itself: people label,
everything else follows from its specification.
"""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from shortlist.loop import elsewhere
from shortlist.loop.auditing.evidence import Evidence
from shortlist.loop.auditing.look import keep_look
from shortlist.loop.auditing.people import disputes_of
from shortlist.loop.backing_off import postponed
from shortlist.loop.edited import edited_spec
from shortlist.loop.errors import LoopError
from shortlist.loop.finished import finished, reopen
from shortlist.loop.ground import CACHE, Ground
from shortlist.loop.handoff.choosing import is_file
from shortlist.loop.handoff.pulling import pull
from shortlist.loop.held import that_train
from shortlist.loop.pool.tables.frames import check_frame
from shortlist.loop.progress import due, estimate_of, seen_now, stop
from shortlist.loop.rounds import Batch, hand_again, hand_over, open_next, out_of, settle
from shortlist.loop.spec import read_spec
from shortlist.loop.status import lines_of, status_of
from shortlist.loop.store import Event, Store
from shortlist.loop.store.answers import IMPORT, fold
from shortlist.loop.store.events import key_of
from shortlist.loop.store.ingest import Ingested, ingest
from shortlist.loop.store.store import FILE
from shortlist.loop.store.summary import Summary, summary
from shortlist.loop.training import read_labels
from shortlist.loop.unready import check_ready
from shortlist.writing import make_folder, write_bytes, write_text

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from types import TracebackType

    from shortlist.arguments import Progress
    from shortlist.loop.auditing.audit import Audit
    from shortlist.loop.auditing.people import Dispute
    from shortlist.loop.checking import Check
    from shortlist.loop.facts.estimate import Estimate
    from shortlist.loop.finish import Finished
    from shortlist.loop.playing import LoopSimulation
    from shortlist.loop.progress import Due, Stop
    from shortlist.loop.replay import Replay, Replayer
    from shortlist.loop.spec import Spec
    from shortlist.loop.store import Model

SPEC = "loop.toml"


class Loop:
    """A loop in a folder: its rounds, answers and models.
    Every call goes by what is on disk, and leaves it whole.

    Parameters
    ----------
    folder : path
        Where it lives, or its ``loop.toml`` there.
    pool : frame of pandas or Polars, Arrow table, or dict of columns, optional
        The rows, where ``[pool] path`` is "frame"; or in place of its file. They must be those that
        the loop began with, and may have more behind.
    progress : callable, optional
        Called with (rows done, rows in all) during long work.
    copied : bool
        Whether to go on although the folder is a copy of another one, as a backup that was put
        back. Said once, it holds for good.

    Examples
    --------
    >>> import shortlist as sl
    >>> loop = sl.Loop.init("tickets.toml")  # doctest: +SKIP
    >>> batch = loop.next()  # doctest: +SKIP
    >>> loop.ingest({"T-17": "bug"}, annotator="amy")  # doctest: +SKIP
    >>> if loop.due():  # doctest: +SKIP
    ...     loop.train()
    """

    def __init__(
        self,
        folder: str | os.PathLike[str] = ".",
        *,
        pool: Any = None,
        progress: Progress | None = None,
        copied: bool = False,
    ) -> None:
        place = Path(folder)
        self.folder = place.parent if place.name == SPEC else place
        self._store = Store.open(self.folder, copied=copied)
        self._progress = progress
        self._frame = pool

    @classmethod
    def init(
        cls,
        spec: str | os.PathLike[str],
        folder: str | os.PathLike[str] | None = None,
        *,
        pool: Any = None,
        progress: Progress | None = None,
    ) -> Loop:
        """Begin a loop.

        Parameters
        ----------
        spec : path
            Its specification, which is copied to the folder as ``loop.toml``.
        folder : path, optional
            Where it is to live; by default a folder here that is named after the loop.
        pool : frame, optional
            The rows, where ``[pool] path`` is "frame".
        progress : callable, optional
            Called with (rows done, rows in all) while the pool is read through.

        Returns
        -------
        Loop
            Open, with its first round planned by `next`.

        Raises
        ------
        LoopError
            Mistakes in the specification or in the pool, or a loop that is there already. Nothing
            has begun then.
        """
        source = Path(spec)
        read = read_spec(source, files=True)
        check_ready(read)
        place = Path(read.name) if folder is None else Path(folder)
        return cls._begin(read, source.read_bytes(), place, progress, pool)

    @classmethod
    def _begin(cls, read: Spec, written: bytes, place: Path, progress: Progress | None, pool: Any = None) -> Loop:
        if (place / FILE).exists():
            Store.create(place, read).close()  # says what is there
        check_frame(read, pool)
        Ground(read, make_folder(place, "folder") / CACHE, progress=progress, frame=pool).check()
        target = place / SPEC
        if not target.exists():
            write_bytes(target, [written])
        elif target.read_bytes() != written:
            raise LoopError(f"{target} is another specification; give another folder, or remove it")
        store = Store.create(place, read)
        store.close()
        loop = cls(place, pool=pool, progress=progress)
        loop._import_labels()
        return loop

    @staticmethod
    def simulate(
        spec: str | os.PathLike[str], labels: str | os.PathLike[str] | Mapping[str, str], **how: Any
    ) -> LoopSimulation:
        """Play a loop with known labels before anybody is asked:
        what it would cost, where it would stop, and how true it is.

        It is played by the loop's own rounds, triggers and rules in a temporary folder, in repeats
        that differ in their seed and so in the validation stratum and the first rows; and beside it
        random, which pays for the same validation.

        Parameters
        ----------
        spec : path
            A specification. Repeat 0 is the loop as it would be; each further one has the next
            ``random_state``.
        labels : path, or mapping of id to label
            A label for each row of the pool; files as `ingest` reads them.
        **how
            ``repeats`` (30); ``annotators`` (1) people who take turns, each wrong with probability
            ``error`` (0), any other class being as likely as the next; ``budget``, labels after
            which a loop ends that was not stopped before; ``rows_a_day``, labels that people give
            in a day, for ``days`` in triggers (without it no time passes); ``encoding`` of the
            labels; ``n_jobs`` processes (all cores), of which the result doesn't depend; ``out``, a
            folder to which each repeat is kept as it ends, so that the same call goes on;
            ``progress``.

        Returns
        -------
        LoopSimulation
            Shows itself as tables; has ``figures``, ``against_random``, ``runs`` round by round,
            ``to_json`` and ``save``.
        """
        from shortlist.loop.playing import simulate_loop

        return simulate_loop(spec, labels, **how)

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
        return Ground(self._store.spec, self.folder / CACHE, self._store, self._progress, self._frame)

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
            if not anyway and self.stop():
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

    def due(self) -> Due:
        """Return whether a model is to be trained now: truthy, and says why as text."""
        return self._due(self._said())

    def train(self, *, force: bool = False, fit: Callable[..., Any] | None = None) -> Model | None:
        """Train a model where one is due.

        Parameters
        ----------
        force : bool
            Whether to train although none is due, or while a training is under way, whose result
            then isn't used.
        fit : callable, optional
            ``fit(X, labels)`` that returns a fitted classifier, or a function of X that returns
            probabilities.

        Returns
        -------
        Model or None
            None where none is due, or where the training goes on elsewhere: `under_way` says so,
            and a later call returns its model.
        """
        from shortlist.loop.learning import learn

        store, ground = self._store, self._ground
        try:
            taken_in = elsewhere.take_in(store, ground)
        except LoopError:
            if not force:
                raise
            taken_in = None
        if taken_in is not None and not force:
            return taken_in
        said = self._said()
        found = self._due(said)
        if not found and not force and elsewhere.next_attempt(store, ground.spec) == 1:
            return None
        models = store.models()
        before = seen_now(store, ground, models[-1], said) if models else None
        model = learn(
            store,
            ground,
            ground.training(that_train(store, ground.spec, said.labels)),
            position=said.position,
            why=found.why if found else f"forced; {found.why}",
            before=before,
            supersede=force,
            fit=fit,
            progress=self._progress,
        )
        keep_look(Evidence(store, ground, said))
        return model

    def under_way(self) -> str | None:
        """Return a sentence on the training that is under way, here or elsewhere;
        None where there is none.
        """
        return elsewhere.under_way(self._store)

    def stop(self) -> Stop:
        """Return whether the end is reached: truthy, and says where each rule stands."""
        return stop(self._store, self._ground, self._said())

    def estimate(self) -> Estimate | None:
        """Return how good the last model is on the validation rows that were labelled;
        None below 60 of them.
        """
        models = self._store.models()
        return estimate_of(self._store, self._ground, models[-1] if models else None, self._said())

    def predict(self, ids: Sequence[str]) -> list[str]:
        """Return the class that the last model gives to each of some rows of the pool.

        Parameters
        ----------
        ids : sequence of str
            The rows, by their ids.

        Returns
        -------
        list of str
            A class each, in the order of `ids`.

        Raises
        ------
        LoopError
            There is no model yet, or a row that it has no answer for.
        """
        from shortlist.loop.learning import predict

        return predict(self._store, self._ground, ids)

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
        later = self.postponed()
        return [*lines[:-1], f"later      {later}", lines[-1]] if later else lines

    def postponed(self) -> str | None:
        """Return why `run_once` trains nothing now, though a model may be due;
        None where it does.
        """
        return postponed(self._store)

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

    def datalab(self) -> Any:
        """Return Cleanlab's ``Datalab`` of the labels that the last model was trained on,
        with their issues found.

        It rests on what models said of each row that had not seen it. ``loop.datalab().report()``
        prints it; its rows are in the order of ``loop.datalab().data["id"]``. Needs
        ``pip install 'shortlist[cleanlab]'``.

        Raises
        ------
        LoopError
            No model yet, one without such answers, or Cleanlab is not installed.
        """
        from shortlist.loop.cleanlab.report import datalab_of

        return datalab_of(self._store)

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

    def replay(self, number: int, *, n_threads: int | None = None) -> Replay:
        """Plan a round once more from what the store keeps,
        and compare it bit for bit with what was picked.

        Later answers, models, rows of the pool and versions of the specification make no
        difference.

        Parameters
        ----------
        number : int
            The round.
        n_threads : int, optional
            At most so many threads; the picks are the same for any number.

        Returns
        -------
        Replay
            Truthy where the round is the same; says the first difference, and what is missing, in
            words.
        """
        return self._replayer.replay(number, n_threads)

    def replay_all(self, *, n_threads: int | None = None) -> list[Replay]:
        """Plan every round once more, the first one first; see `replay`.

        Parameters
        ----------
        n_threads : int, optional
            At most so many threads; by default what affinity and cgroup limits allow.

        Returns
        -------
        list of Replay
            One a round.
        """
        return self._replayer.replay_all(n_threads)

    def check(self, *, replay: bool = False) -> Check:
        """Look for damage in the folder and the pool, which is read through,
        and for labels that may be wrong.

        Parameters
        ----------
        replay : bool
            Whether to replay every round too, which takes longer.

        Returns
        -------
        Check
            Truthy where nothing is damaged; ``damage`` says what is, and what to do about it.
        """
        from shortlist.loop.checking import check

        replayer = self._replayer if replay else None
        return check(self._store, self.folder / SPEC, self.folder / CACHE, replayer, self._progress, self._frame)

    def backup(self, target: str | os.PathLike[str]) -> Path:
        """Copy the loop to a new folder as it is at one moment, whoever writes meanwhile.

        The copy is gone on with by ``Loop(target, copied=True)``. The pool is not copied: paths of
        the specification mean what they meant.

        Parameters
        ----------
        target : path
            A folder that is empty or not there.

        Returns
        -------
        Path
            The folder.
        """
        return self._store.backup(target, self._progress)

    def finish(
        self,
        out: str | os.PathLike[str] | None = None,
        *,
        fold_in: bool = False,
        anyway: bool = False,
        fit: Callable[..., Any] | None = None,
    ) -> Finished:
        """End the loop: train a last model where labels have changed,
        and write it with the labels to a folder.

        No round is opened afterwards, unless by ``next(anyway=True)``. A second call with nothing
        new writes the folder again.

        Parameters
        ----------
        out : path, optional
            The folder; by default ``final`` in the loop's.
        fold_in : bool
            Whether the last model is trained on the validation rows too. It has no estimate then.
        anyway : bool
            Whether to end although the rule of stopping is not met.
        fit : callable, optional
            Fits the last model, as in `train`.

        Returns
        -------
        Finished
            What was written, and where.

        Raises
        ------
        LoopError
            The rule of stopping is not met, and why; or no model can be trained.
        """
        from shortlist.loop.finish import finish

        said = self._said()
        return finish(
            self._store, self._ground, said, out, fold_in=fold_in, anyway=anyway, fit=fit, progress=self._progress
        )

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

    @cached_property
    def _replayer(self) -> Replayer:
        from shortlist.loop.replay import Replayer

        return Replayer(self._store, self.folder / CACHE, self._progress, self._frame)

    def run_once(self) -> list[str]:
        """Do whatever is to be done now: train if due, and open the next
        round once the last is closed.

        A tool of your own is asked for answers first.

        Returns
        -------
        list of str
            A sentence for each thing that was done; empty where nothing was due.

        Raises
        ------
        LoopError
            The tool or the training failed. People go on labelling all the same: the next round is
            opened with the model so far. Training is tried again later: after a minute, and after
            twice as long each time, up to an hour.
        """
        from shortlist.loop import running

        steps, failure = running.once(self)
        done = [step.said for step in steps]
        if failure is not None:
            raise LoopError(". ".join([str(failure), *done])) from failure
        return done

    def _evidence(self) -> Evidence:
        return Evidence(self._store, self._ground, self._said())

    def _due(self, said: Summary) -> Due:
        rounds = self._store.rounds()
        out = out_of(self._store, rounds[-1].number if rounds else 0)
        return due(self._store, self._ground, said, out)

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
