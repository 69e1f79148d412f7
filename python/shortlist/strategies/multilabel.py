"""Rows with several labels each: strategies for ``OneVsRestClassifier`` and other multilabel classifiers.

With a the number of labels predicted for a row, L the number of labels and s = 2a - L, the losses have closed
forms of one pass over a row; see `max_loss` and `mean_max_loss`. All strategies share the signature of
`shortlist.strategies.uncertainty`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from shortlist.strategies import randomness
from shortlist.strategies.asking import check_rows, pool_of, predict_proba_of
from shortlist.strategies.choice import best

if TYPE_CHECKING:
    from collections.abc import Callable

    from shortlist.rows.blocks import ChunkSize, Progress
    from shortlist.strategies.choice import Array, Picks
    from shortlist.strategies.randomness import RandomState

    Measure = Callable[[Any, Any], Array]


def SVM_loss(classifier: Any, X: Any, most_certain_classes: Any = None) -> Array:  # noqa: N802
    """Return the loss of the predicted labels: the mean over all labels, or that for one label of each row."""
    positive = predicted(classifier, X)
    total = positive.sum(axis=1)
    if most_certain_classes is None:
        labels = positive.shape[1]
        sign = 2 * total - labels
        loss = total * np.maximum(sign - 1, 0) + (labels - total) * np.maximum(sign + 3, 0)
        return np.asarray(loss / labels)
    chosen = positive[np.arange(len(positive)), np.asarray(most_certain_classes)]
    return np.asarray(2.0 * (total - chosen + (1 - chosen)))


def _max_loss(classifier: Any, X: Any) -> Array:
    return SVM_loss(classifier, X, confidence(classifier, X).argmax(axis=1))


def _min_confidence(classifier: Any, X: Any) -> Array:
    return np.asarray(confidence(classifier, X).min(axis=1))


def _avg_confidence(classifier: Any, X: Any) -> Array:
    return np.asarray(confidence(classifier, X).mean(axis=1))


def _max_score(classifier: Any, X: Any) -> Array:
    return np.asarray((confidence(classifier, X) * (predicted(classifier, X) - 0.5)).max(axis=1))


def _avg_score(classifier: Any, X: Any) -> Array:
    return np.asarray((confidence(classifier, X) * (predicted(classifier, X) - 0.5)).mean(axis=1))


def _min_distance(classifier: Any, X: Any) -> Array:
    model = classifier if hasattr(classifier, "estimators_") else getattr(classifier, "estimator", classifier)
    members = getattr(model, "estimators_", None) or [model]
    distances = np.stack([np.abs(member.decision_function(X)) for member in members])
    return np.asarray(distances.min(axis=0))


def predicted(classifier: Any, X: Any) -> Array:
    """Return predicted labels as a matrix of 0 and 1."""
    answer = classifier.predict(X)
    answer = np.asarray(answer.toarray() if hasattr(answer, "toarray") else answer)
    if answer.ndim != 2:
        raise ValueError(
            f"predict gave shape {answer.shape}; accepted is (rows, labels) of 0 and 1: "
            "fit the classifier on such a matrix"
        )
    return answer.astype(np.int64)


def confidence(classifier: Any, X: Any) -> Array:
    """Return the probability of each label, ``(rows, labels)``, from one matrix or from one matrix for each label."""
    answer = predict_proba_of(classifier)(X)
    if isinstance(answer, list):
        answer = np.stack([np.asarray(part)[:, -1] for part in answer], axis=1)
    return np.asarray(answer)


def SVM_binary_minimum(  # noqa: N802
    classifier: Any,
    X_pool: Any,
    random_tie_break: bool = False,
    *,
    random_state: RandomState = None,
    chunk_size: ChunkSize = "auto",
    progress: Progress = None,
) -> Any:
    """Pick the row nearest to the decision boundary of any label (Brinker 2006).

    Returns
    -------
    int
        Its position; with `random_tie_break` an array of that position and one of its distance, as modAL gives them.
    """
    how = (random_state, chunk_size, progress)
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
) -> Picks:
    """Pick the rows where the loss of its most confident label is largest (Li, Wang and Sung 2004).

    With m that label, the loss is ``2 (positives other than m + [m predicted 0])``.

    """
    how = (random_state, chunk_size, progress)
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
) -> Picks:
    """Pick the rows where the mean loss over all labels is largest (Li, Wang and Sung 2004).

    It is ``[a max(s - 1, 0) + (L - a) max(s + 3, 0)] / L``.

    """
    how = (random_state, chunk_size, progress)
    return _pick(SVM_loss, "highest", classifier, X_pool, n_instances, random_tie_break, how)


def min_confidence(
    classifier: Any,
    X_pool: Any,
    n_instances: int = 1,
    random_tie_break: bool = False,
    *,
    random_state: RandomState = None,
    chunk_size: ChunkSize = "auto",
    progress: Progress = None,
) -> Picks:
    """Pick the rows where the least probable label has the lowest probability (Esuli and Sebastiani 2009)."""
    how = (random_state, chunk_size, progress)
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
) -> Picks:
    """Pick the rows where the mean probability of the labels is highest (Esuli and Sebastiani 2009)."""
    how = (random_state, chunk_size, progress)
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
) -> Picks:
    """Pick the rows where the largest signed probability is highest (Esuli and Sebastiani 2009).

    Equal ones are drawn among at random, unless `random_tie_break` is false.

    """
    how = (random_state, chunk_size, progress)
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
) -> Picks:
    """Pick the rows where the mean signed probability is highest (Esuli and Sebastiani 2009)."""
    how = (random_state, chunk_size, progress)
    return _pick(_avg_score, "highest", classifier, X_pool, n_instances, random_tie_break, how)


def _pick(
    measure: Measure,
    order: str,
    classifier: Any,
    X: Any,
    n_instances: int,
    random_tie_break: bool,
    how: tuple[RandomState, ChunkSize, Progress],
) -> Picks:
    random_state, chunk_size, progress = how
    values = []
    for first, block in pool_of(classifier, X, chunk_size, progress):
        values.append(measure(classifier, block))
        check_rows(values[-1], block, first)
    random_state = randomness.of(classifier, random_state)
    together = np.concatenate(values).astype(np.float64)
    return best(together, n_instances, order=order, random_tie_break=random_tie_break, random_state=random_state)
