"""Uncertainty of a classifier, and the strategies that pick the rows it is least sure of.

Every strategy takes ``(classifier, X, n_instances=1, random_tie_break=False)`` and returns positions and
scores, the most informative first, ties by the lowest position. `X` is scored in blocks of `chunk_size` rows
(``"auto"``: a fixed budget of memory); `progress` is called with rows done and rows in all; with ``invalid="skip"`` rows
that the model answers with NaN are never picked, and their score is NaN; other keywords go to ``predict_proba``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shortlist.strategies.answers import logits, probabilities
from shortlist.strategies.asking import Question, pick, score_matrix, scores

if TYPE_CHECKING:
    from shortlist.rows.blocks import ChunkSize, Progress
    from shortlist.strategies.answers import Invalid
    from shortlist.strategies.choice import Array, Picks
    from shortlist.strategies.randomness import RandomState


UNCERTAINTY = Question("least_confident", probabilities, unfitted=1.0)
_MARGIN = Question("margin", probabilities, unfitted=0.0)
ENTROPY = Question("entropy", probabilities, unfitted=0.0)
_NORMALISED_ENTROPY = Question("normalised_entropy", probabilities, unfitted=0.0)
_RATIO = Question("ratio", probabilities, unfitted=0.0)
_GINI = Question("gini", probabilities, unfitted=0.0)
_ENERGY = Question("energy", logits, unfitted=0.0, method="decision_function")


def classifier_uncertainty(
    classifier: Any,
    X: Any,
    *,
    chunk_size: ChunkSize = "auto",
    progress: Progress = None,
    invalid: Invalid = "raise",
    **kwargs: Any,
) -> Array:
    """Return one minus the largest probability, one value a row."""
    return scores(UNCERTAINTY, classifier, X, chunk_size, progress, invalid, kwargs)


def uncertainty_sampling(
    classifier: Any,
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
    """Pick by uncertainty, least confident first (Lewis and Gale 1994).

    The score is one minus the largest probability.
    """
    return pick(
        UNCERTAINTY, classifier, X, n_instances, random_tie_break, random_state, chunk_size, progress, invalid, kwargs
    )


def classifier_margin(
    classifier: Any,
    X: Any,
    *,
    chunk_size: ChunkSize = "auto",
    progress: Progress = None,
    invalid: Invalid = "raise",
    **kwargs: Any,
) -> Array:
    """Return the largest probability minus the second largest, one value a row."""
    return scores(_MARGIN, classifier, X, chunk_size, progress, invalid, kwargs)


def margin_sampling(
    classifier: Any,
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
    """Pick by margin, smallest margin first (Scheffer, Decomain and Wrobel 2001).

    The score is the largest probability minus the second largest.
    """
    return pick(
        _MARGIN, classifier, X, n_instances, random_tie_break, random_state, chunk_size, progress, invalid, kwargs
    )


def classifier_entropy(
    classifier: Any,
    X: Any,
    *,
    chunk_size: ChunkSize = "auto",
    progress: Progress = None,
    invalid: Invalid = "raise",
    **kwargs: Any,
) -> Array:
    """Return the Shannon entropy of the probabilities, in nats, one value a row."""
    return scores(ENTROPY, classifier, X, chunk_size, progress, invalid, kwargs)


def entropy_sampling(
    classifier: Any,
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
    """Pick by entropy, largest entropy first (Shannon 1948).

    The score is the Shannon entropy of the probabilities, in nats.
    """
    return pick(
        ENTROPY, classifier, X, n_instances, random_tie_break, random_state, chunk_size, progress, invalid, kwargs
    )


def classifier_normalised_entropy(
    classifier: Any,
    X: Any,
    *,
    chunk_size: ChunkSize = "auto",
    progress: Progress = None,
    invalid: Invalid = "raise",
    **kwargs: Any,
) -> Array:
    """Return the entropy divided by the logarithm of the number of classes, one value a row."""
    return scores(_NORMALISED_ENTROPY, classifier, X, chunk_size, progress, invalid, kwargs)


def normalised_entropy_sampling(
    classifier: Any,
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
    """Pick by normalised entropy, largest first (Shannon 1948).

    The score is the entropy divided by the logarithm of the number of classes.
    """
    return pick(
        _NORMALISED_ENTROPY,
        classifier,
        X,
        n_instances,
        random_tie_break,
        random_state,
        chunk_size,
        progress,
        invalid,
        kwargs,
    )


def classifier_ratio(
    classifier: Any,
    X: Any,
    *,
    chunk_size: ChunkSize = "auto",
    progress: Progress = None,
    invalid: Invalid = "raise",
    **kwargs: Any,
) -> Array:
    """Return the second largest probability divided by the largest, one value a row."""
    return scores(_RATIO, classifier, X, chunk_size, progress, invalid, kwargs)


def ratio_sampling(
    classifier: Any,
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
    """Pick by ratio, largest ratio first (a margin on the scale of odds).

    The score is the second largest probability divided by the largest.
    """
    return pick(
        _RATIO, classifier, X, n_instances, random_tie_break, random_state, chunk_size, progress, invalid, kwargs
    )


def classifier_gini(
    classifier: Any,
    X: Any,
    *,
    chunk_size: ChunkSize = "auto",
    progress: Progress = None,
    invalid: Invalid = "raise",
    **kwargs: Any,
) -> Array:
    """Return one minus the sum of squared probabilities, one value a row."""
    return scores(_GINI, classifier, X, chunk_size, progress, invalid, kwargs)


def gini_sampling(
    classifier: Any,
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
    """Pick by Gini impurity, largest impurity first (Breiman et al. 1984).

    The score is one minus the sum of squared probabilities.
    """
    return pick(
        _GINI, classifier, X, n_instances, random_tie_break, random_state, chunk_size, progress, invalid, kwargs
    )


def classifier_energy(
    classifier: Any,
    X: Any,
    *,
    chunk_size: ChunkSize = "auto",
    progress: Progress = None,
    invalid: Invalid = "raise",
    **kwargs: Any,
) -> Array:
    """Return minus the log-sum-exp of the logits, which come from ``decision_function``, one value a row."""
    return scores(_ENERGY, classifier, X, chunk_size, progress, invalid, kwargs)


def energy_sampling(
    classifier: Any,
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
    """Pick by energy, largest energy first (Liu et al. 2020).

    The score is minus the log-sum-exp of the logits, which come from ``decision_function``.
    """
    return pick(
        _ENERGY, classifier, X, n_instances, random_tie_break, random_state, chunk_size, progress, invalid, kwargs
    )


def proba_uncertainty(proba: Any) -> Array:
    """Return the least confidence of each row of a matrix of probabilities."""
    return score_matrix(proba, "least_confident")


def proba_margin(proba: Any) -> Array:
    """Return the margin of each row of a matrix of probabilities."""
    return score_matrix(proba, "margin")


def proba_entropy(proba: Any) -> Array:
    """Return the entropy of each row of a matrix of probabilities."""
    return score_matrix(proba, "entropy")
