"""A question about the rows of one part of a pool, whose state is merged with those of others."""

from __future__ import annotations

import copy
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from shortlist.options import flag, word
from shortlist.rows import count
from shortlist.selector import Selector
from shortlist.strategies.answers.asked import check_invalid
from shortlist.strategies.asking import Question, check_enough, pool_of, state_of_few
from shortlist.strategies.errors import ArgumentError, check_count
from shortlist.strategies.querying import question_of
from shortlist.strategies.randomness import seed

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from shortlist.selection import Selection
    from shortlist.strategies.answers import Invalid


@dataclass(frozen=True)
class PartQuery:
    """What is asked about each part, checked.

    Attributes
    ----------
    question : Question
    k : int
        Rows wanted of all parts.
    screen : bool
        Whether a model whose scores can be bounded is asked only about rows that may be picked.
    how : dict
        Options of the states.
    """

    question: Question
    k: int
    screen: bool
    how: dict[str, Any]


@dataclass(frozen=True, eq=False)
class PartState:
    """The best rows of some parts.

    Attributes
    ----------
    state : Selector
    rows, asked : int
        Rows that there are, and that the model was asked about.
    screens : frozenset of str
        Why, as `Report.screen` has it.
    """

    state: Selector
    rows: int
    asked: int
    screens: frozenset[str]


def part_query(measure: str, k: int, screen: bool, ties: str, random_state: Any, invalid: Invalid) -> PartQuery:
    """Check the arguments of a query, as `shortlist.query` does."""
    question = question_of(measure)
    check_invalid(invalid)
    if word(ties) not in ("first", "random"):
        raise ArgumentError(f'ties came as {ties!r}; accepted are "first" and "random"')
    wanted = check_count(k, np.iinfo(np.int64).max, "k")
    how = {"invalid": invalid, "strict": False, "n_threads": 1, **question.selects}
    if word(ties) == "random":
        how |= {"ties": "random", "random_state": seed(random_state)}
    return PartQuery(question, wanted, flag(screen, "screen"), how)


def state_of_part(query: PartQuery, model: Any, X: Any, ids: NDArray[np.int64]) -> PartState:
    """Return the state of one part, whose rows have these ids: a task.

    Raises
    ------
    NotFittedError
        The model is not fitted.
    ValueError
        An answer of the model cannot be read; rows count from the first of the part.
    """
    question, rows = query.question, count(X)
    why = "turned off"
    if query.screen:
        few = state_of_few(question, model, X, query.how, min(query.k, rows), None, ids, query.k)
        if not isinstance(few, str):
            state, asked, kind = few
            return PartState(state, rows, asked, frozenset([kind]))
        why = few
    state = Selector(question.measure, query.k, **query.how)
    pool = pool_of(model, X, "auto", None)
    for asked_of, answer in question.answers(model, pool, {}) if rows else ():
        asked_of.check_rows(answer.shape[-2])
        mine = ids[asked_of.first : asked_of.first + answer.shape[-2]]
        question.taken(partial(state.update, ids=mine), answer, asked_of, query.how["invalid"])
    return PartState(state, rows, rows, frozenset([why] if rows else []))


def nothing(query: PartQuery) -> PartState:
    """Return the state of no part."""
    return PartState(Selector(query.question.measure, query.k, **query.how), 0, 0, frozenset())


def together(first: PartState, *rest: PartState) -> PartState:
    """Return one state of several: a task."""
    merged, rows, asked, screens = copy.deepcopy(first.state), first.rows, first.asked, first.screens
    for part in rest:
        merged.merge(part.state)
        rows, asked, screens = rows + part.rows, asked + part.asked, screens | part.screens
    return PartState(merged, rows, asked, screens)


def finished(query: PartQuery, whole: PartState) -> Selection:
    """Return the picks of all parts, with what was asked in the report."""
    if query.k > whole.rows:
        check_count(query.k, whole.rows, "k")
    picks = whole.state.finish()
    check_enough(query.k, len(picks), whole.rows, "k")
    screen = ", ".join(sorted(whole.screens))
    return replace(picks, report=replace(picks.report, rows=whole.rows, asked=whole.asked, screen=screen))
