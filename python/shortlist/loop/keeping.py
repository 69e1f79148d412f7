"""What a training brought, kept: its arrays as blobs, and the model in the log,
unless the job was superseded.
"""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

from shortlist.loop.cleanlab.training import OfCrowd
from shortlist.loop.errors import LoopError
from shortlist.loop.said import ALL, KEPT, kept_in
from shortlist.loop.store import Model

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from shortlist.loop.ground import Ground
    from shortlist.loop.out_of_fold import Held
    from shortlist.loop.store import Job, Store
    from shortlist.loop.training import Trained

BEFORE = "before"
"""In a model's estimate: what was known of the model before, when this one was trained.
Rules of stopping see it.
"""


def about_job(store: Store, job: Job, facts: Mapping[str, Any]) -> dict[str, Any]:
    """Return what whoever trains elsewhere is told of a job."""
    return {
        "loop": store.id,
        "round": len(store.rounds()),
        "seed": facts["seed"],
        "token": job.token,
        "position": facts["position"],
    }


def keep(
    store: Store,
    ground: Ground,
    job: Job,
    trained: Trained,
    facts: Mapping[str, Any],
    suspected: list[str] | None = None,
    held: Held | None = None,
    crowd: OfCrowd | None = None,
) -> Model:
    """Keep what a job brought as the next model.

    Raises
    ------
    LoopError
        Another training has begun meanwhile: the result is kept with the job, and not used.
    """
    blob = None if trained.model is None else store.put_blob(trained.model)
    said = store.put_blob(trained.probabilities)
    members = None if trained.members is None else store.put_blob(trained.members)
    crowd = OfCrowd() if crowd is None else crowd
    log = "\n".join(filter(None, (trained.log, crowd.log)))
    about = {
        "members": members,
        "suspects": suspected,
        "temperature": trained.temperature,
        "log": log,
        **({} if held is None else held.kept(store)),
        **crowd.kept,
        **({} if trained.kept is None else {KEPT: kept_in(store, trained.kept, ground.spec.version)}),
        **({} if trained.why_all is None else {ALL: trained.why_all}),
        BEFORE: facts[BEFORE],
    }
    with store.transaction():
        number = len(store.models()) + 1
        detail = {"log": log, "probabilities": said, "blob": blob, "members": members}
        used = store.finish_job(job.token, True, detail)
        if used:
            given = {name: facts[name] for name in ("round", "position", "labels", "why", "seed")}
            store.add_model(
                Model(number=number, **given, blob=blob, probabilities=said, seconds=trained.seconds, estimate=about)
            )
            store.append(crowd.events)
    tidy(ground.cache, job.number, store.running_jobs())
    if not used:
        raise LoopError(f"another training has begun since job {job.number}, whose result is kept and not used")
    return store.models()[-1]


def tidy(cache: Path, last: int, running: set[int]) -> None:
    """Remove what trainings up to one have left: those that failed leave
    their logs until one succeeds.
    """
    for path in cache.glob("training-*"):
        number = int(path.name.removeprefix("training-"))
        if number <= last and number not in running:
            shutil.rmtree(path, ignore_errors=True)
