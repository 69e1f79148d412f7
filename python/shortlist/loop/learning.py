"""A model of a loop: trained in a job with a lease, its answers kept as blobs, all in the log at once or not at all."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING, Any

import numpy as np

from shortlist.loop.cleanlab.issues import suspects as by_cleanlab
from shortlist.loop.cleanlab.training import of_crowd
from shortlist.loop.errors import LoopError
from shortlist.loop.facts.suspects import suspects
from shortlist.loop.held import held_of
from shortlist.loop.pool.hashing import number_of
from shortlist.loop.pool.tables.vectors import Matrix
from shortlist.loop.store import Model
from shortlist.loop.store.blobs import chunks_of
from shortlist.loop.training import run_job, train
from shortlist.npy import NpyFile
from shortlist.writing import make_folder, write_bytes

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from shortlist.arguments import Progress
    from shortlist.loop.ground import Ground, Training
    from shortlist.loop.held import Held
    from shortlist.loop.store import Job, Store
    from shortlist.loop.training import Trained

LEASE = 7 * 86400.0
"""Seconds. A job whose process has died is over before."""
BEFORE = "before"
"""In a model's estimate: what was known of the model before, when this one was trained. Rules of stopping see it."""


def learn(
    store: Store,
    ground: Ground,
    training: Training,
    *,
    position: int,
    why: str,
    before: Mapping[str, Any] | None,
    fit: Callable[..., Any] | None = None,
    progress: Progress | None = None,
) -> Model:
    """Train the next model and keep it; where that fails the loop is as it was, and the job says why."""
    number = len(store.models()) + 1
    seed = number_of(ground.spec.seed_number, "model", number) % (1 << 31)  # as scikit-learn and SQLite hold
    rounds = store.rounds()
    job = store.begin_job("train", LEASE)
    try:
        place = make_folder(ground.cache / f"training-{job.number}", "folder")
        trained = _trained(store, ground, training, place, seed, position, job, fit, progress)
        blob = None if trained.model is None else store.put_blob(trained.model)
        said = store.put_blob(trained.probabilities)
        members = None if trained.members is None else store.put_blob(trained.members)
        held = held_of(ground, training, trained)
        crowd = of_crowd(store, ground, held, position, number)
        found = _suspects(ground, held)
        kept = {} if held is None else held.kept(store)
        log = "\n".join(filter(None, (trained.log, crowd.log)))
    except BaseException as error:
        store.finish_job(job.token, False, {"error": str(error) or type(error).__name__})
        raise
    about = {
        "members": members,
        "suspects": found,
        "temperature": trained.temperature,
        "log": log,
        **kept,
        **crowd.kept,
        BEFORE: before,
    }
    model = Model(
        number=number,
        round=rounds[-1].number if rounds else 0,
        position=position,
        labels=len(training.all_labels),
        why=why,
        seed=seed,
        blob=blob,
        probabilities=said,
        seconds=trained.seconds,
        estimate=about,
    )
    with store.transaction():
        used = store.finish_job(job.token, True, {"log": log, "model": number})
        if used:
            store.add_model(model)
            store.append(crowd.events)
    _tidy(ground.cache, job.number)
    if not used:
        raise LoopError("another training has begun meanwhile, and this one's result is not used")
    return store.models()[-1]


def learn_apart(
    store: Store,
    ground: Ground,
    training: Training,
    *,
    position: int,
    kind: str,
    detail: Mapping[str, Any],
    fit: Callable[..., Any] | None = None,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Train a model that is none of the loop's: it picks no rows, and no rule sees it. It is kept with its job.

    Returns
    -------
    dict
        What the job says of it: `detail`, with ``blob``, ``labels`` and ``log``.
    """
    job = store.begin_job(kind, LEASE)
    try:
        place = make_folder(ground.cache / f"training-{job.number}", "folder")
        seed = number_of(ground.spec.seed_number, kind, position) % (1 << 31)
        trained = _trained(store, ground, training, place, seed, position, job, fit, progress)
        blob = None if trained.model is None else store.put_blob(trained.model)
    except BaseException as error:
        store.finish_job(job.token, False, {"error": str(error) or type(error).__name__})
        raise
    found = {**detail, "blob": blob, "labels": len(training.all_labels), "log": trained.log}
    used = store.finish_job(job.token, True, found)
    _tidy(ground.cache, job.number)
    if not used:
        raise LoopError("another process has begun the same meanwhile, and this one's result is not used")
    return found


def answers_file(store: Store, blob: str, folder: Path) -> Path:
    """Give a kept array a name in a folder that says what kind of file it is."""
    path, kept = folder / f"{blob}.npy", store.blob(blob)
    try:
        os.link(kept, path)
    except FileExistsError:
        pass
    except OSError:  # a disk without links
        write_bytes(path, chunks_of(kept))
    return path


def said_of(store: Store, model: Model, rows: NDArray[np.int64]) -> NDArray[np.float32]:
    """Return what a model says of some rows, which must have been in the pool when it was trained."""
    file = NpyFile(store.blob(str(model.probabilities)))
    found: NDArray[np.float32] = Matrix(file.path, file.dtype, (file.shape[0], file.shape[1]), file.offset).take(rows)
    return found


def rows_of(store: Store, model: Model) -> int:
    """Return how many rows the pool had when a model was trained: it has answers for those."""
    return int(NpyFile(store.blob(str(model.probabilities))).shape[0])


def predict(store: Store, ground: Ground, ids: Sequence[str]) -> list[str]:
    """Return the class that the last model gives to each of some rows."""
    models = store.models()
    if not models:
        raise LoopError("there is no model yet; one is trained once [retrain] when holds")
    rows = ground.pool.index_of(list(ids))
    known = (rows >= 0) & (rows < rows_of(store, models[-1]))
    if not known.all():
        where = int(np.argmin(known))
        why = "is not in the pool" if rows[where] < 0 else "came after the last model was trained"
        raise LoopError(f"row {ids[where]!r} (place {where} of ids) {why}; accepted are rows that the model has scored")
    answers = said_of(store, models[-1], rows).argmax(axis=1)
    return [ground.spec.classes[code] for code in answers.tolist()]


def _tidy(cache: Path, last: int) -> None:
    """Remove what trainings up to one have left: those that failed leave their logs until one succeeds."""
    for path in cache.glob("training-*"):
        if int(path.name.removeprefix("training-")) <= last:
            shutil.rmtree(path, ignore_errors=True)


def _trained(
    store: Store,
    ground: Ground,
    training: Training,
    place: Path,
    seed: int,
    position: int,
    job: Job,
    fit: Callable[..., Any] | None,
    progress: Progress | None,
) -> Trained:
    spec = ground.spec
    if spec.model.command and fit is None:
        about = {
            "loop": store.id,
            "round": len(store.rounds()),
            "seed": seed,
            "token": job.token,
            "position": position,
        }
        return run_job(spec, place, about, ground.pool, training.rows, training.labels, training.weights)
    return train(
        spec,
        ground.pool,
        ground.features,
        training.rows,
        training.labels,
        training.weights,
        seed,
        place,
        extra=training.extra,
        fit=fit,
        progress=progress,
    )


def _suspects(ground: Ground, held: Held | None) -> list[str] | None:
    """Return rows whose label may be wrong, the most suspect first; None where nothing looks for them."""
    spec = ground.spec
    if held is None or (spec.check.issues is None and not spec.round.relabel):
        return None
    find = by_cleanlab if spec.check.issues == "cleanlab" else suspects
    return [held.ids[row] for row in find(held.codes, held.probabilities).tolist()]
