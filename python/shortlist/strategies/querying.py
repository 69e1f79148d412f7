"""Pick from a fitted model and features, without a learner."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shortlist.options import word
from shortlist.strategies import decision, disagreement, uncertainty
from shortlist.strategies.asking import chosen
from shortlist.strategies.errors import ArgumentError

if TYPE_CHECKING:
    from shortlist.rows.blocks import ChunkSize, Progress
    from shortlist.selection import Selection
    from shortlist.strategies.answers import Invalid
    from shortlist.strategies.asking import Question
    from shortlist.strategies.randomness import RandomState

QUESTIONS = {**uncertainty.QUESTIONS, decision.DECISION.name: decision.DECISION, **disagreement.QUESTIONS}
"""What can be asked, by measure."""


def query(
    model: Any,
    X: Any,
    measure: str,
    k: int,
    *,
    screen: bool = True,
    ties: str = "first",
    random_state: RandomState = None,
    chunk_size: ChunkSize = "auto",
    progress: Progress = None,
    invalid: Invalid = "raise",
    **kwargs: Any,
) -> Selection:
    """Pick the k rows that a fitted model is least sure of, from their features.

    What the strategies of the same measure pick, with a report. Where the scores of a model can be
    bounded (docs/learners.md), it is asked only about rows that may be picked; its own answers
    decide.

    Parameters
    ----------
    model : classifier, learner or committee
        Fitted; asked for ``predict_proba`` or what the measure reads.
    X : rows
        The pool: an array, memory map, sparse matrix, frame, list, tensor or dict of arrays.
    measure : str
        ``"least_confident"``, ``"margin"``, ``"ratio"``, ``"entropy"``, ``"normalised_entropy"``,
        ``"gini"``, ``"energy"`` or ``"decision_margin"``; of a committee also ``"vote_entropy"``,
        ``"consensus_entropy"``, ``"max_disagreement"``, ``"bald"``, ``"variation_ratio"`` or
        ``"mean_std"``.
    k : int
        How many rows to pick, from 0 to those of the pool.
    screen : bool, default=True
        Whether a model whose scores can be bounded is asked only about rows that may be picked.
    ties : {"first", "random"}, default="first"
        Which of several rows with the same score is picked: the first, or a random one.
    random_state : int, RandomState, Generator or None, default=None
        Rules what is drawn; None is the learner's own, or without one NumPy's global state.
    chunk_size : int, "auto" or None, default="auto"
        Rows the model is asked about at once; "auto" keeps to a fixed budget of memory, None asks
        about all at once.
    progress : callable, bool or None, default=None
        Called with (rows done, rows in all) after each block; True shows a bar.
    invalid : {"raise", "skip"}, default="raise"
        Whether a row that the model answers with NaN is an error, or is never picked.
    **kwargs
        Passed on to the method that is asked.

    Returns
    -------
    Selection
        ``report.asked`` says how many rows the model was asked about, ``report.screen`` why.

    Raises
    ------
    ArgumentError
        An argument is not what is accepted.
    PoolTooSmallError
        There are fewer rows to pick from.
    AttributeError
        The model lacks the method; the message says how to come by one.
    ValueError
        An answer of the model cannot be read; the message names the first bad row.

    See Also
    --------
    select : the same from probabilities.

    Notes
    -----
    Rows whose scores lie closer than the last bits of the model's own arithmetic may change places,
    as they do whenever a pool is asked about in other blocks.

    Examples
    --------
    >>> import numpy as np, shortlist as sl
    >>> from sklearn.linear_model import LogisticRegression
    >>> X = np.random.default_rng(0).normal(size=(20_000, 3))
    >>> model = LogisticRegression().fit(X[:300], X[:300].argmax(axis=1))
    >>> picks = sl.query(model, X, "margin", k=10)
    >>> len(picks), picks.report.screen, picks.report.asked < 200
    (10, 'linear', True)
    """
    question = question_of(measure)
    if word(ties) not in ("first", "random"):
        raise ArgumentError(f'ties came as {ties!r}; accepted are "first" and "random"')
    random = word(ties) == "random"
    return chosen(
        question,
        model,
        X,
        k,
        random,
        random_state,
        chunk_size,
        progress,
        invalid,
        kwargs,
        screen,
        name="k",
        depth=4,
    )


def question_of(measure: str) -> Question:
    """Return the question of a measure, or raise an error that lists them."""
    if not isinstance(measure, str) or measure not in QUESTIONS:
        accepted = ", ".join(f'"{name}"' for name in QUESTIONS)
        raise ArgumentError(f"measure came as {measure!r}; accepted are {accepted}")
    return QUESTIONS[measure]
