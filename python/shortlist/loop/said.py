"""What models say of rows, as it was kept: of all that they have scored,
or of those that a cluster brought back.
"""

from __future__ import annotations

import io
import os
from typing import TYPE_CHECKING

import numpy as np

from shortlist.loop.kept.answers import KeptAnswers, TooFewKeptError, cuts_of
from shortlist.loop.pool.tables.vectors import Matrix
from shortlist.loop.store.blobs import chunks_of
from shortlist.npy import NpyFile
from shortlist.writing import write_bytes

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path
    from typing import Any

    from numpy.typing import NDArray

    from shortlist.loop.kept.joined import Kept
    from shortlist.loop.store import Model, Store

KEPT = "kept"
"""In a model's estimate, and in the detail of a job that has scored the pool again:
which answers came back.
"""
ALL = "all_answers"
"""In a model's estimate: why a cluster has brought all answers back."""
SCORE = "score"
"""The kind of these jobs."""


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


def answers_then(store: Store, model: Model, number: int, folder: Path) -> Path | KeptAnswers | None:
    """Return what a model says as it was known when a round was planned:
    what came back last, up to then.

    A file of all answers is given a name in a folder.
    """
    if not model.probabilities:
        return None
    *_, (blob, about) = _brought(store, model, number)
    return _kept(store, blob, about) or answers_file(store, blob, folder)


def said_of(store: Store, model: Model, rows: NDArray[np.int64]) -> NDArray[np.float32]:
    """Return what a model says of some rows, which must have been in the pool when it was trained.

    Raises
    ------
    TooFewKeptError
        A row whose answer did not come back; `answered` says which did.
    """
    found = np.empty((len(rows), 0), np.float32)
    left = np.ones(len(rows), dtype=np.bool)
    for blob, about in _brought(store, model):
        kept = _kept(store, blob, about)
        if kept is None:
            file = NpyFile(store.blob(blob))
            shape = file.shape[0], file.shape[1]
            whole: NDArray[np.float32] = Matrix(file.path, file.dtype, shape, file.offset).take(rows)
            return whole
        if not found.shape[1]:
            found = np.empty((len(rows), kept.classes), np.float32)
        there = left & kept.holds(rows)
        found[there] = kept.take(rows[there])
        left &= ~there
    if left.any():
        lacking = rows[left].tolist()
        raise TooFewKeptError(f"what model {model.number} says of {len(lacking):,} rows stayed on the cluster", lacking)
    return found


def answered(store: Store, model: Model, rows: NDArray[np.int64]) -> NDArray[np.bool]:
    """Return for which rows of the pool it is known what a model says."""
    found = np.zeros(len(rows), dtype=np.bool)
    for blob, about in _brought(store, model):
        kept = _kept(store, blob, about)
        found |= rows < rows_of(store, model) if kept is None else kept.holds(rows)
    return found


def rows_of(store: Store, model: Model) -> int:
    """Return how many rows the pool had when a model was trained: it has scored those."""
    kept = model.estimate.get(KEPT)
    return int(kept["rows"]) if kept else int(NpyFile(store.blob(str(model.probabilities))).shape[0])


def asked_about(store: Store, model: Model) -> int:
    """Return how many rows of the pool a model was asked about when it was trained."""
    kept = model.estimate.get(KEPT)
    rows = rows_of(store, model) if model.probabilities else 0
    return int(kept.get("asked", rows)) if kept else rows


def scored(store: Store, model: Model) -> dict[str, Any] | None:
    """Return which answers are kept where they may not be all, as plain values;
    None for a model that was trained here and asked about all rows.

    ``rows`` were scored, answers for ``kept`` of them are here, and ``why`` says why they are all,
    where they are.
    """
    why, rows = model.estimate.get(ALL), rows_of(store, model) if model.probabilities else 0
    found = None if why is None else {"rows": rows, "kept": rows, "why": why}
    for _, about in _brought(store, model):
        if about:
            found = {"rows": rows, "kept": about.get("kept", rows), "why": about["all"] or None}
    return found


def uncertainty_of(store: Store, model: Model) -> Mapping[str, Mapping[str, float]] | None:
    """Return how uncertain a model is in each group, by column,
    where a cluster has found that out.
    """
    found = None
    for _, about in _brought(store, model):
        if about and about.get("places"):
            found = about["uncertainty"]
    return found


def kept_in(store: Store, kept: Kept, spec: str) -> dict[str, Any]:
    """Keep which rows answers are of, and return what is to be said of that;
    `spec` is the version of the specification.
    """
    if kept.places is None:
        return {**kept.about, "spec": spec}
    array = io.BytesIO()
    np.save(array, kept.places)
    return {**kept.about, "spec": spec, "places": store.put_blob(array.getvalue()), "kept": len(kept.places)}


def _brought(store: Store, model: Model, until: int | None = None) -> Iterator[tuple[str, Mapping[str, Any] | None]]:
    """Yield what came back of a model's answers, with what is known of it:
    at its training, and later for rounds.
    """
    about = model.estimate.get(KEPT)
    yield str(model.probabilities), about
    for job in store.jobs_of(SCORE) if about else ():
        mine = job.ok and job.detail["model"] == model.number
        if mine and (until is None or job.detail["round"] <= until):
            yield job.detail["probabilities"], job.detail[KEPT]


def _kept(store: Store, blob: str, about: Mapping[str, Any] | None) -> KeptAnswers | None:
    """Return answers for some rows; None where they are for all."""
    if not about or not about.get("places"):
        return None
    places = np.array(NpyFile(store.blob(about["places"])).array)
    return KeptAnswers(store.blob(blob), places, about["rows"], about["ties"], cuts_of(about["cuts"]))
