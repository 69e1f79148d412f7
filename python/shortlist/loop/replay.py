"""A round planned once more from what the store keeps,
and compared bit for bit with what was picked.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

from shortlist.loop.errors import LoopError
from shortlist.loop.kept.answers import TooFewKeptError
from shortlist.loop.past import PastGround
from shortlist.loop.rounds import planned
from shortlist.loop.store.blobs import BlobMissingError
from shortlist.loop.store.rounds import Pick
from shortlist.loop.store.summary import summary
from shortlist.threads import thread_count

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from shortlist.arguments import Progress
    from shortlist.loop.store import Round, Store


@dataclass(frozen=True)
class Replay:
    """What came of planning a round once more: truthy where it is the same.

    Attributes
    ----------
    round : int
    rows : int
        Rows that the round picked.
    compared : int
        How many of them were compared: fewer than there are where something is missing.
    difference : str or None
        The first difference, in words; None where there is none.
    missing : str or None
        What the round was planned from and is not there any more. Then the picks can only be
        compared with the scores that were kept with the round.
    """

    round: int
    rows: int
    compared: int
    difference: str | None = None
    missing: str | None = None

    def __bool__(self) -> bool:
        return self.difference is None

    def __str__(self) -> str:
        if self.difference is not None:
            said = f"round {self.round} differs: {self.difference}"
        elif self.missing is None:
            return f"round {self.round}: the same {self.rows:,} rows, bit for bit"
        elif not self.compared:
            return f"round {self.round}: no row can be compared, as {self.missing}"
        else:
            said = f"round {self.round}: {self.compared:,} of {self.rows:,} rows agree with the scores that were kept"
        return said if self.missing is None else f"{said}; the others can't be compared, as {self.missing}"


class Replayer:
    """Plans rounds once more; a pool that several of them saw is opened once.

    Parameters
    ----------
    store : Store
        The loop's.
    cache : Path
        A folder for what can be made again.
    progress : callable, optional
        Called with (rows done, rows in all) where a pool must be read through.
    frame : frame, optional
        The rows of the pool, where the specification names no file.
    """

    def __init__(self, store: Store, cache: Path, progress: Progress | None = None, frame: Any = None) -> None:
        self._store, self._cache, self._progress, self._frame = store, cache, progress, frame
        self._grounds: dict[tuple[str, str], PastGround] = {}

    def replay(self, number: int, n_threads: int | None = None) -> Replay:
        """Plan a round once more and compare it."""
        threads = thread_count(n_threads)
        before, picks = self._store.round(number), self._store.picks(number)
        try:
            found = self._planned(before, threads)
        except (BlobMissingError, TooFewKeptError) as error:
            compared, difference = _against_reach(before, picks, self._store)
            return Replay(number, len(picks), compared, difference, str(error))
        difference = _of_picks(picks, found[0]) or _of_decided(before.decided, found[1])
        return Replay(number, len(picks), len(picks), difference)

    def replay_all(self, n_threads: int | None = None) -> list[Replay]:
        """Plan every round once more, the first one first."""
        found = []
        numbers = [each.number for each in self._store.rounds()]
        for number in numbers:
            found.append(self.replay(number, n_threads))
            if self._progress is not None:
                self._progress(number, len(numbers))
        return found

    def _planned(self, past: Round, n_threads: int) -> tuple[list[Pick], Mapping[str, Any]]:
        ground = self._ground(past)
        said = summary(self._store, ground.spec, past.position)
        model = None if past.model is None else self._store.models()[past.model - 1]
        made = planned(self._store, ground, said, past.number, model, n_threads=n_threads)
        # As the store gives them back.
        return [Pick(*map(_kept, _values(pick))) for pick in made.picks], json.loads(json.dumps(made.decided))

    def _ground(self, past: Round) -> PastGround:
        key = past.spec, past.pool
        if key not in self._grounds:
            versions = [each for each in self._store.pool_versions if each.hash == past.pool]
            if not versions:
                raise LoopError(f"the store has no pool {past.pool!r}, which round {past.number} was planned on")
            spec = self._store.spec_of_version(past.spec)
            self._grounds[key] = PastGround(spec, self._cache, self._store, versions[-1], self._progress, self._frame)
        return self._grounds[key]


def _values(pick: Pick) -> list[Any]:
    return [getattr(pick, field.name) for field in fields(Pick)]


def _kept(value: Any) -> Any:
    """Return a value as SQLite gives it back: NaN is none."""
    return None if isinstance(value, float) and value != value else value


def _of_picks(then: Sequence[Pick], now: Sequence[Pick]) -> str | None:
    for old, new in zip(then, now, strict=False):
        if old.row != new.row:
            return f"at rank {old.rank} row {old.row!r} was picked ({old.why}), and now it is {new.row!r} ({new.why})"
        for field in fields(Pick):
            was, has = getattr(old, field.name), getattr(new, field.name)
            if was != has:
                return f"row {old.row!r} at rank {old.rank} had {field.name} {was!r}, and now it is {has!r}"
    if len(then) != len(now):
        return f"{len(then):,} rows were picked, and now it is {len(now):,}"
    return None


def _of_decided(then: Mapping[str, Any], now: Mapping[str, Any]) -> str | None:
    for name in dict.fromkeys((*then, *now)):
        was, has = then.get(name), now.get(name)
        if was == has:
            continue
        if name != "reach":
            return f"{name} was {was!r}, and now it is {has!r}"
        for place, (old, new) in enumerate(zip(was or (), has or (), strict=False), 1):
            if old != new:
                return (
                    f"at place {place} in reach of the cut was row {old[0]!r} with the score {old[1]!r}, and now it is "
                    f"{new[0]!r} with {new[1]!r}"
                )
        return f"{len(was or ()):,} rows were in reach of the cut, and now it is {len(has or ()):,}"
    return None


def _against_reach(past: Round, picks: Sequence[Pick], store: Store) -> tuple[int, str | None]:
    """Compare what a strategy picked with the scores that were kept;
    return how many rows these are.
    """
    reach = {row: (place, score) for place, (row, score) in enumerate(past.decided.get("reach") or (), 1)}
    mine = [pick for pick in picks if pick.share == "strategy" and pick.row in reach]
    for pick in mine:
        if pick.score != reach[pick.row][1]:
            return len(mine), (
                f"row {pick.row!r} at rank {pick.rank} has the score {pick.score!r}, and {reach[pick.row][1]!r} in reach of the "
                "cut"
            )
    rounds = store.spec_of_version(past.spec).round
    if rounds.diverse is None and not rounds.floor:
        others = {pick.row for pick in picks if pick.share not in ("strategy", "overlap")}
        best = [row for row in reach if row not in others]
        for pick, row in zip(mine, best, strict=False):
            if pick.row != row:
                return len(
                    mine
                ), f"row {row!r} comes before {pick.row!r} in reach of the cut, which was picked at rank {pick.rank}"
    return len(mine), None
