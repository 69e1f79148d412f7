"""What workers of a cluster do: they read the pool themselves,
from the paths that the specification names.
"""

from __future__ import annotations

import atexit
import os
import pickle
import tempfile
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from shortlist.disk import one_line
from shortlist.loop.errors import LoopError
from shortlist.loop.kept.part import Part, part_of
from shortlist.loop.pool import open_pool, remove_other_pools
from shortlist.loop.pool.features import Features
from shortlist.loop.temporary import temporary_folder
from shortlist.loop.training.asked import Members
from shortlist.loop.training.by_path import function_of
from shortlist.loop.training.command import run_job
from shortlist.loop.training.few import few_of
from shortlist.loop.training.fitting import alone, fit_models
from shortlist.loop.training.local import raw_blocks, train
from shortlist.loop.training.trained import Trained, write_npy

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from shortlist.loop.kept.wanted import Wanted
    from shortlist.loop.pool.rows import LoopPool
    from shortlist.loop.spec.model import Spec
    from shortlist.loop.training.imports import Extra


@dataclass(frozen=True, eq=False)
class Task:
    """All that a worker is sent for a training."""

    spec: Spec
    state: Mapping[str, Any]
    projection: int
    rows: NDArray[np.int64]
    labels: Sequence[str]
    weights: NDArray[np.float64] | None
    seed: int
    extra: Extra | None
    job: Mapping[str, Any]
    pool: Mapping[str, Any]


@dataclass(frozen=True, eq=False)
class Answer:
    """What a worker sends back: numbers, or the sentence that says why there are none."""

    refused: str = ""
    probabilities: NDArray[np.float32] | None = None
    members: NDArray[np.float32] | None = None
    trained: Trained | None = None


@dataclass(frozen=True, eq=False)
class Model:
    """A model that was fitted on a worker, for others to score with;
    without `pickled` it can't leave the first one.
    """

    pickled: bytes | None
    refused: str = ""
    log: str = ""
    temperature: float = 1.0
    out_of_fold: NDArray[np.float32] | None = None


@dataclass(frozen=True, eq=False)
class Scoring:
    """All that a worker is sent, beside a model, to score rows of the pool:
    the first `rows` of it.
    """

    spec: Spec
    pool: Mapping[str, Any]
    rows: int
    wanted: Wanted


@dataclass(frozen=True, eq=False)
class Scored:
    """What comes of it."""

    part: Part | None = None
    refused: str = ""


def work(task: Task) -> Answer:
    """Train and score all rows. What is wrong with the data comes back as a sentence,
    as trying again would not help.
    """
    with tempfile.TemporaryDirectory(prefix="shortlist-train-") as name:
        folder = Path(name)
        try:
            pool = _pool_of(task.spec, task.pool)
            if task.spec.model.command:
                trained = run_job(task.spec, folder / "job", task.job, pool, task.rows, task.labels, task.weights)
            else:
                features = Features(task.state, pool, task.projection)
                given = (task.spec, pool, features, task.rows, task.labels, task.weights, task.seed, folder / "out")
                trained = train(*given, extra=task.extra)
        except LoopError as error:
            return Answer(str(error).replace(f"{folder.resolve()}/job/", "").replace(f"{folder}/job/", ""))
        members = None if trained.members is None else np.load(trained.members)
        return Answer("", np.load(trained.probabilities), members, trained)


def fit(task: Task) -> Model:
    """Train, and score nothing."""
    try:
        pool = _pool_of(task.spec, task.pool)
        given = (task.rows, task.labels, task.weights, task.seed)
        features = Features(task.state, pool, task.projection)
        fitted = fit_models(task.spec, pool, features, *given, extra=task.extra)
    except LoopError as error:
        return Model(None, str(error))
    log = "\n".join([*fitted.log, *sorted(fitted.warned)])
    return Model(fitted.pickled(), "", log, fitted.asked.temperature, fitted.out_of_fold)


def score(scoring: Scoring, model: Model, begin: int, end: int) -> Scored:
    """Score the blocks of rows that begin from one row to before another,
    and return what is wanted of that.
    """
    try:
        return Scored(score_in(_pool_of(scoring.spec, scoring.pool), scoring, model, begin, end))
    except LoopError as error:
        return Scored(refused=str(error))


def score_in(pool: LoopPool, scoring: Scoring, model: Model, begin: int = 0, end: int | None = None) -> Part | None:
    """Do the same with a pool that is open; None where no block begins there."""
    kept = loaded(model, scoring.spec)
    asked, state = Members.of(kept), kept["features"]
    numeric = {each["name"]: each["words"] is None for each in state.get("columns", ())}
    scored = pool.first(scoring.rows, numeric)
    features = Features(state, scored, kept["seed"])
    blocks = partial(raw_blocks, scored, features, begin, scoring.rows if end is None else end)
    if scoring.spec.model.screen:
        with alone() as warned:
            few = few_of(asked, scoring.wanted, scoring.spec, pool, scored, features, blocks(), warned)
        if isinstance(few, Part):
            few.warned.sort()
            return few
    starts: list[int] = []

    def answers() -> Iterator[NDArray[np.float32]]:
        for start, block in blocks():
            starts.append(start)
            yield asked.answers(block, lambda row, start=start: pool.id_of([start + row])[0])  # type: ignore[misc]

    with tempfile.TemporaryDirectory(prefix="shortlist-score-") as name, alone() as warned:
        parts, rows = Path(name) / "answers", 0
        with parts.open("wb") as file:
            for block in answers():
                file.write(np.ascontiguousarray(block, dtype="<f4").data)
                rows += len(block)
        if not starts:
            return None
        array = np.memmap(parts, "<f4", "r", shape=(rows, len(asked.classes)))
        whole = Path(name) / "answers.npy"
        write_npy(whole, array.shape, [array])
        del array
        part = part_of(scoring.wanted, scoring.spec, pool, scoring.rows, whole, starts[0], warned, logits=asked.logits)
    part.warned.sort()
    return part


def loaded(model: Model, spec: Spec) -> Mapping[str, Any]:
    """Load a model, which has come from one of the cluster's own workers,
    or from the loop's folder by its hash.
    """
    for name in (spec.model.estimator or "", *spec.model.committee):
        if ":" in name:
            # What is beside the specification is found by its name from now on.
            function_of(name, "[model] estimator", spec.folder)
    try:
        kept: Mapping[str, Any] = pickle.loads(model.pickled or b"")  # noqa: S301 - as above
    except Exception as error:  # whatever unpickling comes upon, as with other versions of packages
        raise LoopError(f"the model can't be loaded to score with ({one_line(error)})") from error
    return kept


def _pool_of(spec: Spec, fingerprint: Mapping[str, Any]) -> LoopPool:
    """Open the pool, which is read through at the first task of a process and
    kept beside it until it ends.
    """
    pool = open_pool(spec, cache=_folder())
    if dict(pool.fingerprint) != dict(fingerprint):
        raise LoopError("the worker finds another pool under the path of the specification; accepted is the same")
    remove_other_pools(pool)
    return pool


@cache
def _folder() -> Path:
    """Return a folder of this process, removed at its end,
    or by the next worker of this machine where it was killed.
    """
    user = os.getuid() if hasattr(os, "getuid") else "user"
    parent = Path(tempfile.gettempdir()) / f"shortlist-workers-{user}"
    parent.mkdir(mode=0o700, exist_ok=True)
    if hasattr(os, "getuid") and parent.stat().st_uid != user:
        raise LoopError(f"{parent} is another user's; accepted is a folder for temporary files where it is not")
    stack = ExitStack()
    atexit.register(stack.close)
    return stack.enter_context(temporary_folder(parent))
