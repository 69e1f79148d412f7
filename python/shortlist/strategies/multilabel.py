"""Rows with several labels each: strategies for ``OneVsRestClassifier`` and other multilabel classifiers.

With a the number of labels predicted for a row, L the number of labels and s = 2a - L, the losses have closed
forms of one pass over a row; see `max_loss` and `mean_max_loss`. All strategies share the signature of
`shortlist.strategies.uncertainty`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from shortlist.strategies import randomness
from shortlist.strategies.answers import distances, label_probabilities, labels
from shortlist.strategies.asking import best_known, pool_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from shortlist.rows.blocks import ChunkSize, Progress
    from shortlist.strategies.answers import Invalid
    from shortlist.strategies.choice import Array, Picks
    from shortlist.strategies.randomness import RandomState

    Measure = Callable[[Any, Any, int, Invalid], Array]
    How = tuple[RandomState, ChunkSize, Progress, Invalid]


def SVM_loss(classifier: Any, X: Any, most_certain_classes: Any = None) -> Array:  # noqa: N802
    """Return the loss of the predicted labels: the mean over all labels, or that for one label of each row."""
    return _loss(labels(classifier, X), most_certain_classes)


def _loss(positive: Array, most_certain_classes: Any = None) -> Array:
    total = positive.sum(axis=1)
    if most_certain_classes is None:
        count = positive.shape[1]
        sign = 2 * total - count
        loss = total * np.maximum(sign - 1, 0) + (count - total) * np.maximum(sign + 3, 0)
        return np.asarray(loss / count)
    chosen = positive[np.arange(len(positive)), np.asarray(most_certain_classes)]
    return np.asarray(2.0 * (total - chosen + (1 - chosen)))


def _mean_max_loss(classifier: Any, X: Any, first: int, invalid: Invalid) -> Array:
    del invalid
    return _loss(labels(classifier, X, first))


def _max_loss(classifier: Any, X: Any, first: int, invalid: Invalid) -> Array:
    positive, proba = _labels_and_probabilities(classifier, X, first, invalid)
    loss = _loss(positive, proba.argmax(axis=1))
    return np.where(np.isnan(proba).any(axis=1), np.nan, loss)


def _min_confidence(classifier: Any, X: Any, first: int, invalid: Invalid) -> Array:
    return np.asarray(label_probabilities(classifier, X, first, invalid).min(axis=1))


def _avg_confidence(classifier: Any, X: Any, first: int, invalid: Invalid) -> Array:
    return np.asarray(label_probabilities(classifier, X, first, invalid).mean(axis=1))


def _max_score(classifier: Any, X: Any, first: int, invalid: Invalid) -> Array:
    positive, proba = _labels_and_probabilities(classifier, X, first, invalid)
    return np.asarray((proba * (positive - 0.5)).max(axis=1))


def _avg_score(classifier: Any, X: Any, first: int, invalid: Invalid) -> Array:
    positive, proba = _labels_and_probabilities(classifier, X, first, invalid)
    return np.asarray((proba * (positive - 0.5)).mean(axis=1))


def _min_distance(classifier: Any, X: Any, first: int, invalid: Invalid) -> Array:
    del invalid
    return np.asarray(distances(classifier, X, first).min(axis=1))


def _labels_and_probabilities(classifier: Any, X: Any, first: int, invalid: Invalid) -> tuple[Array, Array]:
    positive, proba = labels(classifier, X, first), label_probabilities(classifier, X, first, invalid)
    if positive.shape != proba.shape:
        raise ValueError(
            f"predict gave {positive.shape[1]} labels and predict_proba {proba.shape[1]}; accepted are as many of each"
        )
    return positive, proba


def SVM_binary_minimum(  # noqa: N802
    classifier: Any,
    X_pool: Any,
    random_tie_break: bool = False,
    *,
    random_state: RandomState = None,
    chunk_size: ChunkSize = "auto",
    progress: Progress = None,
    invalid: Invalid = "raise",
) -> Any:
    """Pick the row nearest to the decision boundary of any label (Brinker 2006).

    Returns
    -------
    int
        Its position; with `random_tie_break` an array of that position and one of its distance, as modAL gives them.
    """
    how = (random_state, chunk_size, progress, invalid)
    picks = _pick(_min_distance, "lowest", classifier, X_pool, 1, random_tie_break, how)
    return picks if random_tie_break else picks[0][0]


def max_loss(
    classifier: Any,
    X_pool: Any,
    n_instances: int = 1,
    random_tie_break: bool = False,
    *,
    random_state: RandomState = None,
    chunk_size: ChunkSize = "auto",
    progress: Progress = None,
    invalid: Invalid = "raise",
) -> Picks:
    """Pick the rows where the loss of its most confident label is largest (Li, Wang and Sung 2004).

    With m that label, the loss is ``2 (positives other than m + [m predicted 0])``.

    """
    how = (random_state, chunk_size, progress, invalid)
    return _pick(_max_loss, "highest", classifier, X_pool, n_instances, random_tie_break, how)


def mean_max_loss(
    classifier: Any,
    X_pool: Any,
    n_instances: int = 1,
    random_tie_break: bool = False,
    *,
    random_state: RandomState = None,
    chunk_size: ChunkSize = "auto",
    progress: Progress = None,
    invalid: Invalid = "raise",
) -> Picks:
    """Pick the rows where the mean loss over all labels is largest (Li, Wang and Sung 2004).

    It is ``[a max(s - 1, 0) + (L - a) max(s + 3, 0)] / L``.

    """
    how = (random_state, chunk_size, progress, invalid)
    return _pick(_mean_max_loss, "highest", classifier, X_pool, n_instances, random_tie_break, how)


def min_confidence(
    classifier: Any,
    X_pool: Any,
    n_instances: int = 1,
    random_tie_break: bool = False,
    *,
    random_state: RandomState = None,
    chunk_size: ChunkSize = "auto",
    progress: Progress = None,
    invalid: Invalid = "raise",
) -> Picks:
    """Pick the rows where the least probable label has the lowest probability (Esuli and Sebastiani 2009)."""
    how = (random_state, chunk_size, progress, invalid)
    return _pick(_min_confidence, "lowest", classifier, X_pool, n_instances, random_tie_break, how)


def avg_confidence(
    classifier: Any,
    X_pool: Any,
    n_instances: int = 1,
    random_tie_break: bool = False,
    *,
    random_state: RandomState = None,
    chunk_size: ChunkSize = "auto",
    progress: Progress = None,
    invalid: Invalid = "raise",
) -> Picks:
    """Pick the rows where the mean probability of the labels is highest (Esuli and Sebastiani 2009)."""
    how = (random_state, chunk_size, progress, invalid)
    return _pick(_avg_confidence, "highest", classifier, X_pool, n_instances, random_tie_break, how)


def max_score(
    classifier: Any,
    X_pool: Any,
    n_instances: int = 1,
    random_tie_break: bool = True,
    *,
    random_state: RandomState = None,
    chunk_size: ChunkSize = "auto",
    progress: Progress = None,
    invalid: Invalid = "raise",
) -> Picks:
    """Pick the rows where the largest signed probability is highest (Esuli and Sebastiani 2009).

    Equal ones are drawn among at random, unless `random_tie_break` is false.

    """
    how = (random_state, chunk_size, progress, invalid)
    return _pick(_max_score, "highest", classifier, X_pool, n_instances, random_tie_break, how)


def avg_score(
    classifier: Any,
    X_pool: Any,
    n_instances: int = 1,
    random_tie_break: bool = False,
    *,
    random_state: RandomState = None,
    chunk_size: ChunkSize = "auto",
    progress: Progress = None,
    invalid: Invalid = "raise",
) -> Picks:
    """Pick the rows where the mean signed probability is highest (Esuli and Sebastiani 2009)."""
    how = (random_state, chunk_size, progress, invalid)
    return _pick(_avg_score, "highest", classifier, X_pool, n_instances, random_tie_break, how)


def _pick(
    measure: Measure,
    order: str,
    classifier: Any,
    X: Any,
    n_instances: int,
    random_tie_break: bool,
    how: How,
) -> Picks:
    random_state, chunk_size, progress, invalid = how
    pool = pool_of(classifier, X, chunk_size, progress)
    values = np.concatenate([measure(classifier, block, first, invalid) for first, block in pool]).astype(np.float64)
    missing = np.isnan(values)
    if invalid == "raise" and missing.any():
        raise ValueError(
            f"the model gave NaN for row {int(missing.argmax())} of the pool; accepted are numbers, and "
            'invalid="skip" leaves such rows out'
        )
    random_state = randomness.of(classifier, random_state)
    return best_known(
        values, n_instances, invalid, order=order, random_tie_break=random_tie_break, random_state=random_state
    )
