"""Training on a cluster of Dask or Ray: one task fits the models, and all workers score the pool;
or one task does both.
"""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from shortlist.loop.errors import LoopError
from shortlist.loop.kept.joined import joined
from shortlist.loop.training.at_work import Answer, Model, Scored, Scoring, Task, fit, score, work
from shortlist.loop.training.command import BACK_OFF
from shortlist.loop.training.local import BLOCK
from shortlist.loop.training.tasks import tasks_on
from shortlist.loop.training.trained import Trained, write_npy

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from shortlist.loop.kept.joined import Kept
    from shortlist.loop.kept.wanted import Wanted
    from shortlist.loop.pool.features import Features
    from shortlist.loop.pool.rows import LoopPool
    from shortlist.loop.spec.model import Spec
    from shortlist.loop.training.imports import Extra
    from shortlist.loop.training.tasks import Tasks

UNPICKLED = "the model can't be pickled, and so only the worker that fitted it can ask it"


def train_on(
    where: str,
    address: str | None,
    spec: Spec,
    pool: LoopPool,
    features: Features,
    rows: NDArray[np.int64],
    labels: Sequence[str],
    weights: NDArray[np.float64] | None,
    seed: int,
    out: Path,
    *,
    job: Mapping[str, Any],
    extra: Extra | None = None,
    wanted: Wanted | None = None,
) -> Trained:
    """Train on a cluster, and write what comes back to `out`.

    Parameters
    ----------
    where : {"dask", "ray"}
        The kind of cluster.
    address : str, optional
        Its address; by default the one that this process is connected to, or else one on this
        machine, which is ended afterwards.
    spec, pool, features, rows, labels, weights, seed, out, extra
        As `train` takes them. With ``[model] command`` the command runs on the worker.
    job : mapping
        Loop, round and token: what names the task, and what ``job.json`` says of it.
    wanted : Wanted, optional
        Which answers are to come back; by default all of them. Where none are, there is no file of
        them either.

    Raises
    ------
    LoopError
        No such cluster, a task that failed at every try or took longer than ``[model] timeout``, or
        what `train` refuses.

    Notes
    -----
    Workers must find the pool's files under the same paths.
    """
    began = time.perf_counter()
    told = dict(pool.fingerprint)
    task = Task(spec, features.state, features.seed, rows, labels, weights, seed, extra, dict(job), told)
    name = "shortlist-train-" + "-".join(str(value) for value in job.values())
    out.mkdir(parents=True, exist_ok=True)
    why = "" if wanted is None else wanted.everything
    with tasks_on(where, address, *_patience(spec)) as tasks:
        if wanted is not None and not why and not spec.model.command:
            handle = tasks.submit(f"{name}-fit", fit, task)
            model: Model = tasks.result(handle)
            if model.refused:
                raise LoopError(model.refused)
            if wanted.nothing:
                return _trained(model, out / "probs.npy", None, time.perf_counter() - began)
            if model.pickled is not None:
                scoring = Scoring(spec, told, pool.rows, wanted)
                kept = _scored(tasks, name, scoring, handle, pool, out / "probs.npy")
                return _trained(model, kept.file, kept, time.perf_counter() - began)
            why = UNPICKLED
        answer: Answer = tasks.result(tasks.submit(name, work, task))
    if answer.probabilities is None or answer.trained is None:
        raise LoopError(answer.refused)
    write_npy(out / "probs.npy", answer.probabilities.shape, [answer.probabilities])
    if answer.members is not None:
        write_npy(out / "members.npy", answer.members.shape, [answer.members])
    log = answer.trained.log
    if why:
        log = f"{log.rstrip()}\nthe answers for all {len(answer.probabilities):,} rows came back, as {why}".lstrip()
    return replace(
        answer.trained,
        probabilities=out / "probs.npy",
        seconds=time.perf_counter() - began,
        log=log,
        members=None if answer.members is None else out / "members.npy",
        why_all=why or None,
    )


def score_on(
    where: str, address: str | None, name: str, scoring: Scoring, model: bytes, pool: LoopPool, out: Path
) -> Kept:
    """Score the pool once more with a model that was trained before,
    and write what comes back to `out`.
    """
    with tasks_on(where, address, *_patience(scoring.spec)) as tasks:
        return _scored(tasks, name, scoring, tasks.put(Model(model)), pool, out)


def _scored(tasks: Tasks, name: str, scoring: Scoring, model: Any, pool: LoopPool, out: Path) -> Kept:
    """Let each worker score a part of the pool, and join what comes back."""
    size = -(-scoring.rows // min(tasks.workers, -(-scoring.rows // BLOCK)))
    given = tasks.put(scoring)
    handles = [
        tasks.submit(f"{name}-from-{begin}", score, given, model, begin, begin + size)
        for begin in range(0, scoring.rows, size)
    ]
    parts = []
    for handle in handles:
        scored: Scored = tasks.result(handle)
        if scored.refused:
            raise LoopError(scored.refused)
        parts += [] if scored.part is None else [scored.part]
    return joined(parts, scoring.wanted, pool, scoring.rows, out)


def _trained(model: Model, file: Path, kept: Kept | None, seconds: float) -> Trained:
    return Trained(
        model=model.pickled,
        probabilities=file,
        seconds=seconds,
        log="\n".join([model.log, *(() if kept is None else (*kept.warned, kept.said))]),
        temperature=model.temperature,
        out_of_fold=model.out_of_fold,
        kept=kept,
    )


def _patience(spec: Spec) -> tuple[int, float | None]:
    """Return retries and timeout of the tasks. A command has them on the worker too,
    for each of its tries.
    """
    retries, timeout = spec.model.retries, spec.model.timeout
    if timeout and spec.model.command:
        timeout = timeout * (retries + 1) + BACK_OFF * 2**retries
    return retries, timeout
