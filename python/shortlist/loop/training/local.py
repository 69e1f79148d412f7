"""Training in this process: fit to the labelled rows, answer for the whole pool in blocks."""

from __future__ import annotations

import pickle
import time
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from shortlist.disk import one_line
from shortlist.loop.errors import LoopError
from shortlist.loop.pool.hashing import mixed, number_of, text_hashes, uniform
from shortlist.loop.pool.kept_words import matrices
from shortlist.loop.training.calibration import FEWEST, FOLDS, out_of_fold, temperature_of, warmed
from shortlist.loop.training.checking import checked
from shortlist.loop.training.estimators import NAMED, Block, default_for, estimator_of
from shortlist.loop.training.imports import joined
from shortlist.loop.training.trained import Trained, write_npy

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from shortlist.arguments import Progress
    from shortlist.loop.pool.contents import Raw
    from shortlist.loop.pool.features import Features
    from shortlist.loop.pool.rows import LoopPool
    from shortlist.loop.spec.model import Spec
    from shortlist.loop.training.imports import Extra

BLOCK = 1 << 13
"""Rows that a model is asked about at once: the same for every number of threads, so that the bits are."""


@dataclass(frozen=True, eq=False)
class _Given:
    """What one model is fitted with."""

    spec: Spec
    features: Features
    raw: Raw
    codes: NDArray[np.int64]
    weights: NDArray[np.float64] | None
    fit: Callable[..., Any] | None


def train(
    spec: Spec,
    pool: LoopPool,
    features: Features,
    rows: NDArray[np.int64],
    labels: Sequence[str],
    weights: NDArray[np.float64] | None,
    seed: int,
    out: Path,
    *,
    extra: Extra | None = None,
    fit: Callable[..., Any] | None = None,
    progress: Progress | None = None,
) -> Trained:
    """Fit a model to labelled rows, and write what it says of every row of the pool.

    Parameters
    ----------
    spec : Spec
        `[model]` and `classes` count.
    pool, features
        The pool, and its features fitted outside the stratum.
    rows, labels, weights
        Places of the rows to train on, their labels, and how much each counts (None for all alike).
    seed : int
        Seed of everything random.
    out : Path
        A folder for ``probs.npy``, and ``members.npy`` of a committee.
    extra : Extra, optional
        Labelled rows that are not in the pool; each counts once.
    fit : callable, optional
        ``fit(X, labels)`` that returns a fitted classifier, or a function of X that returns probabilities in the order of
        the classes; X is what the pool holds, not made into features.
    progress : callable, optional
        Called with (rows done, rows in all): rows that each model is fitted to count, and then those of the pool.

    Raises
    ------
    LoopError
        Labels of one class only, a model that cannot be fitted, or answers that are no probabilities.

    Notes
    -----
    Linear algebra runs on one thread, so that the same labels give the same bits on every machine with the same libraries.
    """
    from threadpoolctl import threadpool_limits

    began = time.perf_counter()
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
    out.mkdir(parents=True, exist_ok=True)
    with threadpool_limits(limits=1), warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        names = list(spec.model.committee) or [spec.model.estimator or default_for(pool.kind)] * spec.model.members
        went = _Went(progress, len(codes), len(names), pool.rows)
        members = []
        for number, name in enumerate(names):
            members.append(_fitted(given, name, seed, number, len(names)))
            went.fitted()
        held, temperature = _held_out(given, names[0], seed, numbers, names_of, log, went)
        several = len(members) > 1
        answers = [out / f".member-{number}" for number in range(len(members))] if several else []
        write_npy(
            out / "probs.npy",
            (pool.rows, len(spec.classes)),
            _answers(members, names, given, pool, temperature, answers, went),
        )
        if several:
            write_npy(out / "members.npy", (len(members), pool.rows, len(spec.classes)), _joined(answers))
    log += sorted({f"{each.category.__name__}: {one_line(Warning(str(each.message)))}" for each in caught})
    found = None
    if held is not None:
        found = np.empty_like(held[: len(rows)])
        found[order] = held[: len(rows)]
    return Trained(
        model=_pickled(members, spec, features, temperature),
        probabilities=out / "probs.npy",
        seconds=time.perf_counter() - began,
        log="\n".join(log),
        temperature=temperature,
        out_of_fold=found,
        members=out / "members.npy" if several else None,
    )


class _Went:
    """How far a training has come, in rows: those that each model is fitted to, and then all of the pool."""

    def __init__(self, progress: Progress | None, labels: int, models: int, rows: int) -> None:
        self._progress, self._labels, self._rows = progress, labels, rows
        self._models = models + FOLDS
        self._done = 0

    def fitted(self) -> None:
        """Tell that one more model is fitted."""
        self._done += 1
        self.answered(0)

    def answered(self, rows: int) -> None:
        """Tell how many rows of the pool were answered for."""
        if rows:
            self._done = self._models  # the folds may have been left out
        if self._progress is not None:
            self._progress(self._done * self._labels + rows, self._models * self._labels + self._rows)


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


def _fitted(given: _Given, name: str, seed: int, number: int, members: int) -> _Asked:
    """Fit one model: to all rows, or as one of several of the same name to rows drawn with replacement."""
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


def _predictor(given: _Given, name: str, seed: int, chosen: NDArray[np.int64]) -> _Asked:
    """Fit a model to some of the rows, and return what asks it: raw rows to probabilities of all classes, in order."""
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


def asker_of(model: Any, name: str, classes: Sequence[str]) -> _Asked:
    """Return what asks a fitted model, known by a name or of the user's own: rows to answers in the order of the classes."""
    if not hasattr(model, "predict_proba"):
        if not callable(model):
            raise LoopError(
                f"fit returned a {type(model).__name__}; accepted is a classifier with predict_proba, or a function of X"
            )
        return _Asked(model, name, None, len(classes))
    known = [int(each) if name in NAMED else str(each) for each in model.classes_]
    places = known if name in NAMED else [_place(each, classes) for each in known]
    return _Asked(model.predict_proba, name, places, len(classes), model)


class _Asked:
    """A fitted model, asked about raw rows."""

    def __init__(self, ask: Callable[[Any], Any], name: str, places: Any, classes: int, model: Any = None) -> None:
        self._ask, self.name, self._places, self._classes = ask, name, places, classes
        self.model = model

    def __call__(self, block: Block) -> NDArray[Any]:
        try:
            answer = np.asarray(self._ask(block.input(self.name)))
        except Exception as error:  # whatever a model of the user's does
            raise LoopError(f"the model cannot answer for the rows of the pool ({one_line(error)})") from error
        if self._places is None or answer.ndim != 2 or answer.shape[1] != len(self._places):
            return answer
        found = np.zeros((len(answer), self._classes))
        found[:, self._places] = answer
        return found


def _place(label: Any, classes: Sequence[str]) -> int:
    if label not in classes:
        raise LoopError(f"the model has the class {label!r}, which is none of {', '.join(classes)}")
    return list(classes).index(label)


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
    given: _Given, name: str, seed: int, numbers: NDArray[np.float64], ids: list[str], log: list[str], went: _Went
) -> tuple[NDArray[np.float32] | None, float]:
    """Return what models say of rows that they were not fitted to, and the temperature that this gives."""
    counts = np.bincount(given.codes, minlength=len(given.spec.classes))
    if len(ids) < 2 * FEWEST:
        return None, 1.0

    logits = given.spec.model.returns == "logits"

    def fit(rest: NDArray[np.int64]) -> Callable[[NDArray[np.int64]], NDArray[Any]]:
        model = _predictor(given, name, number_of(seed, "model", 0), rest)
        went.fitted()
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


def _answers(
    members: list[_Asked],
    names: list[str],
    given: _Given,
    pool: LoopPool,
    temperature: float,
    files: list[Path],
    went: _Went,
) -> Iterator[NDArray[np.float32]]:
    """Yield the mean of what all members say, block by block; each member's own goes to a file of its own."""
    logits = given.spec.model.returns == "logits"
    for path in files:
        path.unlink(missing_ok=True)
    own = given.fit is not None or any(name not in NAMED for name in names)
    for start, block in _raw_blocks(pool, given.features) if own else _matrix_blocks(pool, given.features):
        rows = block.rows
        total = np.zeros((rows, len(given.spec.classes)))
        for number, member in enumerate(members):
            said = checked(
                member(block),
                rows,
                given.spec.classes,
                lambda row, start=start: pool.id_of([start + row])[0],  # type: ignore[misc]
                logits=logits,
            )
            if not logits:
                said = warmed(said, temperature).astype(np.float32)
            total += said
            if files:
                with files[number].open("ab") as file:
                    file.write(np.ascontiguousarray(said, dtype="<f4").data)
        yield (total / len(members)).astype(np.float32)
        went.answered(start + rows)


def _joined(files: list[Path]) -> Iterator[NDArray[np.float32]]:
    """Yield what was written to files, one after the other, in pieces, and remove them."""
    for path in files:
        count = path.stat().st_size // 4
        for start in range(0, count, 1 << 20):
            yield np.fromfile(path, "<f4", 1 << 20, offset=start * 4)
        path.unlink()


def _pickled(members: list[_Asked], spec: Spec, features: Features, temperature: float) -> bytes | None:
    """Return the model with all that its answers are made of, for the user to load; None where it cannot be pickled."""
    models = [member.model for member in members]
    if any(model is None for model in models):
        return None
    kept = {
        "models": models,
        "estimators": [member.name for member in members],
        "classes": list(spec.classes),
        "returns": spec.model.returns,
        "temperature": temperature,
        "features": dict(features.state),
        "seed": features.seed,
    }
    try:
        return pickle.dumps(kept)
    except Exception:  # a model of the user's may hold anything
        return None


def part_of(raw: Raw, rows: NDArray[np.int64]) -> Raw:
    """Return some of raw rows."""
    if isinstance(raw, list):
        return [raw[row] for row in rows.tolist()]
    if isinstance(raw, dict):
        return {name: values[rows] for name, values in raw.items()}
    return raw[rows]


def _raw_blocks(pool: LoopPool, features: Features) -> Iterator[tuple[int, Block]]:
    for start, raw in pool.blocks(BLOCK):
        yield start, Block(features, raw)


def _matrix_blocks(pool: LoopPool, features: Features) -> Iterator[tuple[int, Block]]:
    for start, matrix in matrices(features, pool, BLOCK):
        yield start, Block(features, matrix=matrix)
