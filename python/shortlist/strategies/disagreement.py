"""Disagreement of a committee, and the strategies that pick the rows its members differ on.

The strategies share the signature of `shortlist.strategies.uncertainty`; keywords go to ``vote``, ``predict_proba`` or
``vote_proba`` of the committee.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from shortlist.strategies import randomness
from shortlist.strategies.answers import means_and_stds, members, probabilities, votes
from shortlist.strategies.asking import Question, best_known, pick, pool_of, scores

if TYPE_CHECKING:
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
    """Return the standard deviation of each predicted value; a utility for `mix` and `make_query_strategy`.

    Where a row has several targets, it is the mean of their standard deviations.
    """
    pool = pool_of(regressor, X, chunk_size, progress)
    stds = [means_and_stds(regressor, block, first, invalid, **kwargs)[1] for first, block in pool]
    return np.concatenate([std if std.ndim == 1 else std.mean(axis=1) for std in stds])


_VOTE_ENTROPY = Question("entropy", votes, unfitted=0.0, method="vote")
_CONSENSUS_ENTROPY = Question("entropy", probabilities, unfitted=0.0)
_MAX_DISAGREEMENT = Question("max_disagreement", members, unfitted=0.0, method="vote_proba")
_BALD = Question("bald", members, unfitted=0.0, method="vote_proba")
_VARIATION_RATIO = Question("variation_ratio", members, unfitted=0.0, method="vote_proba")
_MEAN_STD = Question("mean_std", members, unfitted=0.0, method="vote_proba")


def vote_entropy(
    committee: Any,
    X: Any,
    *,
    chunk_size: ChunkSize = "auto",
    progress: Progress = None,
    invalid: Invalid = "raise",
    **kwargs: Any,
) -> Array:
    """Return the entropy of the votes, one value a row."""
    return scores(_VOTE_ENTROPY, committee, X, chunk_size, progress, invalid, kwargs)


def vote_entropy_sampling(
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
    """Pick the rows members differ on most (Dagan and Engelson 1995).

    The score is the entropy of the votes.
    """
    return pick(
        _VOTE_ENTROPY, committee, X, n_instances, random_tie_break, random_state, chunk_size, progress, invalid, kwargs
    )


def consensus_entropy(
    committee: Any,
    X: Any,
    *,
    chunk_size: ChunkSize = "auto",
    progress: Progress = None,
    invalid: Invalid = "raise",
    **kwargs: Any,
) -> Array:
    """Return the entropy of the members' mean probabilities, one value a row."""
    return scores(_CONSENSUS_ENTROPY, committee, X, chunk_size, progress, invalid, kwargs)


def consensus_entropy_sampling(
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
    """Pick the rows members differ on most (Settles 2009).

    The score is the entropy of the members' mean probabilities.
    """
    return pick(
        _CONSENSUS_ENTROPY,
        committee,
        X,
        n_instances,
        random_tie_break,
        random_state,
        chunk_size,
        progress,
        invalid,
        kwargs,
    )


def KL_max_disagreement(  # noqa: N802 - modAL's name
    committee: Any,
    X: Any,
    *,
    chunk_size: ChunkSize = "auto",
    progress: Progress = None,
    invalid: Invalid = "raise",
    **kwargs: Any,
) -> Array:
    """Return the largest Kullback-Leibler divergence of a member from the mean, one value a row."""
    return scores(_MAX_DISAGREEMENT, committee, X, chunk_size, progress, invalid, kwargs)


def max_disagreement_sampling(
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
    """Pick the rows members differ on most (McCallum and Nigam 1998).

    The score is the largest Kullback-Leibler divergence of a member from the mean.
    """
    return pick(
        _MAX_DISAGREEMENT,
        committee,
        X,
        n_instances,
        random_tie_break,
        random_state,
        chunk_size,
        progress,
        invalid,
        kwargs,
    )


def bald(
    committee: Any,
    X: Any,
    *,
    chunk_size: ChunkSize = "auto",
    progress: Progress = None,
    invalid: Invalid = "raise",
    **kwargs: Any,
) -> Array:
    """Return the mutual information of label and member, one value a row."""
    return scores(_BALD, committee, X, chunk_size, progress, invalid, kwargs)


def bald_sampling(
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
    """Pick the rows members differ on most (Houlsby et al. 2011).

    The score is the mutual information of label and member.
    """
    return pick(_BALD, committee, X, n_instances, random_tie_break, random_state, chunk_size, progress, invalid, kwargs)


def variation_ratio(
    committee: Any,
    X: Any,
    *,
    chunk_size: ChunkSize = "auto",
    progress: Progress = None,
    invalid: Invalid = "raise",
    **kwargs: Any,
) -> Array:
    """Return the share of members that do not vote with the majority, one value a row."""
    return scores(_VARIATION_RATIO, committee, X, chunk_size, progress, invalid, kwargs)


def variation_ratio_sampling(
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
    """Pick the rows members differ on most (Freeman 1965).

    The score is the share of members that do not vote with the majority.
    """
    return pick(
        _VARIATION_RATIO,
        committee,
        X,
        n_instances,
        random_tie_break,
        random_state,
        chunk_size,
        progress,
        invalid,
        kwargs,
    )


def mean_std(
    committee: Any,
    X: Any,
    *,
    chunk_size: ChunkSize = "auto",
    progress: Progress = None,
    invalid: Invalid = "raise",
    **kwargs: Any,
) -> Array:
    """Return the members' standard deviation, averaged over the classes, one value a row."""
    return scores(_MEAN_STD, committee, X, chunk_size, progress, invalid, kwargs)


def mean_std_sampling(
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
    """Pick the rows members differ on most (Kendall et al. 2015).

    The score is the members' standard deviation, averaged over the classes.
    """
    return pick(
        _MEAN_STD, committee, X, n_instances, random_tie_break, random_state, chunk_size, progress, invalid, kwargs
    )


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

    `regressor` is a `CommitteeRegressor`, or any model whose ``predict`` takes ``return_std=True``. Where a row has several
    targets, the mean of their standard deviations counts.
    """
    std = regressor_std(regressor, X, chunk_size=chunk_size, progress=progress, invalid=invalid, **kwargs)
    random_state = randomness.of(regressor, random_state)
    return best_known(std, n_instances, invalid, random_tie_break=random_tie_break, random_state=random_state)
