"""A labelling project that runs itself: people label, all else follows from its specification."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from shortlist.loop.calls.keeping import Keeping
from shortlist.loop.calls.labelling import Labelling
from shortlist.loop.calls.looking import Looking
from shortlist.loop.calls.models import Models
from shortlist.loop.calls.opened import SPEC
from shortlist.loop.errors import LoopError
from shortlist.loop.ground import CACHE, Ground
from shortlist.loop.pool.tables.frames import check_frame
from shortlist.loop.spec import read_spec
from shortlist.loop.store import Store
from shortlist.loop.store.store import FILE
from shortlist.loop.unready import check_ready
from shortlist.writing import make_folder, write_bytes

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping

    from shortlist.arguments import Progress
    from shortlist.loop.playing import LoopSimulation
    from shortlist.loop.spec import Spec


class Loop(Labelling, Models, Looking, Keeping):
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
        try:
            loop._import_labels()
        except BaseException:
            loop.close()
            raise
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
