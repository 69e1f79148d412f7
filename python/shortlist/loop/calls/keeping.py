"""What keeps a loop trustworthy: replays, checks, backups."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from shortlist.loop.calls.opened import SPEC, OpenLoop
from shortlist.loop.ground import CACHE

if TYPE_CHECKING:
    import os
    from pathlib import Path

    from shortlist.loop.checking import Check
    from shortlist.loop.replay import Replay, Replayer


class Keeping(OpenLoop):
    """Rounds picked once more, damage found, copies made."""

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

    @cached_property
    def _replayer(self) -> Replayer:
        from shortlist.loop.replay import Replayer

        return Replayer(self._store, self.folder / CACHE, self._progress, self._frame)

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
