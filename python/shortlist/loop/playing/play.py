"""One loop, played from its first round to its end."""

from __future__ import annotations

import datetime
import os
import shutil
from collections import Counter
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

import shortlist
from shortlist.loop.ground import CACHE
from shortlist.loop.playing.people import People
from shortlist.loop.said import said_of
from shortlist.loop.store.times import PLAYED

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from shortlist.loop.loop import Loop
    from shortlist.loop.progress import Stop
    from shortlist.loop.spec import Spec
    from shortlist.loop.store import Model

START = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
"""When every played loop begins."""
STOPPED, EMPTY, SPENT, OTHER = "stop", "pool", "budget", "other"
"""How a played loop ended: by its rule of stopping, as no row was left to ask for,
as the budget was spent, or where the loop ended that it is compared with.
"""


@dataclass(frozen=True)
class Setting:
    """How loops are played.

    Attributes
    ----------
    annotators : int
        People who label.
    error : float
        How often each is wrong.
    budget : int or None
        Labels after which a loop ends that was not stopped before.
    rows_a_day : float or None
        Labels that all people give in a day; None where no time passes.
    """

    annotators: int = 1
    error: float = 0.0
    budget: int | None = None
    rows_a_day: float | None = None


@dataclass(frozen=True)
class Point:
    """Where a loop stood after a round.

    Attributes
    ----------
    round, labels, labelled : int
        The round, labels given so far, and rows that have one.
    model : int
        The number of the last model; 0 before the first.
    held_out, pool, left : float or None
        The accuracy of that model on all rows of the validation stratum, on all rows of the pool,
        and on those outside the stratum that had no label when it was trained.
    estimate, low, high : float or None
        What the loop itself says.
    rows : int
        Validation rows that this comes from.
    """

    round: int
    labels: int
    labelled: int
    model: int
    held_out: float | None
    pool: float | None
    left: float | None
    estimate: float | None
    low: float | None
    high: float | None
    rows: int


@dataclass(frozen=True)
class Played:
    """What one played loop left behind.

    Attributes
    ----------
    strategy, repeat
        Which loop it was.
    points : list of Point
        One a round.
    ended : {"stop", "pool", "budget", "other"}
        How it came to its end.
    stopped_at : int or None
        Labels given when its rule of stopping was first met.
    stopped_by : list of str
        Which of the rules joined by ``|`` were.
    shares : dict of str to int
        Rows picked, by the share of the round that picked them.
    second : int
        Labels of a second person.
    stratum : int
        Rows of the validation stratum.
    warnings : dict of str to int
        What models warned of, and how often.
    """

    strategy: str
    repeat: int
    points: list[Point]
    ended: str
    stopped_at: int | None
    stopped_by: list[str]
    shares: dict[str, int]
    second: int
    stratum: int
    warnings: dict[str, int]

    @property
    def last(self) -> Point:
        """Where it ended."""
        return self.points[-1]

    def to_dict(self) -> dict[str, Any]:
        """Return plain values; JSON gives every float back as it was."""
        return asdict(self)

    @classmethod
    def of(cls, record: dict[str, Any]) -> Played:
        """Return a played loop as it was kept."""
        return cls(**{**record, "points": [Point(**point) for point in record["points"]]})


def play(
    spec: Spec,
    truth: NDArray[np.int32],
    setting: Setting,
    folder: Path,
    pools: Path,
    name: str,
    repeat: int,
    until: int | None = None,
) -> Played:
    """Play a loop in a new folder, by its own planner, triggers and rules, and remove the folder.

    People answer each round whole, and whether a model is due is looked at after each.

    Parameters
    ----------
    spec : Spec
        As it is played, with its seed.
    truth : ndarray
        Of each row of the pool, as `truth_of` returns it.
    setting : Setting
        How it is played.
    folder : Path
        Where; it must not be there.
    pools : Path
        The folder in which a loop with the same pool keeps what it read of it.
    name, repeat
        What the loop is called.
    until : int, optional
        Labels up to which it goes, whatever its rule of stopping says.
    """
    try:
        with _still():
            _share_pool(pools, folder / CACHE)
            with shortlist.Loop._begin(spec, spec.text.encode(), folder, None) as loop:
                return _Play(loop, truth, setting, name, repeat, until).run()
    except Exception as error:
        error.add_note(f"in repeat {repeat} of {name!r}")
        raise
    finally:
        shutil.rmtree(folder, ignore_errors=True)


class _Play:
    def __init__(
        self, loop: Loop, truth: NDArray[np.int32], setting: Setting, name: str, repeat: int, until: int | None
    ) -> None:
        self.loop, self.truth, self.setting = loop, truth, setting
        self.name, self.repeat, self.until = name, repeat, until
        spec = loop.spec
        self.people = People(truth, spec.classes, setting.annotators, setting.error, spec.seed_number)
        self.overlap = spec.labels.overlap > 0
        self.points: list[Point] = []
        self.right: tuple[float | None, float | None, float | None] = (None, None, None)
        self.stopped: tuple[int, list[str]] | None = None

    def run(self) -> Played:
        loop, number = self.loop, 0
        while True:
            given = self.look(number)
            stop = loop.stop()
            if stop and self.stopped is None:
                self.stopped = given, list(stop.by)
            ended = self.ended(stop, given)
            if ended is None:
                batch = loop.next(anyway=bool(stop))
                if batch is not None:
                    number = batch.round
                    places = loop._ground.pool.index_of(batch.ids).tolist()
                    self.people.answer(loop, batch.ids, places, self.overlap)
                    continue
                ended = EMPTY
            return self.played(ended)

    def ended(self, stop: Stop, given: int) -> str | None:
        """Return what ends the loop now, if anything does."""
        if self.until is not None:
            return OTHER if given >= self.until else None
        if stop:
            return STOPPED
        return SPENT if self.setting.budget is not None and given >= self.setting.budget else None

    def look(self, number: int) -> int:
        """Train where a model is due, and note where the loop stands;
        return the labels given so far.
        """
        loop = self.loop
        said = loop._said()
        if self.setting.rows_a_day is not None:
            PLAYED.set(START + datetime.timedelta(days=said.given / self.setting.rows_a_day))
        trained = loop.train()
        if trained is not None:
            self.right = self.judged(trained, list(said.labels))
        models = loop._store.models()
        found = loop.estimate()
        self.points.append(
            Point(
                number,
                said.given,
                len(said.labels),
                len(models),
                *self.right,
                *((None, None, None, 0) if found is None else (found.value, found.low, found.high, found.rows)),
            )
        )
        return said.given

    def judged(self, model: Model, labelled: list[str]) -> tuple[float | None, float | None, float | None]:
        """Return how often a model is right: on the stratum, on the pool,
        and on what is left of the rest.
        """
        ground = self.loop._ground
        rows, held = np.arange(len(self.truth)), ground.held.mask
        right = said_of(self.loop._store, model, rows).argmax(axis=1) == self.truth
        left = ~held
        left[ground.places(dict.fromkeys(labelled))[0]] = False
        return _mean(right[held]), _mean(right), _mean(right[left])

    def played(self, ended: str) -> Played:
        store = self.loop._store
        shares = Counter(pick.share for each in store.rounds() for pick in store.picks(each.number))
        lines = [line for model in store.models() for line in str(model.estimate.get("log", "")).splitlines()]
        said = Counter(line for line in lines if "Warning: " in line)
        at, by = self.stopped or (None, [])
        return Played(
            self.name,
            self.repeat,
            self.points,
            ended,
            at,
            by,
            dict(sorted(shares.items())),
            self.people.second,
            int(self.loop._ground.held.mask.sum()),
            dict(sorted(said.items())),
        )


def _mean(right: NDArray[np.bool]) -> float | None:
    return float(right.mean()) if len(right) else None


@contextmanager
def _still() -> Iterator[None]:
    """Let time stand still, but for what `Setting.rows_a_day` says:
    no result depends on how long anything takes.
    """
    before = PLAYED.set(START)
    try:
        yield
    finally:
        PLAYED.reset(before)


def _share_pool(pools: Path, cache: Path) -> None:
    """Let a loop find what was read of its pool: the same files,
    as nothing changes them in their place.
    """
    for kept in pools.glob("pool-*"):
        shutil.copytree(kept, cache / kept.name, copy_function=_linked)


def _linked(source: str, target: str) -> str:
    try:
        os.link(source, target)
    except OSError:  # a disk without links
        shutil.copyfile(source, target)
    return target
