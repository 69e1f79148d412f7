"""A loop that runs by itself: what is to be done now, once, or again and again until its end."""

from __future__ import annotations

import re
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from shortlist.disk import one_line
from shortlist.loop.backing_off import pause_after
from shortlist.loop.errors import LoopError, UnderWayError
from shortlist.loop.finished import finished
from shortlist.loop.handoff.choosing import is_file
from shortlist.loop.rounds import settle
from shortlist.loop.saved import SavedFiles
from shortlist.loop.step import Step
from shortlist.loop.store.store import FILE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from shortlist.loop.loop import Loop
    from shortlist.loop.store import Store

LONGEST = 900.0
"""Seconds at most until what failed is tried again."""
NUMBER = re.compile(r"\d+")
LEASE = 86400.0
"""Seconds. A watcher whose process has died is over before."""


def once(loop: Loop, *, train: bool | None = None) -> tuple[list[Step], LoopError | None]:
    """Do whatever is to be done now; return what was, and what went wrong, if anything did.

    Where training fails, the next round is opened all the same, with the model so far. By default
    it is tried again ever later.
    """
    steps, failure = list[Step](), None
    if finished(loop._store):
        return steps, failure
    try:
        pulled = None if is_file(loop.spec) else loop.pull()
    except (LoopError, OSError) as error:
        failure = _told(error)
    else:
        if pulled is not None and (pulled.new or pulled.deleted):
            steps.append(Step("ingested", f"answers came: {'; '.join(pulled.lines())}", {"new": pulled.new}))
    before = loop.under_way()
    try:
        model = loop.train() if (train is None and not loop.postponed()) or train else None
    except UnderWayError:
        pass  # begun by somebody else just now
    except (LoopError, OSError) as error:
        failure = LoopError(f"training failed: {_told(error)}")
        failure.__cause__ = error
    else:
        going = loop.under_way()
        if model is not None:
            said = f"model {model.number} was trained on {model.labels:,} labels: {model.why}"
            steps.append(Step("trained", said, {"model": model.number, "labels": model.labels}))
        elif going and going != before:
            steps.append(Step("submitted", going))
    try:
        last = settle(loop._store)
        batch = loop.next() if last is None or last.state in ("planned", "picked", "closed") else None
    except (LoopError, OSError) as error:
        told = _told(error)
        if failure is None:
            return steps, told
        return steps, failure if str(told) in str(failure) else LoopError(f"{failure}. {told}")
    if batch is not None:
        said = f"round {batch.round} was opened: {len(batch):,} rows in {batch.handed}"
        steps.append(Step("opened", said, {"round": batch.round, "rows": len(batch), "handed": batch.handed}))
    return steps, failure


def _told(error: LoopError | OSError) -> LoopError:
    """Return an error in a sentence:
    a disk that fails must not keep people from their next rows.
    """
    return error if isinstance(error, LoopError) else LoopError(one_line(error))


def watch(
    loop: Loop,
    opened: Callable[[], AbstractContextManager[Loop]],
    seconds: float,
    tell: Callable[[Step], None],
    *,
    wait: Callable[[float], object] = time.sleep,
) -> None:
    """Do what is to be done again and again, until the rule of stopping is met;
    files that people save are taken in.

    Parameters
    ----------
    loop : Loop
        The loop.
    opened : callable
        Returns it opened anew, for each turn, as its pool and specification may have changed.
    seconds : float
        Between one turn and the next.
    tell : callable
        Called with each step. What goes wrong is told once, and again when it is something else.
    wait : callable
        Called with the seconds to wait.

    Raises
    ------
    LoopError
        Somebody watches this loop already, or it is gone.
    """
    with _alone(loop._store) as renew:
        files, wrong, failures, pause, idle = SavedFiles(), "", 0, 0.0, False
        while True:
            if not (loop.folder / FILE).is_file():
                raise LoopError(f"{loop.folder / FILE} is gone")
            renew()
            steps = list[Step]()
            with opened() as now:
                try:
                    steps += files.take_in(now)
                    done, failure = once(now, train=pause <= 0)
                    steps += done
                    # The last model may still be on its way.
                    stop = None if now.under_way() else now.stop()
                    why = str(now.due())
                except (LoopError, OSError) as error:
                    failure, stop, why = _told(error), None, ""
            if failure is not None:
                failures += 1
                pause = pause_after(failures, LONGEST)
                # Numbers of jobs and rows in a sentence don't make it another one.
                if NUMBER.sub("", str(failure)) != wrong:
                    wrong = NUMBER.sub("", str(failure))
                    steps.append(Step("failed", str(failure)))
            elif pause <= 0:
                wrong, failures = "", 0
            for step in steps:
                tell(step)
            if stop:
                tell(Step("stopped", stop.sentence))
                return
            if not steps and not idle and failure is None:
                tell(Step("nothing", f"nothing to do yet: {why}" if why else "nothing to do yet"))
                idle = True
            pause -= seconds
            wait(seconds)


@contextmanager
def _alone(store: Store) -> Iterator[Callable[[], None]]:
    """Be the only one who watches; yield what says that this one still does."""
    other = store.under_way("watch")
    if other is not None:
        raise LoopError(
            f"this loop is watched already, since {other.begun[:16].replace('T', ' ')} UTC; end that one first"
        )
    job = store.begin_job("watch", LEASE)

    def renew() -> None:
        if not store.renew_job(job.token, LEASE):
            raise LoopError("somebody else watches this loop by now")

    try:
        yield renew
    finally:
        store.finish_job(job.token, True, {})
