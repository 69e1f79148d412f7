"""Disagreement of a committee, and the strategies that pick the rows its members differ on.

For each measure there are a utility, ``vote_entropy(committee, X)``, which gives one value a row,
and a strategy, ``vote_entropy_sampling(committee, X, n_instances=1)``, as in
`shortlist.strategies.uncertainty`. `regressor_std` and `max_std_sampling` are for regressors.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from shortlist.strategies import randomness
from shortlist.strategies.answers import means_and_stds, members, probabilities, votes
from shortlist.strategies.asking import Question, best_known, pick, pool_of, scores
from shortlist.strategies.family import measure_words, member

if TYPE_CHECKING:
    from collections.abc import Callable

    from shortlist.rows.blocks import ChunkSize, Progress
    from shortlist.strategies.answers import Invalid
    from shortlist.strategies.choice import Array, Picks
    from shortlist.strategies.randomness import RandomState


def regressor_std(
    regressor: Any,
    X: Any,
    *,
    chunk_size: ChunkSize = "auto",
    progress: Progress = None,
    invalid: Invalid = "raise",
    **kwargs: Any,
) -> Array:
    """Return the standard deviation of each predicted value.

    A utility for `shortlist.mix` and `shortlist.make_query_strategy`.

    Parameters
    ----------
    regressor : CommitteeRegressor, learner or regressor
        Its ``predict`` takes ``return_std=True``.
    X : rows
        The pool: an array, memory map, sparse matrix, frame, list, tensor or dict of arrays.
    chunk_size : int, "auto" or None, default="auto"
        Rows the model is asked about at once; "auto" keeps to a fixed budget of memory, None asks
        about all at once.
    progress : callable, bool or None, default=None
        Called with (rows done, rows in all) after each block; True shows a bar.
    invalid : {"raise", "skip"}, default="raise"
        Whether a row that the model answers with NaN is an error, or has the value NaN.
    **kwargs
        Passed on to ``predict``.

    Returns
    -------
    ndarray of float64, shape (rows,)
        In the units of what is predicted. Where a row has several targets, it is the mean of their
        standard deviations.

    Raises
    ------
    ValueError
        An answer of the model cannot be read; the message names the first bad row.

    Examples
    --------
    >>> import shortlist as sl
    >>> from sklearn.linear_model import LinearRegression
    >>> flat = sl.ActiveLearner(LinearRegression(), X_training=[[0], [1]], y_training=[0.0, 1.0])
    >>> steep = sl.ActiveLearner(LinearRegression(), X_training=[[0], [1]], y_training=[0.0, 3.0])
    >>> sl.regressor_std(sl.CommitteeRegressor([flat, steep]), [[1.0], [2.0], [5.0]]).round(6)
    array([1., 2., 5.])
    """
    pool = pool_of(regressor, X, chunk_size, progress)
    stds = [means_and_stds(regressor, block, first, invalid, **kwargs)[1] for first, block in pool]
    return np.concatenate([std if std.ndim == 1 else std.mean(axis=1) for std in stds])


def max_std_sampling(
    regressor: Any,
    X: Any,
    n_instances: int = 1,
    random_tie_break: bool = False,
    *,
    random_state: RandomState = None,
    chunk_size: ChunkSize = "auto",
    progress: Progress = None,
    invalid: Invalid = "raise",
    **kwargs: Any,
) -> Picks:
    """Pick the rows whose predicted value has the largest standard deviation.

    Parameters
    ----------
    regressor : CommitteeRegressor, learner or regressor
        Its ``predict`` takes ``return_std=True``.
    X : rows
        The pool: an array, memory map, sparse matrix, frame, list, tensor or dict of arrays.
    n_instances : int, default=1
        How many rows to pick, from 0 to those of the pool.
    random_tie_break : bool, default=False
        Whether equal scores are drawn among at random; otherwise the lowest position comes first.
    random_state : int, RandomState, Generator or None, default=None
        Rules what is drawn; None is the learner's own, or without one NumPy's global state.
    chunk_size, progress, invalid, **kwargs
        As for `regressor_std`, but with ``invalid="skip"`` a row answered with NaN is never picked.

    Returns
    -------
    indices : ndarray of int64, shape (n_instances,)
        Positions in the pool, the most informative first.
    stds : ndarray of float64, shape (n_instances,)
        Their standard deviations; the mean of them where a row has several targets.

    Raises
    ------
    ArgumentError
        `n_instances` or `invalid` is not what is accepted.
    PoolTooSmallError
        There are fewer rows to pick from.
    ValueError
        An answer of the model cannot be read; the message names the first bad row.

    Examples
    --------
    >>> import shortlist as sl
    >>> from sklearn.linear_model import LinearRegression
    >>> flat = sl.ActiveLearner(LinearRegression(), X_training=[[0], [1]], y_training=[0.0, 1.0])
    >>> steep = sl.ActiveLearner(LinearRegression(), X_training=[[0], [1]], y_training=[0.0, 3.0])
    >>> committee = sl.CommitteeRegressor([flat, steep])
    >>> indices, stds = sl.max_std_sampling(committee, [[1.0], [2.0], [5.0]], 2)
    >>> indices
    array([2, 1])
    """
    std = regressor_std(regressor, X, chunk_size=chunk_size, progress=progress, invalid=invalid, **kwargs)
    random_state = randomness.of(regressor, random_state)
    return best_known(std, n_instances, invalid, random_tie_break=random_tie_break, random_state=random_state)


def _values(
    question: Question,
    /,
    committee: Any,
    X: Any,
    *,
    chunk_size: ChunkSize = "auto",
    progress: Progress = None,
    invalid: Invalid = "raise",
    **kwargs: Any,
) -> Array:
    """Return $what, one value for each row of a pool.

    A utility for `shortlist.mix` and `shortlist.make_query_strategy`. Over the M members, whose
    probabilities for C classes are p_m, it is ``$formula``, $range.

    Parameters
    ----------
    committee : Committee
        Its ``$method`` is asked.
    X $X
    $blocks
    $invalid_values
    **kwargs
        Passed on to ``$method``.

    Returns
    -------
    ndarray of float32 or float64, shape (rows,)
        All rows have the value 0 while a member is not fitted.

    Raises
    ------
    ArgumentError
        `invalid` is not what is accepted.
    $answer_error

    Examples
    --------
    $>>> import shortlist as sl
    $>>> from shortlist.strategies.disagreement import $name
    $>>> from sklearn.linear_model import LogisticRegression
    $>>> y = ["cat", "dog"]
    $>>> near = sl.ActiveLearner(LogisticRegression(), X_training=[[0.0], [2.0]], y_training=y)
    $>>> far = sl.ActiveLearner(LogisticRegression(), X_training=[[0.0], [8.0]], y_training=y)
    $>>> $name(sl.Committee([near, far]), [[-5.0], [2.5], [15.0]]).round(3)
    array($values)
    """
    return scores(question, committee, X, chunk_size, progress, invalid, kwargs)


def _sampling(
    question: Question,
    /,
    committee: Any,
    X: Any,
    n_instances: int = 1,
    random_tie_break: bool = False,
    *,
    random_state: RandomState = None,
    chunk_size: ChunkSize = "auto",
    progress: Progress = None,
    invalid: Invalid = "raise",
    **kwargs: Any,
) -> Picks:
    """Pick the rows the members of a committee differ on most, by $what: $order first.

    Over the M members, whose probabilities for C classes are p_m, the score is ``$formula``,
    $range. $source.

    Parameters
    ----------
    committee : Committee
        Its ``$method`` is asked.
    X $X
    $n_instances
    $random_tie_break
    $random_state
    $blocks
    $invalid
    **kwargs
        Passed on to ``$method``.

    Returns
    -------
    $indices
    scores : ndarray of float32 or float64, shape (n_instances,)
        The measure of each.

    Raises
    ------
    $count_error
    $answer_error

    Examples
    --------
    $>>> import shortlist as sl
    $>>> from sklearn.linear_model import LogisticRegression
    $>>> y = ["cat", "dog"]
    $>>> near = sl.ActiveLearner(LogisticRegression(), X_training=[[0.0], [2.0]], y_training=y)
    $>>> far = sl.ActiveLearner(LogisticRegression(), X_training=[[0.0], [8.0]], y_training=y)
    $>>> committee = sl.Committee([near, far])
    $>>> indices, scores = sl.$name(committee, [[-5.0], [2.5], [15.0]])
    $>>> indices
    array([1])
    """
    return pick(
        question, committee, X, n_instances, random_tie_break, random_state, chunk_size, progress, invalid, kwargs
    )


def _question(
    name: str,
    what: str,
    values: str,
    ask: Callable[..., Array] = members,
    method: str = "vote_proba",
    measure: str | None = None,
) -> Question:
    words = {"what": what, "values": values, "method": method, **measure_words(name)}
    return Question(measure or name, ask, unfitted=0.0, method=method, words=words)


_VOTE_ENTROPY = _question(
    "vote_entropy", "the entropy of the votes, in nats", "[0.   , 0.693, 0.   ]", votes, "vote", "entropy"
)
_MEAN_ENTROPY = "the entropy of the members' mean probabilities, in nats"
_CONSENSUS_ENTROPY = _question(
    "consensus_entropy", _MEAN_ENTROPY, "[0.058, 0.693, 0.005]", probabilities, "predict_proba", "entropy"
)
_LARGEST = "the largest Kullback-Leibler divergence of a member from the mean, in nats"
_MAX_DISAGREEMENT = _question("max_disagreement", _LARGEST, "[0.003, 0.106, 0.   ]")
_BALD = _question("bald", "the mutual information of label and member, in nats", "[0.002, 0.105, 0.   ]")
_MINORITY = "the share of members that do not vote with the majority"
_VARIATION_RATIO = _question("variation_ratio", _MINORITY, "[0. , 0.5, 0. ]")
_SPREAD = "the standard deviation over the members, averaged over the classes"
_MEAN_STD = _question("mean_std", _SPREAD, "[0.007, 0.225, 0.001]")

vote_entropy = member(_values, _VOTE_ENTROPY, "vote_entropy")
vote_entropy_sampling = member(_sampling, _VOTE_ENTROPY, "vote_entropy_sampling")
consensus_entropy = member(_values, _CONSENSUS_ENTROPY, "consensus_entropy")
consensus_entropy_sampling = member(_sampling, _CONSENSUS_ENTROPY, "consensus_entropy_sampling")
KL_max_disagreement = member(_values, _MAX_DISAGREEMENT, "KL_max_disagreement")
max_disagreement_sampling = member(_sampling, _MAX_DISAGREEMENT, "max_disagreement_sampling")
bald = member(_values, _BALD, "bald")
bald_sampling = member(_sampling, _BALD, "bald_sampling")
variation_ratio = member(_values, _VARIATION_RATIO, "variation_ratio")
variation_ratio_sampling = member(_sampling, _VARIATION_RATIO, "variation_ratio_sampling")
mean_std = member(_values, _MEAN_STD, "mean_std")
mean_std_sampling = member(_sampling, _MEAN_STD, "mean_std_sampling")
