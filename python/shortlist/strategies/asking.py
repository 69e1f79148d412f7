"""Put a question to a model, block by block, and score or select from the answers as they come.

A `Question` is a measure of `shortlist.score` with the way to get its input out of a model. `scores` keeps one number a
row; `pick` keeps nothing but the best rows, so the answers for a whole pool never exist at once.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.base import is_regressor
from sklearn.exceptions import NotFittedError

from shortlist.rows import blocks, count
from shortlist.scoring import score
from shortlist.selector import Selector
from shortlist.strategies import randomness
from shortlist.strategies.choice import Array, Picks, best
from shortlist.strategies.errors import check_count

if TYPE_CHECKING:
    from collections.abc import Callable

    from shortlist.rows.blocks import Blocks, ChunkSize, Progress
    from shortlist.strategies.randomness import RandomState


NEXT_TO_NOTHING = 1e-18


@dataclass(frozen=True)
class Question:
    """A measure, and how to get its input.

    Parameters
    ----------
    measure : str
        A name of `shortlist.measures`.
    ask : callable
        ``ask(model, block, **kwargs)`` gives what the measure reads: ``(rows, classes)``, or for a committee
        ``(members, rows, classes)``.
    unfitted : float
        What every row scores while the model is not fitted.
    from_logits : bool, default=False
        Whether the answers are logits.
    """

    measure: str
    ask: Callable[..., Array]
    unfitted: float
    from_logits: bool = False

    @property
    def how(self) -> dict[str, Any]:
        """Options of `shortlist.score`: answers are taken as the model gave them."""
        return {"from_logits": self.from_logits} if self.from_logits else {"normalize": "as_is"}


def scores(
    question: Question, model: Any, X: Any, chunk_size: ChunkSize, progress: Progress, kwargs: dict[str, Any]
) -> Array:
    """Return one score a row."""
    pool = pool_of(model, X, chunk_size, progress)
    how, parts = {"n_threads": _threads(pool), **question.how}, []
    for first, block in pool:
        try:
            answer = question.ask(model, block, **kwargs)
        except NotFittedError:
            warn_unfitted()
            return np.full(pool.rows, question.unfitted)
        if len(pool) > 1:
            check_rows(answer, block, first)
        try:
            parts.append(with_empty_rows(_named(question.measure, how), answer))
        except ValueError as error:
            error.add_note(f"rows are counted from row {first} of the pool")
            raise
    return np.concatenate(parts) if len(parts) > 1 else np.asarray(parts[0])


def pick(
    question: Question,
    model: Any,
    X: Any,
    n_instances: int,
    random_tie_break: bool,
    random_state: RandomState,
    chunk_size: ChunkSize,
    progress: Progress,
    kwargs: dict[str, Any],
) -> Picks:
    """Return positions and scores of the most informative rows, best first."""
    pool = pool_of(model, X, chunk_size, progress)
    wanted = check_count(n_instances, pool.rows)
    random_state = randomness.of(model, random_state)
    ties: dict[str, Any] = {}
    if random_tie_break:
        ties = {"ties": "random", "random_state": randomness.seed(random_state)}
    selector = Selector(question.measure, wanted, n_threads=_threads(pool), **question.how, **ties)
    for first, block in pool:
        try:
            answer = question.ask(model, block, **kwargs)
        except NotFittedError:
            warn_unfitted()
            same = np.full(pool.rows, question.unfitted)
            return best(same, wanted, random_tie_break=random_tie_break, random_state=random_state)
        check_rows(answer, block, first)
        with_empty_rows(partial(selector.update, first_id=first), answer)
    selection = selector.finish()
    return selection.indices.copy(), selection.scores.copy()


def pool_of(model: Any, X: Any, chunk_size: ChunkSize, progress: Progress) -> Blocks:
    """Return the blocks of a pool, sized for what the model gives for a row."""
    classes = getattr(model, "classes_", None)
    members = max(1, len(getattr(model, "learner_list", ())))
    return blocks(X, chunk_size, outputs=members * (16 if classes is None else len(classes)), progress=progress)


def score_matrix(proba: Any, measure: str) -> Array:
    """Return the score of each row of a matrix of probabilities, taken as they are."""
    return np.asarray(with_empty_rows(_named(measure, {"normalize": "as_is"}), matrix(proba, "proba")))


def with_empty_rows(take: Callable[[Array], Any], answer: Array) -> Any:
    """Return ``take(answer)``; a row of zeros, which modAL accepts, counts as no preference for any class."""
    try:
        return take(answer)
    except ValueError:
        empty = ~np.asarray(answer.any(axis=-1))
        if not empty.any():
            raise
        least = answer.dtype.type(max(NEXT_TO_NOTHING, np.finfo(answer.dtype).tiny))
        return take(np.where(empty[..., None], least, answer))


def _named(measure: str, how: dict[str, Any]) -> Callable[[Array], Array]:
    return partial(score, measure=measure, **how)


def _threads(pool: Blocks) -> int | None:
    """Return 1 for blocks a single thread is done with before others have started."""
    return 1 if min(pool.size, pool.rows) < 1 << 16 else None


def probabilities(model: Any, X: Any, **kwargs: Any) -> Array:
    """Ask a classifier, a learner or a committee for ``(rows, classes)`` probabilities."""
    return matrix(predict_proba_of(model)(X, **kwargs), "predict_proba")


def predict_proba_of(model: Any) -> Callable[..., Any]:
    """Return the method, or say which wrapper gives one."""
    method: Callable[..., Any] | None = getattr(model, "predict_proba", None)
    if method is not None:
        return method
    last = model.steps[-1][1] if hasattr(model, "steps") else model
    name = type(last).__name__
    if hasattr(last, "__sklearn_tags__") and is_regressor(last):
        help_ = "it is a regressor: use max_std_sampling with a model whose predict takes return_std=True"
    else:
        help_ = f"wrap it: sklearn.calibration.CalibratedClassifierCV({name}(...)) has one"
    raise AttributeError(f"{name} has no predict_proba; {help_}")


def matrix(answer: Any, source: str) -> Array:
    """Return the answer of a model as a matrix of floats."""
    if isinstance(answer, list) and answer and np.ndim(answer[0]) == 2:
        raise ValueError(
            f"{source} gave a list of {len(answer)} matrices, one for each output; this strategy reads one matrix. "
            "For rows with several labels use a strategy of shortlist.strategies.multilabel"
        )
    if hasattr(answer, "detach"):
        answer = answer.detach().cpu().numpy()
    array = np.asarray(answer)
    if array.ndim != 2:
        raise ValueError(f"{source} gave shape {array.shape}; accepted is (rows, classes)")
    return array if array.dtype.kind == "f" else array.astype(np.float64)


def check_rows(answer: Array, block: Any, first: int) -> None:
    """Raise if the model did not answer for each row of the block."""
    given, asked = answer.shape[-2] if answer.ndim > 1 else len(answer), count(block)
    if given != asked:
        raise ValueError(f"the model gave {given} rows for the {asked} rows of the pool that start at row {first}")


def warn_unfitted() -> None:
    """Say that the model knows nothing yet, and what to do."""
    warnings.warn(
        "the model is not fitted, so every row of the pool scores the same and the first rows are picked; "
        "give X_training, or call fit or teach, before the first query (random_sampling picks a seed set)",
        UserWarning,
        stacklevel=4,
    )
