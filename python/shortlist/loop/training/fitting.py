"""Fitting models to labelled rows, and to folds of them."""

from __future__ import annotations

import pickle
import warnings
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from shortlist.disk import one_line
from shortlist.loop.errors import LoopError
from shortlist.loop.pool.hashing import mixed, number_of, text_hashes, uniform
from shortlist.loop.training.asked import Asked, Members, asker_of
from shortlist.loop.training.calibration import FEWEST, out_of_fold, temperature_of, warmed
from shortlist.loop.training.checking import checked
from shortlist.loop.training.estimators import NAMED, Block, default_for, estimator_of, part_of
from shortlist.loop.training.imports import joined

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

    from shortlist.loop.pool.contents import Raw
    from shortlist.loop.pool.features import Features
    from shortlist.loop.pool.rows import LoopPool
    from shortlist.loop.spec.model import Spec
    from shortlist.loop.training.imports import Extra


@dataclass(frozen=True, eq=False)
class _Given:
    """What one model is fitted with."""

    spec: Spec
    features: Features
    raw: Raw
    codes: NDArray[np.int64]
    weights: NDArray[np.float64] | None
    fit: Callable[..., Any] | None


@dataclass(frozen=True, eq=False)
class Fitted:
    """Models that are fitted, and what is known of how that went.

    Attributes
    ----------
    asked : Members
    out_of_fold : ndarray of float32 or None
        See `Trained`.
    log : list of str
    warned : set of str
        Warnings while they were fitted.
    """

    asked: Members
    out_of_fold: NDArray[np.float32] | None
    log: list[str]
    warned: set[str]
    _returns: str
    _features: Features

    def pickled(self) -> bytes | None:
        """Return the models with all that their answers are made of;
        None where they cannot be pickled.
        """
        models = [each.model for each in self.asked.models]
        if any(model is None for model in models):
            return None
        kept = {
            "models": models,
            "estimators": [each.name for each in self.asked.models],
            "classes": list(self.asked.classes),
            "returns": self._returns,
            "temperature": self.asked.temperature,
            "features": dict(self._features.state),
            "seed": self._features.seed,
        }
        try:
            return pickle.dumps(kept)
        except Exception:  # a model of the user's may hold anything
            return None


def fit_models(
    spec: Spec,
    pool: LoopPool,
    features: Features,
    rows: NDArray[np.int64],
    labels: Sequence[str],
    weights: NDArray[np.float64] | None,
    seed: int,
    *,
    extra: Extra | None = None,
    fit: Callable[..., Any] | None = None,
    told: Callable[[], object] | None = None,
) -> Fitted:
    """Fit the models of a specification to labelled rows;
    parameters are those of `train`, and `told` is called at each fit.
    """
    order = np.argsort(rows, kind="stable")
    rows = rows[order]
    sorted_labels, raw = [labels[i] for i in order.tolist()], pool.raw(rows)
    names_of, numbers = pool.id_of(rows), pool.numbers_of(number_of(seed, "folds"), rows)
    weights = None if weights is None else weights[order]
    if extra is not None:
        sorted_labels, raw, names_of = sorted_labels + extra.labels, joined(raw, extra.raw), names_of + extra.ids
        hashes = text_hashes(own.encode("utf-8", "surrogatepass") for own in extra.ids)
        numbers = np.concatenate([numbers, uniform(hashes, number_of(seed, "folds"))])
        weights = None if weights is None else np.concatenate([weights, np.ones(len(extra.ids))])
    codes = _codes(spec.classes, sorted_labels)
    given = _Given(spec, features, raw, codes, weights, fit)
    log: list[str] = [f"{len(codes):,} labels of {len(np.unique(codes))} of {len(spec.classes)} classes"]
    with alone() as caught:
        names = models_of(spec, pool)
        members = []
        for number, name in enumerate(names):
            members.append(_fitted(given, name, seed, number, len(names)))
            if told is not None:
                told()
        held, temperature = _held_out(given, names[0], seed, numbers, names_of, log, told)
    found = None
    if held is not None:
        found = np.empty_like(held[: len(rows)])
        found[order] = held[: len(rows)]
    asked = Members(members, spec.classes, spec.model.returns == "logits", temperature)
    return Fitted(asked, found, log, set(caught), spec.model.returns, features)


def models_of(spec: Spec, pool: LoopPool) -> list[str]:
    """Return the name of each model that is fitted."""
    return list(spec.model.committee) or [spec.model.estimator or default_for(pool.kind)] * spec.model.members


@contextmanager
def alone() -> Iterator[list[str]]:
    """Let linear algebra run on one thread, and yield a list that has what
    was warned of at the end.
    """
    from threadpoolctl import threadpool_limits

    found: list[str] = []
    with threadpool_limits(limits=1), warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        yield found
    found += {f"{each.category.__name__}: {one_line(Warning(str(each.message)))}" for each in caught}


def _codes(classes: Sequence[str], labels: list[str]) -> NDArray[np.int64]:
    places = {name: place for place, name in enumerate(classes)}
    odd = next((label for label in labels if label not in places), None)
    if odd is not None:
        raise LoopError(f"a label to train on is {odd!r}, which is none of the classes {', '.join(classes)}")
    codes = np.array([places[label] for label in labels], dtype=np.int64)
    if len(np.unique(codes)) < 2:
        said = f"all {len(labels):,} labels are {labels[0]!r}" if labels else "there is no label"
        raise LoopError(f"{said}; a model needs labels of at least two classes")
    return codes


def _fitted(given: _Given, name: str, seed: int, number: int, members: int) -> Asked:
    """Fit one model: to all rows, or as one of several of the same name to
    rows drawn with replacement.
    """
    chosen = np.arange(len(given.codes))
    if members > 1 and not given.spec.model.committee:
        chosen = _bootstrap(given.codes, number_of(seed, "member", number))
    return _predictor(given, name, number_of(seed, "model", number), chosen)


def _bootstrap(codes: NDArray[np.int64], seed: int) -> NDArray[np.int64]:
    """Draw rows of each class with replacement, so that no class is lost."""
    parts = []
    for code in np.unique(codes).tolist():
        mine = np.flatnonzero(codes == code)
        drawn = mixed(mine.astype(np.uint64) ^ np.uint64(seed)) % np.uint64(len(mine))
        parts.append(mine[drawn.astype(np.int64)])
    return np.sort(np.concatenate(parts))


def _predictor(given: _Given, name: str, seed: int, chosen: NDArray[np.int64]) -> Asked:
    """Fit a model to some of the rows, and return what asks it:
    raw rows to probabilities of all classes, in order.
    """
    spec = given.spec
    raw, labels = part_of(given.raw, chosen), np.array(spec.classes, dtype=object)[given.codes[chosen]]
    weights = None if given.weights is None else given.weights[chosen]
    block = Block(given.features, raw)
    name = "" if given.fit is not None else name
    try:
        if given.fit is not None:
            model = given.fit(block.input(name), labels)
        else:
            model = estimator_of(name, seed, spec.folder)
            # Codes and not names for our own: what they are sorted by is then the order of the
            # classes.
            model.fit(block.input(name), given.codes[chosen] if name in NAMED else labels, **_weighting(model, weights))
    except LoopError:
        raise
    except Exception as error:  # whatever a model of the user's does
        raise LoopError(f"the model cannot be fitted to {len(chosen):,} labels ({one_line(error)})") from error
    return asker_of(model, name, spec.classes)


def _weighting(model: Any, weights: NDArray[np.float64] | None) -> dict[str, Any]:
    """Return the weights as `fit` takes them; a model that takes none goes without."""
    from sklearn.utils.validation import has_fit_parameter

    if weights is None or bool((weights == weights[0]).all()):
        return {}
    if hasattr(model, "steps"):
        name, last = model.steps[-1]
        return {f"{name}__sample_weight": weights} if has_fit_parameter(last, "sample_weight") else {}
    return {"sample_weight": weights} if has_fit_parameter(model, "sample_weight") else {}


def _held_out(
    given: _Given,
    name: str,
    seed: int,
    numbers: NDArray[np.float64],
    ids: list[str],
    log: list[str],
    told: Callable[[], object] | None,
) -> tuple[NDArray[np.float32] | None, float]:
    """Return what models say of rows that they were not fitted to,
    and the temperature that this gives.
    """
    counts = np.bincount(given.codes, minlength=len(given.spec.classes))
    if len(ids) < 2 * FEWEST:
        return None, 1.0

    logits = given.spec.model.returns == "logits"

    def fit(rest: NDArray[np.int64]) -> Callable[[NDArray[np.int64]], NDArray[Any]]:
        model = _predictor(given, name, number_of(seed, "model", 0), rest)
        if told is not None:
            told()
        return lambda inside: checked(
            model(Block(given.features, part_of(given.raw, inside))),
            len(inside),
            given.spec.classes,
            lambda row: ids[int(inside[row])],
            logits=logits,
        )

    held = out_of_fold(given.codes, numbers, len(counts), fit)
    if held is None:
        return None, 1.0
    temperature = 1.0
    if given.spec.model.calibrate and counts[counts > 0].min() >= FEWEST and not logits:
        temperature = temperature_of(held, given.codes)
        log.append(f"calibrated by a temperature of {temperature:.4g}")
    elif given.spec.model.calibrate:
        log.append(f"not calibrated: a class has fewer than {FEWEST} labels")
    return warmed(held, temperature).astype(np.float32), temperature
