"""`simulate_loop`: a specification played with known labels in repeats,
in parallel processes, beside random.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import joblib
from threadpoolctl import threadpool_limits

from shortlist.arguments import whole
from shortlist.loop.errors import LoopError
from shortlist.loop.ground import Ground
from shortlist.loop.playing.play import Played, Setting, play
from shortlist.loop.playing.result import LoopSimulation
from shortlist.loop.playing.truth import truth_of
from shortlist.loop.playing.variants import RANDOM, WRITTEN, at_random, of_repeat
from shortlist.loop.spec import Spec, read_spec
from shortlist.loop.unready import check_ready
from shortlist.simulation.journal import Journal
from shortlist.simulation.running import MOST_REPEATS, teller
from shortlist.stopping.limits import finite
from shortlist.threads import thread_count
from shortlist.writing import make_folder

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

WORK = "playing-"


def simulate_loop(
    spec: str | os.PathLike[str] | Spec,
    labels: str | os.PathLike[str] | Mapping[str, str],
    *,
    repeats: int = 30,
    annotators: int = 1,
    error: float = 0.0,
    budget: int | None = None,
    rows_a_day: float | None = None,
    encoding: str | None = None,
    n_jobs: int | None = None,
    out: str | os.PathLike[str] | None = None,
    progress: Callable[[int, int], object] | bool | None = None,
) -> LoopSimulation:
    """Play a loop with known labels: what it would cost, where it would stop,
    and how far off its estimate would be.

    See `shortlist.Loop.simulate`.
    """
    read = spec if isinstance(spec, Spec) else read_spec(spec)
    check_ready(of_repeat(read, 0))
    repeats = whole(repeats, "repeats", least=1, most=MOST_REPEATS)
    setting = Setting(
        whole(annotators, "annotators", least=1),
        finite(error, "error"),
        None if budget is None else whole(budget, "budget", least=1),
        None if rows_a_day is None else finite(rows_a_day, "rows_a_day"),
    )
    if not 0 <= setting.error < 1:
        raise LoopError(f"error is {error}; accepted is a share from 0 to below 1")
    if setting.rows_a_day is not None and setting.rows_a_day <= 0:
        raise LoopError(f"rows_a_day is {rows_a_day}; accepted is above 0")
    jobs = thread_count(n_jobs, "n_jobs")
    place = None if out is None else make_folder(out, "out")
    work = Path(tempfile.mkdtemp(prefix=WORK, dir=place))
    try:
        return _simulated(read, labels, setting, repeats, encoding, jobs, place, work, progress)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _simulated(
    spec: Spec,
    labels: Any,
    setting: Setting,
    repeats: int,
    encoding: str | None,
    jobs: int,
    out: Path | None,
    work: Path,
    progress: Callable[[int, int], object] | bool | None,
) -> LoopSimulation:
    pools = work / "pools"
    ground = Ground(of_repeat(spec, 0), pools)
    ground.check()
    Ground(at_random(of_repeat(spec, 0)), pools).check()
    truth = truth_of(labels, spec, ground.pool, encoding)
    about = _about(spec, ground, truth, setting)
    with Journal(out, about, Played.of) as journal:
        if out is not None:
            # What a process left that was killed.
            for old in out.glob(f"{WORK}*"):
                if old != work:
                    shutil.rmtree(old, ignore_errors=True)
        done = {(played.strategy, played.repeat) for played in journal.runs}
        left = [number for number in range(repeats) if not {(WRITTEN, number), (RANDOM, number)} <= done]
        tell = teller(progress)
        tell(0, len(left))
        tasks = (joblib.delayed(_pair)(spec, truth, setting, work, number) for number in left)
        parallel = joblib.Parallel(min(jobs, max(1, len(left))), return_as="generator_unordered", batch_size=1)
        for count, pair in enumerate(parallel(tasks), 1):
            for played in pair:
                journal.add(played)
            tell(count, len(left))
        runs = {(played.strategy, played.repeat): played for played in journal.runs}
    return LoopSimulation([runs[name, number] for name in (WRITTEN, RANDOM) for number in range(repeats)], about)


def _pair(spec: Spec, truth: NDArray[Any], setting: Setting, work: Path, repeat: int) -> list[Played]:
    """Play a repeat: the specification to its end, and random up to the same number of labels."""
    mine = of_repeat(spec, repeat)
    # One thread: sums come in the same order on every machine with the same libraries, whatever
    # else runs.
    with threadpool_limits(1):
        pools = work / "pools"
        first = play(mine, truth, setting, work / f"{repeat}-spec", pools, WRITTEN, repeat)
        until = first.last.labels
        second = play(at_random(mine), truth, setting, work / f"{repeat}-random", pools, RANDOM, repeat, until)
    return [first, second]


def _about(spec: Spec, ground: Ground, truth: NDArray[Any], setting: Setting) -> dict[str, Any]:
    """Return what two simulations must agree on to belong together,
    and what a reader wants to know; ready for JSON.
    """
    pool = json.dumps(dict(ground.pool.fingerprint), sort_keys=True).encode()
    return {
        "name": spec.name,
        "spec": spec.version,
        "pool": hashlib.blake2b(pool, digest_size=8).hexdigest(),
        "rows": ground.pool.rows,
        "labels": hashlib.blake2b(truth.tobytes(), digest_size=8).hexdigest(),
        "annotators": setting.annotators,
        "error": setting.error,
        "budget": setting.budget,
        "rows_a_day": setting.rows_a_day,
        "random_state": spec.seed_number,
        "retrain": spec.retrain.when,
        "require": spec.retrain.require,
        "stop": spec.stop.when,
        "strategy": spec.round.strategy,
    }
