"""Interleaved timing: every round runs every task once, so drift and noise hit all alike."""

from __future__ import annotations

import gc
import statistics
import time
from collections import defaultdict
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field

LOOK = 0.001
"""Seconds of one look at whether the threads of the last run have stopped."""

PATIENCE = 0.3
"""Seconds after which the next run begins all the same."""

# A task may return times of its own, taken inside (a lap), by name.
Task = Callable[[], dict[str, float] | object]


class Timed:
    """Runs of one task, of which each took some seconds."""

    seconds: list[float]

    @property
    def median(self) -> float:
        """Seconds of the median run: the figure that every ratio is made of."""
        return statistics.median(self.seconds)

    @property
    def spread(self) -> float:
        """Slowest run less fastest, over the median."""
        return (max(self.seconds) - min(self.seconds)) / self.median


@dataclass
class Times(Timed):
    """Seconds of the runs of one task, taken as it runs."""

    seconds: list[float] = field(default_factory=list)
    laps: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))

    def run(self, task: Task) -> None:
        """Time one call; its result is freed outside the clock."""
        start = time.perf_counter()
        result = task()
        self.seconds.append(time.perf_counter() - start)
        if isinstance(result, dict):
            for name, seconds in result.items():
                self.laps[name].append(seconds)


def settle() -> None:
    """Wait until no other thread of this process is busy.

    Those of some packages go on looking for work for tens of milliseconds after their answer, and
    would take a core from whoever is next. This one does not sleep: nobody is to begin on a cold
    core.
    """
    until = time.perf_counter() + PATIENCE
    others = LOOK
    while others > LOOK / 3 and time.perf_counter() < until:
        began, all_threads, own = time.perf_counter(), time.process_time(), time.thread_time()
        while time.perf_counter() < began + LOOK:
            pass
        others = (time.process_time() - all_threads) - (time.thread_time() - own)


def interleave(
    tasks: Mapping[str, Task],
    rounds: int,
    *,
    cold: Collection[str] = (),
    slow: Callable[[str, dict[str, Times]], bool] | None = None,
    few: int = 2,
) -> dict[str, Times]:
    """Time all tasks `rounds` times; each round starts at another task.

    Each run begins when the threads of the last one are idle. Every task is warmed up once, but for
    those named in `cold`. After `few` rounds, the tasks that `slow` points at are left out of the
    rest: their figure stands on fewer runs.
    """
    names = list(tasks)
    times = {name: Times() for name in names}
    was_enabled = gc.isenabled()
    gc.collect()
    gc.disable()
    try:
        for name in names:
            if name not in cold:
                tasks[name]()
        for round_ in range(rounds):
            if round_ == few and slow is not None:
                names = [name for name in names if not slow(name, times)]
            turn = round_ % max(1, len(names))
            for name in names[turn:] + names[:turn]:
                settle()
                times[name].run(tasks[name])
    finally:
        if was_enabled:
            gc.enable()
    return times
