"""A model of a loop: trained in a job with a lease, its answers kept as blobs, all in the log at once or not at all."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING, Any

import numpy as np

from shortlist.loop.errors import LoopError, with_room
from shortlist.loop.facts.suspects import suspects
from shortlist.loop.pool.hashing import number_of
from shortlist.loop.pool.tables.vectors import Matrix
from shortlist.loop.store import Model
from shortlist.loop.store.blobs import chunks_of
from shortlist.loop.training import run_job, train
from shortlist.npy import NpyFile
from shortlist.writing import make_folder, write_bytes

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from shortlist.arguments import Progress
    from shortlist.loop.ground import Ground, Training
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
        with with_room(store.folder):
            place = make_folder(ground.cache / f"training-{job.number}", "folder")
            trained = _trained(store, ground, training, place, seed, position, job, fit, progress)
            blob = None if trained.model is None else store.put_blob(trained.model)
            said = store.put_blob(trained.probabilities)
            members = None if trained.members is None else store.put_blob(trained.members)
    except BaseException as error:
        store.finish_job(job.token, False, {"error": str(error) or type(error).__name__})
        # One log is enough, where training fails for ever.
        _tidy(ground.cache, job.number - 1)
        raise
    about = {
        "members": members,
        "suspects": _suspects(ground, training, trained.out_of_fold),
        "temperature": trained.temperature,
        "log": trained.log,
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
        used = store.finish_job(job.token, True, {"log": trained.log, "model": number})
        if used:
            store.add_model(model)
    _tidy(ground.cache, job.number)
    if not used:
        raise LoopError("another training has begun meanwhile, and this one's result is not used")
    return store.models()[-1]


def answers_file(store: Store, blob: str) -> Path:
    """Return a kept array under a name that says what kind of file it is."""
    path = store.folder / "cache" / f"{blob}.npy"
    if not path.exists():
        make_folder(path.parent, "folder")
        kept = store.blob(blob)
        try:
            os.link(kept, path)
        except FileExistsError:
            pass
        except OSError:  # a disk without links
            write_bytes(path, chunks_of(kept))
    return path


def said_of(store: Store, model: Model, rows: NDArray[np.int64]) -> NDArray[np.float32]:
    """Return what a model says of some rows, which must have been in the pool when it was trained."""
    file = NpyFile(answers_file(store, str(model.probabilities)))
    found: NDArray[np.float32] = Matrix(file.path, file.dtype, (file.shape[0], file.shape[1]), file.offset).take(rows)
    return found


def rows_of(store: Store, model: Model) -> int:
    """Return how many rows the pool had when a model was trained: it has answers for those."""
    return int(NpyFile(answers_file(store, str(model.probabilities))).shape[0])


def _tidy(cache: Path, last: int) -> None:
    """Remove what trainings up to one have left."""
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


def _suspects(ground: Ground, training: Training, held: NDArray[np.float32] | None) -> list[str] | None:
    """Return rows whose label may be wrong, the most suspect first; None where nothing looks for them."""
    spec = ground.spec
    if held is None or (spec.check.issues is None and not spec.round.relabel):
        return None
    codes = np.array([spec.classes.index(label) for label in training.labels], dtype=np.int64)
    return ground.pool.id_of(training.rows[suspects(codes, held)])
