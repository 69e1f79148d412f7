"""A model of a loop: trained in a job with a lease, its answers kept as blobs,
all in the log at once or not at all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from shortlist.loop import elsewhere
from shortlist.loop.cleanlab.issues import suspects as by_cleanlab
from shortlist.loop.cleanlab.training import of_crowd
from shortlist.loop.errors import LoopError, with_room
from shortlist.loop.facts.suspects import suspects
from shortlist.loop.keeping import BEFORE, about_job, keep, tidy
from shortlist.loop.kept.wanted import Wanted, wanted_of
from shortlist.loop.out_of_fold import held_of
from shortlist.loop.pool.hashing import number_of
from shortlist.loop.said import answered, rows_of, said_of
from shortlist.loop.store.summary import summary
from shortlist.loop.training import run_job, train
from shortlist.loop.training.few import LEAST_ROWS
from shortlist.writing import make_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from shortlist.arguments import Progress
    from shortlist.loop.ground import Ground, Training
    from shortlist.loop.out_of_fold import Held
    from shortlist.loop.store import Job, Model, Store
    from shortlist.loop.training import Trained

LEASE = 7 * 86400.0
"""Seconds. A job whose process has died is over before."""


def learn(
    store: Store,
    ground: Ground,
    training: Training,
    *,
    position: int,
    why: str,
    before: Mapping[str, Any] | None,
    supersede: bool = False,
    fit: Callable[..., Any] | None = None,
    progress: Progress | None = None,
) -> Model | None:
    """Train the next model and keep it; where that fails the loop is as it was,
    and the job says why.

    None where the training was only submitted: `elsewhere.take_in` brings its result.
    """
    number, rounds, spec = len(store.models()) + 1, store.rounds(), ground.spec
    attempt = elsewhere.next_attempt(store, spec)
    facts = {
        "round": rounds[-1].number if rounds else 0,
        "position": position,
        "labels": len(training.all_labels),
        "why": why,
        # As scikit-learn and SQLite hold.
        "seed": number_of(spec.seed_number, "model", number) % (1 << 31),
        BEFORE: before,
    }
    submits = spec.model.poll is not None and fit is None
    lease = spec.model.timeout if submits and spec.model.timeout else LEASE
    job = store.begin_job("train", lease, supersede=supersede)
    try:
        with with_room(store.folder):
            place = make_folder(ground.cache / f"training-{job.number}", "folder")
            if submits:
                elsewhere.send(store, ground, training, place, job, facts, attempt)
                return None
            trained = _trained(store, ground, training, place, job, facts, fit, progress, keeps=True)
            held = held_of(ground, training, trained)
            crowd = of_crowd(store, ground, held, position, number)
            return keep(store, ground, job, trained, facts, _suspects(ground, held), held, crowd)
    except BaseException as error:
        said = "it was interrupted" if isinstance(error, KeyboardInterrupt) else str(error) or type(error).__name__
        store.finish_job(job.token, False, {"error": said, **({"attempt": attempt} if submits else {})})
        # One log is enough, where training fails for ever.
        tidy(ground.cache, job.number - 1, store.running_jobs())
        raise


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
    """Train a model that is none of the loop's: it picks no rows, and no rule sees it.
    It is kept with its job.

    Returns
    -------
    dict
        What the job says of it: `detail`, with ``blob``, ``labels`` and ``log``.
    """
    job = store.begin_job(kind, LEASE)
    try:
        facts = {"position": position, "seed": number_of(ground.spec.seed_number, kind, position) % (1 << 31)}
        with with_room(store.folder):
            place = make_folder(ground.cache / f"training-{job.number}", "folder")
            trained = _trained(store, ground, training, place, job, facts, fit, progress)
            blob = None if trained.model is None else store.put_blob(trained.model)
    except BaseException as error:
        store.finish_job(job.token, False, {"error": str(error) or type(error).__name__})
        raise
    found = {**detail, "blob": blob, "labels": len(training.all_labels), "log": trained.log}
    used = store.finish_job(job.token, True, found)
    tidy(ground.cache, job.number, store.running_jobs())
    if not used:
        raise LoopError("another process has begun the same meanwhile, and this one's result is not used")
    return found


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
    there = answered(store, models[-1], rows)
    if not there.all() and ground.spec.retrain.where == "local":
        from shortlist.loop.kept.again import asked_now

        answers = asked_now(store, ground, models[-1], rows).argmax(axis=1)
        return [ground.spec.classes[code] for code in answers.tolist()]
    if not there.all():
        where = int(np.argmin(there))
        raise LoopError(
            f"the answer for row {ids[where]!r} (place {where} of ids) stayed on the cluster; accepted are rows that rounds may "
            "reach, were asked for, or validate"
        )
    answers = said_of(store, models[-1], rows).argmax(axis=1)
    return [ground.spec.classes[code] for code in answers.tolist()]


def _trained(
    store: Store,
    ground: Ground,
    training: Training,
    place: Path,
    job: Job,
    facts: Mapping[str, Any],
    fit: Callable[..., Any] | None,
    progress: Progress | None,
    *,
    keeps: bool = False,
) -> Trained:
    """Train wherever the specification says; `keeps` is whether rounds will go by the answers."""
    spec, about, seed = ground.spec, about_job(store, job, facts), facts["seed"]
    pool, features = ground.pool, ground.features
    rows, labels, weights = training.rows, training.labels, training.weights
    where, address = spec.retrain.where, spec.retrain.address
    if where in ("dask", "ray") and fit is None:
        from shortlist.loop.training.clusters import train_on

        # A model that picks no rows is not asked about any.
        wanted = Wanted()
        if keeps:
            wanted = wanted_of(store, ground, summary(store, spec, facts["position"]), pool.rows)
        given = (spec, pool, features, rows, labels, weights, seed, place)
        return train_on(where, address, *given, extra=training.extra, job=about, wanted=wanted)
    if spec.model.command and fit is None:
        return run_job(spec, place, about, pool, rows, labels, weights)
    needed: Wanted | None = None
    if keeps and spec.model.screen and fit is None and pool.rows >= LEAST_ROWS:
        needed = wanted_of(store, ground, summary(store, spec, facts["position"]), pool.rows)
    return train(
        spec, pool, features, rows, labels, weights, seed, place,
        extra=training.extra, fit=fit, wanted=needed, progress=progress,
    )  # fmt: skip


def _suspects(ground: Ground, held: Held | None) -> list[str] | None:
    """Return rows whose label may be wrong, the most suspect first;
    None where nothing looks for them.
    """
    spec = ground.spec
    if held is None or (spec.check.issues is None and not spec.round.relabel):
        return None
    find = by_cleanlab if spec.check.issues == "cleanlab" else suspects
    return [held.ids[row] for row in find(held.codes, held.probabilities).tolist()]
