"""Trainings that go on without this process: submitted now, asked about later,
and their results taken in by whoever comes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shortlist.loop.errors import LoopError
from shortlist.loop.keeping import about_job, keep
from shortlist.loop.store.times import now, seconds_between
from shortlist.loop.training.command import LOG, tail_of, write_job
from shortlist.loop.training.returned import read_answers
from shortlist.loop.training.submitted import NoAnswer, asked, log_of, submit
from shortlist.loop.training.trained import Trained

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from shortlist.loop.ground import Ground, Training
    from shortlist.loop.spec import Spec
    from shortlist.loop.store import Job, Model, Store


def send(
    store: Store,
    ground: Ground,
    training: Training,
    place: Path,
    job: Job,
    facts: Mapping[str, Any],
    attempt: int,
) -> None:
    """Submit a training by the command of ``[model]``;
    the job is under way until its lease is over.
    """
    rows, labels, weights = training.rows, training.labels, training.weights
    spec, folder = ground.spec, place.resolve()
    about = write_job(spec, folder, about_job(store, job, facts), ground.pool, rows, labels, weights)
    submit(spec, folder)
    detail = {"facts": dict(facts), "attempt": attempt, "spec": spec.version, "job": about, "place": place.name}
    if not store.send_job(job.token, detail):
        raise LoopError("another training has begun meanwhile, and this one's result is not used")


def take_in(store: Store, ground: Ground) -> Model | None:
    """Take in what trainings that were submitted have brought;
    return the model of the last one, if it is done.

    A result of one that was superseded is kept with its job, and not used.

    Raises
    ------
    LoopError
        The last one has failed at every try, nobody can say how it is, or rows of the pool have
        changed.
    """
    found, sent = None, store.sent_jobs("train")
    if sent:
        ground.version()  # a pool that has changed is no fault of the job's
    for job in sent:
        last = store.job("train")
        take = _result if last is not None and job.number == last.number else _late
        try:
            found = take(store, ground, job)
        except OSError:
            # Whoever was faster to take it in removes its folder behind them.
            if next(each.ended for each in store.jobs() if each.number == job.number) is None:
                raise
    return found


def next_attempt(store: Store, spec: Spec) -> int:
    """Return which try the next submission is: the first one,
    or one more where the last has failed before its last try.
    """
    last = store.job("train")
    attempt = 0 if last is None or last.ok is not False else int(last.detail.get("attempt", 0))
    return attempt + 1 if spec.model.poll is not None and attempt <= spec.model.retries else 1


def under_way(store: Store) -> str | None:
    """Return a sentence on the training that is under way, if there is one."""
    job = store.under_way("train")
    if job is None:
        return None
    where = f", submitted as job {job.number}" if job.detail else ""
    return f"a training is under way since {job.begun[:16].replace('T', ' ')} UTC{where}"


def log_now(store: Store) -> str:
    """Return the last line that a training under way has written to its log;
    nothing where there is none.
    """
    job = store.under_way("train")
    log = store.folder / "cache" / f"training-{job.number}" / LOG if job else None
    return tail_of(log, 1) if log else ""


def _result(store: Store, ground: Ground, job: Job) -> Model | None:
    spec, place = store.spec_of_version(job.detail["spec"]), _place(ground, job)
    over = job.until <= now()
    try:
        done = asked(spec, place) == "done"
        if not done and over:
            lease = seconds_between(job.begun, job.until)
            raise LoopError(f"nothing came within {lease:g} s; {log_of(place)}")
        trained = _read(ground, job, spec, place) if done else None
    except LoopError as error:
        if isinstance(error, NoAnswer) and not over:
            raise
        attempt = int(job.detail["attempt"])
        ended = store.finish_job(job.token, False, {"error": str(error), "attempt": attempt})
        if attempt <= spec.model.retries or not ended:
            return None
        tries = f" at {attempt} tries" if attempt > 1 else ""
        raise LoopError(f"the job failed{tries}: {error}") from None
    if trained is None:
        return None
    try:
        return keep(store, ground, job, trained, job.detail["facts"], None)
    except LoopError:
        if next(each.used for each in store.jobs() if each.number == job.number):
            return None  # somebody else was faster to take it in
        raise


def _late(store: Store, ground: Ground, job: Job) -> None:
    """Keep what one that was superseded has brought, if it has."""
    spec, place = store.spec_of_version(job.detail["spec"]), _place(ground, job)
    try:
        if asked(spec, place) == "done":
            trained = _read(ground, job, spec, place)
            blob = store.put_blob(trained.probabilities)
            store.finish_job(job.token, True, {"log": trained.log, "probabilities": blob})
        elif job.until <= now():
            store.finish_job(
                job.token, False, {"error": "it was superseded, and brought nothing while its lease lasted"}
            )
    except NoAnswer:
        return
    except LoopError as error:
        store.finish_job(job.token, False, {"error": str(error)})


def _read(ground: Ground, job: Job, spec: Spec, place: Path) -> Trained:
    path = read_answers(spec, ground.pool, place, job.detail["job"])
    log = (place / LOG).read_text(encoding="utf-8", errors="replace")
    return Trained(None, path, seconds_between(job.begun, now()), log)


def _place(ground: Ground, job: Job) -> Path:
    return (ground.cache / str(job.detail["place"])).resolve()
