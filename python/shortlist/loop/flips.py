"""How much a model would change its mind if it were trained again,
told by a cheap stand-in for it.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np

from shortlist.loop.held import that_train
from shortlist.loop.pool.choosing import lowest
from shortlist.loop.pool.hashing import number_of, text_hashes, uniform
from shortlist.loop.store.answers import fold
from shortlist.loop.training.imports import joined
from shortlist.writing import write_text

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from shortlist.loop.ground import Ground, Training
    from shortlist.loop.store import Model, Store

ROWS = 2_000
"""Rows whose answers are compared, drawn by a hash outside the stratum."""
LABELS = 5_000
"""Labels that a stand-in is fitted to at most, drawn by a hash."""
FILE = "flips.json"


def flips(store: Store, ground: Ground, last: Model, training: Training) -> float | None:
    """Return the share of rows on which a logistic model answers otherwise now than with the
    labels of the last model.

    None where labels of one class alone leave nothing to compare. It is fitted again only where
    labels have changed.
    """
    file = store.folder / "cache" / FILE
    kept = _kept(file)
    features = ground.version()
    then = [features, last.number, last.position, ground.spec.version]
    now = [*then, _told(training)]
    if kept.get("now") == now:
        return kept["share"]  # type: ignore[no-any-return]
    rows = np.sort(lowest(ground.pool, number_of(ground.spec.seed_number, "flips"), ROWS, ground.held.mask))
    matrix = ground.features.transform(ground.pool.raw(rows))
    before = kept["answers"] if kept.get("then") == then else None
    if before is None:
        labels = fold(store.events(until=last.position), ground.spec).labels
        trained = that_train(store, ground.spec, labels, last.position, last.number - 1)
        before = _answers(ground, ground.training(trained), matrix)
    after = _answers(ground, training, matrix)
    share = None
    if before is not None and after is not None and len(rows):
        share = float(np.mean(np.array(before) != np.array(after)))
    # Where the file can't be written, it is made another time.
    with contextlib.suppress(OSError):
        write_text(file, [json.dumps({"then": then, "answers": before, "now": now, "share": share})])
    return share


def _answers(ground: Ground, training: Training, matrix: Any) -> list[str] | None:
    """Return what a stand-in says that is fitted to some labels;
    None where they are of one class.
    """
    from scipy.sparse import issparse
    from sklearn.linear_model import LogisticRegression
    from threadpoolctl import threadpool_limits

    labels, weights, raw = np.array(training.all_labels), training.weights, ground.pool.raw(training.rows)
    seed = number_of(ground.spec.seed_number, "flips", "labels")
    numbers = ground.pool.numbers_of(seed, training.rows)
    if training.extra is not None:
        raw = joined(raw, training.extra.raw)
        weights = np.concatenate([weights, np.ones(len(training.extra.ids))])
        hashes = text_hashes(own.encode("utf-8", "surrogatepass") for own in training.extra.ids)
        numbers = np.concatenate([numbers, uniform(hashes, seed)])
    chosen = np.sort(np.lexsort((np.arange(len(numbers)), numbers))[:LABELS])
    if len(set(labels[chosen].tolist())) < 2:
        return None
    given = ground.features.transform(raw)[chosen]
    model = LogisticRegression(C=10.0 if issparse(given) else 1.0, max_iter=200)
    with threadpool_limits(limits=1), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a stand-in that has not converged stands in as well
        found: NDArray[Any] = model.fit(given, labels[chosen], weights[chosen]).predict(matrix)
    return list(map(str, found.tolist()))


def _told(training: Training) -> str:
    """Return one word for the labels that train."""
    told = json.dumps([training.rows.tolist(), training.all_labels])
    return hashlib.blake2b(told.encode(), digest_size=16).hexdigest()


def _kept(file: Path) -> dict[str, Any]:
    try:
        kept = json.loads(file.read_bytes())
    except (OSError, ValueError):
        return {}
    return kept if isinstance(kept, dict) else {}
