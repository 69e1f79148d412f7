"""Calls of the compiled half of Shortlist that ask for memory: what `attacks.memory` and a test under real limits go through."""

from __future__ import annotations

import pickle
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import ExtraTreesClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import MLPClassifier

import shortlist as sl
from shortlist import _core

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


class Call(NamedTuple):
    """What may lack memory, and how to look at what came of it."""

    work: Callable[[], Any]
    look: Callable[[Any], Any] = lambda came: came


def calls(rows: int, long: int, folder: Path) -> dict[str, Call]:
    """Return calls by their names, on pools of so many rows, and on three rows of so many features."""
    rng = np.random.default_rng(0)
    x = rng.dirichlet((1, 1), rows).astype(np.float32)
    deep = rng.dirichlet(np.ones(100), rows // 10).astype(np.float32)
    embeddings = rng.random((rows // 10, 64), dtype=np.float32)
    wide = rng.random((3, long), dtype=np.float32)
    scores, half, k = x[:, 0].copy(), rows // 2, rows - rows // 6
    ten, many = np.arange(rows) % 10, np.arange(rows) % (rows // 4)
    path = folder / "pool.npy"
    np.save(path, deep)
    parts = [folder / "front.npy", folder / "back.npy"]
    for part, of in zip(parts, np.array_split(embeddings, 2), strict=True):
        np.save(part, of)
    weights = embeddings[:, 0].astype(np.float64)

    def selected(part: slice, first_id: int, groups: Any = None) -> sl.Selector:
        made = sl.Selector("margin", None if groups is not None else k, per_group=None if groups is None else 2)
        return made.update(x[part], first_id=first_id, groups=groups)

    front, back = slice(None, half), slice(half, None)
    whole, one, other = selected(slice(None), 0), selected(front, 0), selected(back, half)
    grouped, others = selected(front, 0, many[front] // 2), selected(back, half, many[back])
    saved, saved_groups = pickle.dumps(whole), pickle.dumps(grouped)
    open_state = selected(front, 0)

    def drafted() -> _core.Selector:
        made = _core.Selector(k)
        made.update_scores(scores)
        made.update_scores(scores, first_id=10**7)
        return made

    answers = np.arange(300) % 5
    linear = LogisticRegression(max_iter=2000).fit(embeddings[:300], answers)
    forest = RandomForestClassifier(20, random_state=0, n_jobs=1).fit(embeddings[:2000], np.arange(2000) % 5)
    trees = ExtraTreesClassifier(20, random_state=0, n_jobs=1).fit(embeddings[:2000], np.arange(2000) % 5)
    network = MLPClassifier((8,), max_iter=3, random_state=0)
    calibrated = CalibratedClassifierCV(linear, method="isotonic", cv=3).fit(embeddings[:2000], np.arange(2000) % 5)
    with np.errstate(all="ignore"):
        network.fit(embeddings[:300], answers)

    def queried(model: Any) -> Any:
        return sl.uncertainty_sampling(model, embeddings, 50)

    faulty = np.where(np.arange(rows)[:, None] % 7, x, np.nan)

    def apart(some: Any, others: Any) -> Any:
        return np.abs(some[:, None, :2] - others[None, :, :2]).sum(axis=2)

    two, seeded = {"n_threads": 2}, {"n_threads": 2, "random_state": 1}
    made: dict[str, Call | Callable[[], Any]] = {
        "select": lambda: sl.select(x, "margin", k, n_threads=1),
        "select by two": lambda: sl.select(x, "entropy", k, **two),
        "select in blocks": lambda: sl.select([x[front], x[back]], "margin", k, **two),
        "select from a file": lambda: sl.select(path, "margin", rows // 40, **two),
        "select in Fortran order": lambda: sl.select(np.asfortranarray(deep), "entropy", 1000, **two),
        "random": lambda: sl.select(x, "random", k, random_state=1),
        "softrank": lambda: sl.select(x, "margin", rows // 6, perturb="softrank", **seeded),
        "softmax": lambda: sl.select(x, "margin", k, perturb="softmax", **seeded),
        "select with rows excluded": lambda: sl.select(x, "margin", rows // 6, exclude=np.arange(0, rows, 2), **two),
        "quotas": lambda: sl.select(x, "margin", rows // 10, groups=ten, quotas="proportional", n_threads=1),
        "many groups by two": lambda: sl.select(x, "margin", None, groups=many, per_group=2, **two),
        "groups by their names": lambda: sl.select(x, "margin", None, groups=many.astype(str), per_group=2, **two),
        "many quotas by two": lambda: sl.select(x, "margin", half, groups=many, quotas="proportional", **two),
        "score": lambda: sl.score(x, "entropy", **two),
        "select from faulty rows": lambda: sl.select(faulty, "margin", 9, invalid="skip", **two),
        "score a committee": lambda: sl.score([deep, deep[::-1].copy()], "consensus_entropy", **two),
        "select by a committee": lambda: sl.select([deep, deep[::-1].copy()], "vote_entropy", 1000, **two),
        "update": Call(lambda: open_state.update(x[back], first_id=half), lambda came: came.finish()),
        "updates": Call(drafted, lambda came: came.finish()),
        "finish": whole.finish,
        "merge": Call(lambda: one.merge(other), lambda _: one.finish()),
        "merge of many groups": Call(lambda: grouped.merge(others), lambda _: grouped.finish()),
        "pickle": lambda: pickle.dumps(whole),
        "unpickle": Call(lambda: pickle.loads(saved), lambda came: came.finish()),
        "unpickle many groups": Call(lambda: pickle.loads(saved_groups), lambda came: came.finish()),
        "k_center": lambda: sl.k_center(x, 2, n_threads=1),
        "k_center of long rows": lambda: sl.k_center(wide, 2, **two),
        "k_center by cosine": lambda: sl.k_center(embeddings, 9, metric="cosine", among=np.arange(0, 900, 2), **two),
        "k_center in blocks": lambda: sl.k_center(parts, 9, **two),
        "k_center by a callable": lambda: sl.k_center(embeddings[:300], 5, metric=apart, **two),
        "kmeans_plus_plus": lambda: sl.kmeans_plus_plus(embeddings, 9, **seeded),
        "badge": lambda: sl.badge(deep[:900], embeddings[:900], 9, **seeded),
        "ranked_batch": lambda: sl.ranked_batch(embeddings[:900], weights[:900], 9, **two),
        "ranked_batch in blocks": lambda: sl.ranked_batch(parts, weights, 9, labelled=deep[:5, :64], **two),
        "diverse_uncertain": lambda: sl.diverse_uncertain(x, x[:, 0].astype(np.float64), 2, **two),
        "herding": lambda: sl.herding(embeddings, 9, **two),
        "herding of long rows": lambda: sl.herding(wide, 2, n_threads=1),
        "density": lambda: sl.density(embeddings[:900], **two),
        "density of long rows": lambda: sl.density(wide, **two),
        "min_distances": lambda: sl.min_distances(embeddings, embeddings[:900], **two),
        "typiclust": lambda: sl.typiclust(wide, 2, n_threads=1, random_state=1),
        "a linear model": lambda: queried(linear),
        "a forest": lambda: queried(forest),
        "extra trees": lambda: queried(trees),
        "a network": lambda: queried(network),
        "a calibrated model": lambda: queried(calibrated),
        "a committee": lambda: sl.Committee([sl.ActiveLearner(linear), sl.ActiveLearner(forest)]).query(embeddings, 50),
    }
    return {name: call if isinstance(call, Call) else Call(call) for name, call in made.items()}


def answer(came: Any) -> bytes:
    """Return what a call gave, as bytes that are equal where it is."""
    if isinstance(came, sl.Selection):
        return answer((came.indices, came.scores))
    if isinstance(came, (tuple, list)):
        return b"".join(map(answer, came))
    if isinstance(came, np.ndarray):
        return str(came.dtype).encode() + came.tobytes()
    return came if isinstance(came, bytes) else repr(came).encode()
