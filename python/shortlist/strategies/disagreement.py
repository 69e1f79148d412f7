"""Disagreement of a committee, and the strategies that pick the rows its members differ on.

The strategies share the signature of `shortlist.strategies.uncertainty`; keywords go to ``vote``, ``predict_proba`` or
``vote_proba`` of the committee.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from shortlist.strategies import randomness
from shortlist.strategies.asking import Question, pick, probabilities, scores
from shortlist.strategies.choice import best
from shortlist.strategies.regression import mean_and_std

if TYPE_CHECKING:
    from collections.abc import Callable

    from shortlist.rows.blocks import ChunkSize, Progress
    from shortlist.strategies.choice import Array, Picks
    from shortlist.strategies.randomness import RandomState


def regressor_std(
    regressor: Any, X: Any, *, chunk_size: ChunkSize = "auto", progress: Progress = None, **kwargs: Any
) -> Array:
    """Return the standard deviation of each predicted value; a utility for `mix` and `make_query_strategy`."""
    return mean_and_std(regressor, X, chunk_size, progress, kwargs)[1]


def vote_shares(committee: Any, X: Any, **kwargs: Any) -> Array:
    """Ask for the share of votes each class gets, ``(rows, classes)``."""
    votes = np.asarray(_method(committee, "vote")(X, **kwargs))
    shares = np.stack([(votes == label).sum(axis=1) for label in committee.classes_], axis=1)
    return shares / len(committee)


def member_probabilities(committee: Any, X: Any, **kwargs: Any) -> Array:
    """Ask for the probabilities of each member, ``(members, rows, classes)``."""
    answer = np.asarray(_method(committee, "vote_proba")(X, **kwargs))
    if answer.ndim != 3:
        raise ValueError(f"vote_proba gave shape {answer.shape}; accepted is (rows, members, classes)")
    return answer.transpose(1, 0, 2)


def _method(committee: Any, name: str) -> Callable[..., Any]:
    method: Callable[..., Any] | None = getattr(committee, name, None)
    if method is None:
        raise TypeError(
            f"a {type(committee).__name__} has no {name}: this strategy is for a Committee; "
            "for one model use uncertainty_sampling, margin_sampling or entropy_sampling"
        )
    return method


_VOTE_ENTROPY = Question("entropy", vote_shares, unfitted=0.0)
_CONSENSUS_ENTROPY = Question("entropy", probabilities, unfitted=0.0)
_MAX_DISAGREEMENT = Question("max_disagreement", member_probabilities, unfitted=0.0)
_BALD = Question("bald", member_probabilities, unfitted=0.0)
_VARIATION_RATIO = Question("variation_ratio", member_probabilities, unfitted=0.0)
_MEAN_STD = Question("mean_std", member_probabilities, unfitted=0.0)


def vote_entropy(
    committee: Any, X: Any, *, chunk_size: ChunkSize = "auto", progress: Progress = None, **kwargs: Any
) -> Array:
    """Return the entropy of the votes, one value a row."""
    return scores(_VOTE_ENTROPY, committee, X, chunk_size, progress, kwargs)


def vote_entropy_sampling(
    committee: Any,
    X: Any,
    n_instances: int = 1,
    random_tie_break: bool = False,
    *,
    random_state: RandomState = None,
    chunk_size: ChunkSize = "auto",
    progress: Progress = None,
    **kwargs: Any,
) -> Picks:
    """Pick the rows members differ on most (Dagan and Engelson 1995).

    The score is the entropy of the votes.
    """
    return pick(_VOTE_ENTROPY, committee, X, n_instances, random_tie_break, random_state, chunk_size, progress, kwargs)


def consensus_entropy(
    committee: Any, X: Any, *, chunk_size: ChunkSize = "auto", progress: Progress = None, **kwargs: Any
) -> Array:
    """Return the entropy of the members' mean probabilities, one value a row."""
    return scores(_CONSENSUS_ENTROPY, committee, X, chunk_size, progress, kwargs)


def consensus_entropy_sampling(
    committee: Any,
    X: Any,
    n_instances: int = 1,
    random_tie_break: bool = False,
    *,
    random_state: RandomState = None,
    chunk_size: ChunkSize = "auto",
    progress: Progress = None,
    **kwargs: Any,
) -> Picks:
    """Pick the rows members differ on most (Settles 2009).

    The score is the entropy of the members' mean probabilities.
    """
    return pick(
        _CONSENSUS_ENTROPY, committee, X, n_instances, random_tie_break, random_state, chunk_size, progress, kwargs
    )


def KL_max_disagreement(  # noqa: N802 - modAL's name
    committee: Any, X: Any, *, chunk_size: ChunkSize = "auto", progress: Progress = None, **kwargs: Any
) -> Array:
    """Return the largest Kullback-Leibler divergence of a member from the mean, one value a row."""
    return scores(_MAX_DISAGREEMENT, committee, X, chunk_size, progress, kwargs)


def max_disagreement_sampling(
    committee: Any,
    X: Any,
    n_instances: int = 1,
    random_tie_break: bool = False,
    *,
    random_state: RandomState = None,
    chunk_size: ChunkSize = "auto",
    progress: Progress = None,
    **kwargs: Any,
) -> Picks:
    """Pick the rows members differ on most (McCallum and Nigam 1998).

    The score is the largest Kullback-Leibler divergence of a member from the mean.
    """
    return pick(
        _MAX_DISAGREEMENT, committee, X, n_instances, random_tie_break, random_state, chunk_size, progress, kwargs
    )


def bald(committee: Any, X: Any, *, chunk_size: ChunkSize = "auto", progress: Progress = None, **kwargs: Any) -> Array:
    """Return the mutual information of label and member, one value a row."""
    return scores(_BALD, committee, X, chunk_size, progress, kwargs)


def bald_sampling(
    committee: Any,
    X: Any,
    n_instances: int = 1,
    random_tie_break: bool = False,
    *,
    random_state: RandomState = None,
    chunk_size: ChunkSize = "auto",
    progress: Progress = None,
    **kwargs: Any,
) -> Picks:
    """Pick the rows members differ on most (Houlsby et al. 2011).

    The score is the mutual information of label and member.
    """
    return pick(_BALD, committee, X, n_instances, random_tie_break, random_state, chunk_size, progress, kwargs)


def variation_ratio(
    committee: Any, X: Any, *, chunk_size: ChunkSize = "auto", progress: Progress = None, **kwargs: Any
) -> Array:
    """Return the share of members that do not vote with the majority, one value a row."""
    return scores(_VARIATION_RATIO, committee, X, chunk_size, progress, kwargs)


def variation_ratio_sampling(
    committee: Any,
    X: Any,
    n_instances: int = 1,
    random_tie_break: bool = False,
    *,
    random_state: RandomState = None,
    chunk_size: ChunkSize = "auto",
    progress: Progress = None,
    **kwargs: Any,
) -> Picks:
    """Pick the rows members differ on most (Freeman 1965).

    The score is the share of members that do not vote with the majority.
    """
    return pick(
        _VARIATION_RATIO, committee, X, n_instances, random_tie_break, random_state, chunk_size, progress, kwargs
    )


def mean_std(
    committee: Any, X: Any, *, chunk_size: ChunkSize = "auto", progress: Progress = None, **kwargs: Any
) -> Array:
    """Return the members' standard deviation, averaged over the classes, one value a row."""
    return scores(_MEAN_STD, committee, X, chunk_size, progress, kwargs)


def mean_std_sampling(
    committee: Any,
    X: Any,
    n_instances: int = 1,
    random_tie_break: bool = False,
    *,
    random_state: RandomState = None,
    chunk_size: ChunkSize = "auto",
    progress: Progress = None,
    **kwargs: Any,
) -> Picks:
    """Pick the rows members differ on most (Kendall et al. 2015).

    The score is the members' standard deviation, averaged over the classes.
    """
    return pick(_MEAN_STD, committee, X, n_instances, random_tie_break, random_state, chunk_size, progress, kwargs)


def max_std_sampling(
    regressor: Any,
    X: Any,
    n_instances: int = 1,
    random_tie_break: bool = False,
    *,
    random_state: RandomState = None,
    chunk_size: ChunkSize = "auto",
    progress: Progress = None,
    **kwargs: Any,
) -> Picks:
    """Pick the rows whose predicted value has the largest standard deviation.

    `regressor` is a `CommitteeRegressor`, or any model whose ``predict`` takes ``return_std=True``.
    """
    std = regressor_std(regressor, X, chunk_size=chunk_size, progress=progress, **kwargs)
    return best(
        std, n_instances, random_tie_break=random_tie_break, random_state=randomness.of(regressor, random_state)
    )
