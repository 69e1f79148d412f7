"""Time rules over embeddings beside their rivals, on as many rows as these can bear."""

from __future__ import annotations

import warnings
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from threadpoolctl import threadpool_limits

from shortlist.benchmarking.result import Timing
from shortlist.benchmarking.rules import MOST_ROWS, OURS, rules_of, same, work_of
from shortlist.benchmarking.tasks import OURS as SHORTLIST
from shortlist.benchmarking.tasks import SLOW
from shortlist.benchmarking.timing import Times, interleave

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


def measure(
    wanted: list[str], X: Any, answers: Any, k: int, threads: int, rounds: int, found: list[Any], *, from_logits: bool
) -> Iterator[Timing]:
    """Yield the timings of each rule, ours and the rivals' interleaved."""
    X, probs = np.asarray(X[:MOST_ROWS]), np.asarray(answers[:MOST_ROWS])
    if from_logits:
        probs = np.exp(probs - probs.max(axis=1, keepdims=True))
        probs /= probs.sum(axis=1, keepdims=True)
    for rule in wanted:
        work = work_of(rule, X, probs, k, threads)
        calls: dict[str, Callable[[], Any]] = {SHORTLIST: partial(OURS[rule], work)}
        # NumPy's products take as many threads as Shortlist does, here and where they are set up.
        with threadpool_limits(threads), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            for rival in found:
                if rule in rules_of(rival) and (call := getattr(rival, rule)(work)) is not None:
                    calls[rival.name] = call
            answers_of: dict[str, Any] = {}

            def kept(name: str, call: Callable[[], Any], answers_of: dict[str, Any] = answers_of) -> None:
                answers_of[name] = call()

            def slow(name: str, times: dict[str, Times]) -> bool:
                return name != SHORTLIST and times[name].median > SLOW * times[SHORTLIST].median

            tasks = {name: partial(kept, name, call) for name, call in calls.items()}
            times = interleave(tasks, rounds, cold=list(calls)[1:], slow=slow)
        for name, taken in times.items():
            picks = None if name == SHORTLIST else same(rule, answers_of[SHORTLIST], answers_of[name])
            yield Timing(name, rule, threads, len(work.X), taken.seconds, None, picks)
