"""A pool that is scored once more by a model, as a round reaches further than
the answers that were kept.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from shortlist.loop.errors import LoopError, with_room
from shortlist.loop.ground import Ground
from shortlist.loop.kept.joined import joined
from shortlist.loop.kept.wanted import Wanted, wanted_of
from shortlist.loop.pool.features import Features
from shortlist.loop.said import KEPT, SCORE, kept_in, rows_of
from shortlist.loop.store.blobs import BlobMissingError, hash_of
from shortlist.loop.temporary import temporary_folder
from shortlist.loop.training.asked import Members
from shortlist.loop.training.at_work import Model as Pickled
from shortlist.loop.training.at_work import Scoring, loaded, score_in
from shortlist.loop.training.estimators import Block
from shortlist.loop.training.fitting import alone
from shortlist.npy import NpyFile

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from shortlist.loop.kept.answers import TooFewKeptError
    from shortlist.loop.kept.joined import Kept
    from shortlist.loop.store import Job, Model, Store
    from shortlist.loop.store.summary import Summary

LEASE = 86400.0
"""Seconds. A job whose process has died is over before."""


def score_again(
    store: Store,
    ground: Ground,
    said: Summary,
    model: Model,
    number: int,
    lacking: TooFewKeptError,
    *,
    everything: bool = False,
) -> None:
    """Let the cluster score the pool for a round, with the model that it trained,
    and keep what comes back.

    Where ``[retrain] where`` names no cluster any more, it is done in this process.

    Parameters
    ----------
    store, ground, said
        The loop's, and what its rows have come to.
    model : Model
        The last one.
    number : int
        The round that is to be planned.
    lacking : TooFewKeptError
        What it lacks.
    everything : bool
        Whether the answers for all rows are to come back.

    Raises
    ------
    LoopError
        It failed, or somebody else is at it. The loop is as it was, and the next call tries again.
    """
    job = store.begin_job(SCORE, LEASE)
    try:
        pickled = _bytes_of(store, model)
        rows = rows_of(store, model)
        columns = NpyFile(store.blob(str(model.probabilities))).shape[1]
        wanted = Wanted(str(lacking)) if everything else wanted_of(store, ground, said, rows, lacking.rows, columns)
        then = replace(ground.spec, model=store.spec_of_version(model.estimate[KEPT]["spec"]).model)
        # Whether the model sees texts or embeddings is a matter of its estimator.
        same = then.model.estimator == ground.spec.model.estimator
        pool = (ground if same else Ground(then, ground.cache, store)).pool
        scoring = Scoring(then, dict(pool.fingerprint), rows, wanted)
        with with_room(store.folder), temporary_folder(ground.cache) as place:
            kept = _scored(ground, job, scoring, pickled, pool, place / "probs.npy")
            brought = {"probabilities": store.put_blob(kept.file), KEPT: kept_in(store, kept, then.version)}
    except BaseException as error:
        said_so = "it was interrupted" if isinstance(error, KeyboardInterrupt) else str(error) or type(error).__name__
        store.finish_job(job.token, False, {"error": said_so})
        if isinstance(error, LoopError):
            raise LoopError(
                f"round {number} needs more of what model {model.number} says, as {lacking}; and the pool can't be scored "
                f"again: {error}"
            ) from error
        raise
    log = "\n".join([f"scored again, as {lacking}", *kept.warned, kept.said])
    store.finish_job(job.token, True, {"model": model.number, "round": number, "log": log, **brought})


def asked_now(store: Store, ground: Ground, model: Model, rows: NDArray[np.int64]) -> NDArray[np.float32]:
    """Return what a model that was trained here says of some rows, whether or not that was kept."""
    kept, pool = loaded(Pickled(_bytes_of(store, model)), ground.spec), ground.pool
    features = Features(kept["features"], pool, kept["seed"])
    with alone():
        return Members.of(kept).answers(Block(features, pool.raw(rows)), lambda row: pool.id_of(rows[row : row + 1])[0])


def _bytes_of(store: Store, model: Model) -> bytes:
    """Return a model's file, if it is the one that was kept."""
    blob = store.blob(str(model.blob))
    if hash_of(blob) != model.blob:
        raise BlobMissingError(f"{blob} has other bytes than were kept; bring it back from a backup")
    return blob.read_bytes()


def _scored(ground: Ground, job: Job, scoring: Scoring, model: bytes, pool: Any, out: Path) -> Kept:
    where = ground.spec.retrain.where
    if where in ("dask", "ray"):
        from shortlist.loop.training.clusters import score_on

        name = f"shortlist-score-{job.token}"
        return score_on(where, ground.spec.retrain.address, name, scoring, model, pool, out)
    part = score_in(pool, scoring, Pickled(model))
    return joined([] if part is None else [part], scoring.wanted, pool, scoring.rows, out)
