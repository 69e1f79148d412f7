"""Put a question to a model, block by block, and score or select from the answers as they come.

A `Question` is a measure of `shortlist.score` with the way to get its input out of a model.
`scores` keeps one number a row; `pick` keeps nothing but the best rows, so the answers for a whole
pool never exist at once.
"""

from __future__ import annotations

import time
import warnings
from dataclasses import dataclass, field
from functools import partial, wraps
from typing import TYPE_CHECKING, Any, ParamSpec

import numpy as np
from sklearn.exceptions import NotFittedError

from shortlist.options import flag, number
from shortlist.registry import find_measure, name_of
from shortlist.rows import blocks, count, take
from shortlist.scoring import score
from shortlist.selecting import select
from shortlist.selection import Selection, selection_of
from shortlist.selection_report import Report
from shortlist.selector import Selector
from shortlist.strategies import randomness
from shortlist.strategies.answers import Asked, check_valid, mended, warn_sums
from shortlist.strategies.answers.arrays import floats
from shortlist.strategies.answers.asked import check_invalid
from shortlist.strategies.answers.models import says_nothing
from shortlist.strategies.choice import Array, Picks, best
from shortlist.strategies.errors import ArgumentError, PoolTooSmallError, check_count
from shortlist.strategies.screened import SAMPLE, inside, left_for, near

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from shortlist.registry import Function, Order
    from shortlist.rows.blocks import Blocks, ChunkSize, Progress
    from shortlist.strategies.answers import Invalid
    from shortlist.strategies.randomness import RandomState


How = ParamSpec("How")
NEAR = 1e-3
"""How far approximate scores may be off where nothing else is said."""


@dataclass(frozen=True)
class Question:
    """A measure, and how to get its input.

    Parameters
    ----------
    measure : str or callable
        A name of `shortlist.measures`, or a function of what is asked with an attribute `order`.
    ask : callable
        ``ask(model, block, first_row, **kwargs)`` gives what the measure reads: ``(rows,
        classes)``, or for a committee ``(members, rows, classes)``.
    unfitted : float
        What every row scores while the model is not fitted.
    method : str, default="predict_proba"
        What errors say was asked.
    named : str, optional
        What the question is called, where that is not the measure.
    words : dict of str: str
        What the docstrings of its utility and its strategy say.
    """

    measure: str | Function
    ask: Callable[..., Array]
    unfitted: float
    method: str = "predict_proba"
    named: str | None = None
    words: Mapping[str, str] = field(default_factory=dict, repr=False, compare=False)

    @property
    def name(self) -> str:
        """What the question is called."""
        return self.named or name_of(self.measure)

    @property
    def order(self) -> Order:
        """Which end is informative."""
        own: Order | None = getattr(self.measure, "order", None)
        return own or find_measure(str(self.measure)).order

    @property
    def from_logits(self) -> bool:
        """Whether the answers are logits."""
        return self.method == "decision_function"

    @property
    def how(self) -> dict[str, Any]:
        """Options of `shortlist.score`: answers are taken as the model gave them."""
        if callable(self.measure):
            return {}
        return {"from_logits": True} if self.from_logits else {"normalize": "as_is"}

    @property
    def selects(self) -> dict[str, Any]:
        """The same of `shortlist.select`."""
        return {"order": self.order} if callable(self.measure) else self.how

    def answers(
        self, model: Any, pool: Blocks, kwargs: dict[str, Any], *, as_they_are: bool = True
    ) -> Iterator[tuple[Asked, Array]]:
        """Ask about each block; where rows do not sum to 1 warn once, or raise."""
        told = self.method not in ("predict_proba", "vote_proba")
        for first, block in pool:
            asked = Asked(model, self.method, count(block), first)
            answer = self.ask(model, block, first, **kwargs)
            if len(pool) > 1 or not says_nothing(model):
                asked.check_rows(answer.shape[-2])
            told = told or warn_sums(answer, asked, as_they_are=as_they_are)
            yield asked, answer

    def scores_of(self, model: Any, X: Any, first: int = 0) -> Array:
        """Return the score of each of a few rows, NaN where the model has no valid answer."""
        asked = Asked(model, self.method, count(X), first)
        answer = self.ask(model, X, first)
        return np.asarray(
            self.taken(partial(score, measure=self.measure, invalid="skip", **self.how), answer, asked, "skip")
        )

    def taken(self, take: Callable[[Array], Any], answer: Array, asked: Asked, invalid: Invalid) -> Any:
        """Return ``take(answer)``, with rounding mended, or say which row is wrong."""
        if invalid == "skip" and not self.from_logits:
            answer = mended(answer)
        if callable(self.measure) and invalid == "raise":
            check_valid(answer, asked, logits=self.from_logits)  # a function says nothing of NaN
        try:
            return take(answer)
        except ValueError:
            if invalid == "skip":
                raise
            check_valid(answer, asked, logits=self.from_logits)
            if self.from_logits:
                raise
        return take(mended(answer))


def scores(
    question: Question,
    model: Any,
    X: Any,
    chunk_size: ChunkSize,
    progress: Progress,
    invalid: Invalid,
    kwargs: dict[str, Any],
    *,
    quiet: bool = False,
    approximate: bool | float = False,
) -> Array:
    """Return one score a row; `quiet` says nothing of a model that is not fitted.

    With `approximate` scores may be off by that, True being `NEAR`.
    """
    check_invalid(invalid)
    tolerance = _tolerance(approximate)
    if tolerance and not kwargs:
        close = near(
            question, model, X, tolerance, lambda rows: scores(question, model, rows, chunk_size, None, invalid, {})
        )
        if close is not None:
            return close
    pool = pool_of(model, X, chunk_size, progress)
    measure = partial(score, measure=question.measure, invalid=invalid, n_threads=_threads(pool), **question.how)
    try:
        parts = [
            question.taken(measure, answer, asked, invalid) for asked, answer in question.answers(model, pool, kwargs)
        ]
    except NotFittedError:
        if not quiet:
            warn_unfitted()
        return np.full(pool.rows, question.unfitted)
    return np.concatenate(parts) if len(parts) > 1 else np.asarray(parts[0])


def _tolerance(approximate: bool | float) -> float:
    if isinstance(approximate, bool | np.bool_):
        return NEAR if approximate else 0.0
    try:
        tolerance = number(approximate, "approximate")
    except TypeError:
        tolerance = -1.0
    if not 0 <= tolerance < np.inf:
        raise ArgumentError(
            f"approximate came as {approximate!r}; accepted are True, False, and how far a score may be off"
        )
    return tolerance


def matrix_of(
    question: Question,
    model: Any,
    X: Any,
    chunk_size: ChunkSize,
    progress: Progress,
    invalid: Invalid,
    kwargs: dict[str, Any],
    *,
    as_they_are: bool = True,
) -> Array:
    """Return the answers for the whole pool; unless skipped, each is valid."""
    check_invalid(invalid)
    pool = pool_of(model, X, chunk_size, progress)
    parts = []
    for asked, answer in question.answers(model, pool, kwargs, as_they_are=as_they_are):
        if invalid == "raise":
            check_valid(answer, asked)
        parts.append(mended(answer))
    return np.concatenate(parts)


def chosen(
    question: Question,
    model: Any,
    X: Any,
    n_instances: int,
    random_tie_break: bool,
    random_state: RandomState,
    chunk_size: ChunkSize,
    progress: Progress,
    invalid: Invalid,
    kwargs: dict[str, Any],
    screen: bool = True,
    *,
    name: str = "n_instances",
    depth: int = 6,
) -> Selection:
    """Select the most informative rows.

    With `screen` a model whose scores can be bounded is asked about the rows that may be among them
    alone. `name` is what the number of rows is called, and `depth` how many calls below the user's
    a warning is given.
    """
    check_invalid(invalid)
    began = time.perf_counter()
    pool = pool_of(model, X, chunk_size, progress)
    wanted = check_count(n_instances, pool.rows, name)
    random_state = randomness.of(model, random_state)
    how = {"invalid": invalid, "strict": False, "n_threads": _threads(pool), **question.selects}
    if random_tie_break:
        how |= {"ties": "random", "random_state": randomness.seed(random_state)}
    found: tuple[Selection, int, str] | str = "turned off"
    if flag(screen, "screen"):
        found = "keywords for the model" if kwargs else _from_few(question, model, X, how, wanted, progress)
    if isinstance(found, str):
        picked, asked, why = _from_all(question, model, pool, how, wanted, kwargs), pool.rows, found
    else:
        picked, asked, why = found
    if picked is None:
        warn_unfitted(depth)
        same = np.full(pool.rows, question.unfitted)
        ids, scores = best(same, wanted, random_tie_break=random_tie_break, random_state=random_state)
        picked = Selection(ids, scores, question.name, question.order, Report(rows=pool.rows))
        asked, why = 0, "it is not fitted"
    check_enough(wanted, len(picked), pool.rows, name)
    took = time.perf_counter() - began
    report = {**vars(picked.report), "rows": pool.rows, "asked": asked, "screen": why, "seconds": took}
    return selection_of(picked.indices, picked.scores, picked.measure, picked.order, report)


def _as_arrays(choose: Callable[How, Selection]) -> Callable[How, Picks]:
    """Return a function of the same arguments that gives positions and scores alone."""

    @wraps(choose)
    def pick(*given: How.args, **how: How.kwargs) -> Picks:
        selection = choose(*given, **how)
        return selection.indices.copy(), selection.scores.copy()

    return pick


pick = _as_arrays(chosen)


def _from_all(
    question: Question,
    model: Any,
    pool: Blocks,
    how: dict[str, Any],
    wanted: int,
    kwargs: dict[str, Any],
) -> Selection | None:
    """Select from the answers for all rows; None where the model is not fitted."""
    invalid = how["invalid"]
    # Of one block no state is needed, which for a small pool takes longer than its rows.
    whole = len(pool) == 1 and pool.rows > 0
    selector = None if whole else Selector(question.measure, wanted, **how)
    selection: Any = None
    try:
        for asked, answer in question.answers(model, pool, kwargs):
            asked.check_rows(answer.shape[-2])
            if selector is None:
                selection = question.taken(
                    partial(select, measure=question.measure, k=wanted, **how), answer, asked, invalid
                )
            else:
                question.taken(partial(selector.update, first_id=asked.first), answer, asked, invalid)
    except NotFittedError:
        return None
    picked: Selection = selection if selector is None else selector.finish()
    return picked


def _from_few(
    question: Question, model: Any, X: Any, how: dict[str, Any], wanted: int, progress: Progress
) -> tuple[Selection, int, str] | str:
    """Select where bounds leave few rows to ask about, and say how many and by which bounds; or say
    why the model is to be asked about all.
    """
    found = state_of_few(question, model, X, how, wanted, progress)
    if isinstance(found, str):
        return found
    return found[0].finish(), *found[1:]


def state_of_few(
    question: Question,
    model: Any,
    X: Any,
    how: dict[str, Any],
    wanted: int,
    progress: Progress,
    ids: Array | None = None,
    k: int | None = None,
) -> tuple[Selector, int, str] | str:
    """Return the state of a selection that `_from_few` finishes.

    Where the rows are a part of a pool they have `ids`, and `k` is wanted of all parts.
    """
    found = left_for(question, model, X, wanted, progress)
    if isinstance(found, str):
        return found
    left, kind = found
    selector = Selector(question.measure, wanted if k is None else k, **how)
    try:
        for first, block in blocks(take(X, left.rows), outputs=16):
            rows = left.rows[first : first + count(block)]
            answer = question.ask(model, block, first)
            asked = Asked(model, question.method, len(rows), first)
            if not inside(np.asarray(score(answer, question.measure, invalid="skip", **question.how)), left, first):
                return "its answers lie outside its bounds"
            named = rows if ids is None else ids[rows]
            question.taken(partial(selector.update, ids=named), answer, asked, "raise")
    except Exception:
        # It is found again, and said with the right row, where the model is asked about all.
        return "an answer was refused"
    if len(selector.finish()) < wanted:
        return "too few of its answers are valid"
    return selector, SAMPLE + len(left), kind


def best_known(values: Any, n_instances: int, invalid: Invalid, **how: Any) -> Picks:
    """Return what `best` does; with ``invalid="skip"`` rows without a value are left out."""
    check_invalid(invalid)
    if invalid == "raise" or not np.isnan(values).any():
        return best(values, n_instances, **how)
    values = np.reshape(values, -1)
    known = np.flatnonzero(~np.isnan(values))
    check_enough(check_count(n_instances, len(values)), len(known), len(values))
    indices, picked = best(values[known], n_instances, **how)
    return known[indices], picked


def check_enough(wanted: int, known: int, rows: int, name: str = "n_instances") -> None:
    """Raise where the model has no answer for so many rows that too few are left."""
    if wanted > known:
        raise PoolTooSmallError(
            f"{name} came as {wanted}; the model gave NaN for {rows - known} of the {rows} rows of the pool, so at "
            f"most {known} is accepted"
        )


def pool_of(model: Any, X: Any, chunk_size: ChunkSize, progress: Progress) -> Blocks:
    """Return the blocks of a pool, sized for what the model gives for a row."""
    classes = getattr(model, "classes_", None)
    members = max(1, len(getattr(model, "learner_list", ())))
    return blocks(X, chunk_size, outputs=members * (16 if classes is None else len(classes)), progress=progress)


def score_matrix(proba: Any, measure: str, invalid: Invalid = "raise") -> Array:
    """Return the score of each row of a matrix of probabilities, taken as they are."""
    asked = Asked(None, "proba", None)
    matrix = floats(proba, asked)
    if matrix.ndim != 2:
        raise asked.wrong(f"shape {matrix.shape}", "(rows, classes)")
    take = partial(score, measure=measure, normalize="as_is", invalid=invalid)
    return np.asarray(Question(measure, floats, 0.0).taken(take, matrix, asked, invalid))


def _threads(pool: Blocks) -> int | None:
    """Return 1 for blocks a single thread is done with before others have started."""
    return 1 if min(pool.size, pool.rows) < 1 << 16 else None


def warn_unfitted(depth: int = 5) -> None:
    """Say that the model knows nothing yet, and what to do, so many calls below the user's."""
    warnings.warn(
        "the model is not fitted, so every row of the pool scores the same and the first rows are picked; "
        "give X_training, or call fit or teach, before the first query (random_sampling picks a seed set)",
        UserWarning,
        stacklevel=depth,
    )
