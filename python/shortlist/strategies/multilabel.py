"""Rows with several labels each: strategies for ``OneVsRestClassifier`` and its like.

Where modAL loops over all sets of labels, the losses here have closed forms of one pass over a row;
see `max_loss` and `mean_max_loss`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from shortlist.strategies import randomness
from shortlist.strategies.answers import distances, label_probabilities, labels
from shortlist.strategies.asking import best_known, pool_of
from shortlist.strategies.family import SHARED, member

if TYPE_CHECKING:
    from collections.abc import Callable

    from shortlist.rows.blocks import ChunkSize, Progress
    from shortlist.strategies.answers import Invalid
    from shortlist.strategies.choice import Array, Picks
    from shortlist.strategies.randomness import RandomState

    Measure = Callable[[Any, Any, int, Invalid], Array]


def SVM_loss(classifier: Any, X: Any, most_certain_classes: Any = None) -> Array:  # noqa: N802
    """Return the loss of the predicted labels: the mean, or that for one label of each row."""
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
    """Return the mean loss over all labels.

    With a of L labels predicted and s = 2a - L, it is
    ``[a max(s - 1, 0) + (L - a) max(s + 3, 0)] / L`` (Li, Wang and Sung 2004).
    """
    del invalid
    return _loss(labels(classifier, X, first))


def _max_loss(classifier: Any, X: Any, first: int, invalid: Invalid) -> Array:
    """Return the loss of the most confident label.

    With m that label, it is ``2 (positives other than m + [m predicted 0])`` (Li, Wang and Sung
    2004).
    """
    positive, proba = _labels_and_probabilities(classifier, X, first, invalid)
    loss = _loss(positive, proba.argmax(axis=1))
    return np.where(np.isnan(proba).any(axis=1), np.nan, loss)


def _min_confidence(classifier: Any, X: Any, first: int, invalid: Invalid) -> Array:
    """Return the probability of the least probable label.

    From 0 to 1 (Esuli and Sebastiani 2009).
    """
    return np.asarray(label_probabilities(classifier, X, first, invalid).min(axis=1))


def _avg_confidence(classifier: Any, X: Any, first: int, invalid: Invalid) -> Array:
    """Return the mean probability of the labels.

    From 0 to 1 (Esuli and Sebastiani 2009).
    """
    return np.asarray(label_probabilities(classifier, X, first, invalid).mean(axis=1))


def _max_score(classifier: Any, X: Any, first: int, invalid: Invalid) -> Array:
    """Return the highest score of any label.

    A label's score is half its probability, negative where it is not predicted (Esuli and
    Sebastiani 2009).
    """
    return np.asarray(_signed(classifier, X, first, invalid).max(axis=1))


def _avg_score(classifier: Any, X: Any, first: int, invalid: Invalid) -> Array:
    """Return the mean score of the labels.

    A label's score is half its probability, negative where it is not predicted (Esuli and
    Sebastiani 2009).
    """
    return np.asarray(_signed(classifier, X, first, invalid).mean(axis=1))


def _min_distance(classifier: Any, X: Any, first: int, invalid: Invalid) -> Array:
    del invalid
    return np.asarray(distances(classifier, X, first).min(axis=1))


LOWEST = (_min_confidence, _min_distance)
"""Measures whose lowest values are picked; of the others the highest are."""


def _signed(classifier: Any, X: Any, first: int, invalid: Invalid) -> Array:
    positive, proba = _labels_and_probabilities(classifier, X, first, invalid)
    return np.asarray(proba * (positive - 0.5))


def _labels_and_probabilities(classifier: Any, X: Any, first: int, invalid: Invalid) -> tuple[Array, Array]:
    positive, proba = labels(classifier, X, first), label_probabilities(classifier, X, first, invalid)
    if positive.shape != proba.shape:
        raise ValueError(
            f"predict gave {positive.shape[1]} labels and predict_proba {proba.shape[1]}; accepted are as many of each"
        )
    return positive, proba


def _sampling(
    measure: Measure,
    /,
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
    """Pick the rows where $what is $order.

    $how

    Parameters
    ----------
    classifier : classifier or learner of several labels a row
        Such as a ``OneVsRestClassifier``; asked by ``predict``, ``predict_proba``, or both.
    X_pool $X
    $n_instances
    $random_tie_break
    $random_state
    $blocks
    $invalid

    Returns
    -------
    $indices
    values : ndarray of float64, shape (n_instances,)
        Of each, $what.

    Raises
    ------
    $count_error
    $answer_error

    Examples
    --------
    $>>> import numpy as np, shortlist as sl
    $>>> from sklearn.linear_model import LogisticRegression
    $>>> from sklearn.multiclass import OneVsRestClassifier
    $>>> X, y = np.array([[0.0], [4.0], [6.0], [9.0]]), np.array([[1, 0], [1, 0], [1, 1], [0, 1]])
    $>>> model = OneVsRestClassifier(LogisticRegression())
    $>>> learner = sl.ActiveLearner(model, X_training=X, y_training=y)
    $>>> indices, values = sl.$name(learner, [[-9.0], [5.0], [20.0]], n_instances=2)
    $>>> len(indices)
    2
    """
    pool = pool_of(classifier, X_pool, chunk_size, progress)
    values = np.concatenate([measure(classifier, block, first, invalid) for first, block in pool]).astype(np.float64)
    missing = np.isnan(values)
    if invalid == "raise" and missing.any():
        raise ValueError(
            f"the model gave NaN for row {int(missing.argmax())} of the pool; accepted are numbers, and "
            'invalid="skip" leaves such rows out'
        )
    random_state = randomness.of(classifier, random_state)
    order = "lowest" if measure in LOWEST else "highest"
    return best_known(
        values, n_instances, invalid, order=order, random_tie_break=random_tie_break, random_state=random_state
    )


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

    Parameters
    ----------
    classifier : classifier or learner of several labels a row
        The ``decision_function`` of each label is asked.
    X_pool : rows
        The pool: an array, memory map, sparse matrix, frame, list, tensor or dict of arrays.
    random_tie_break, random_state, chunk_size, progress, invalid
        As for `max_loss`.

    Returns
    -------
    int
        Its position; with `random_tie_break` an array of that position and one of its distance, as
        modAL gives them.

    Raises
    ------
    PoolTooSmallError
        There is no row to pick.
    AttributeError
        The model lacks the method; the message says how to come by one.
    ValueError
        An answer of the model cannot be read; the message names the first bad row.

    Examples
    --------
    >>> import numpy as np, shortlist as sl
    >>> from sklearn.multiclass import OneVsRestClassifier
    >>> from sklearn.svm import SVC
    >>> X, y = np.array([[0.0], [4.0], [6.0], [9.0]]), np.array([[1, 0], [1, 0], [1, 1], [0, 1]])
    >>> model = OneVsRestClassifier(SVC(kernel="linear"))
    >>> learner = sl.ActiveLearner(model, X_training=X, y_training=y)
    >>> int(sl.SVM_binary_minimum(learner, [[-9.0], [5.0], [20.0]]))
    1
    """
    picks = _sampling(
        _min_distance,
        classifier,
        X_pool,
        1,
        random_tie_break,
        random_state=random_state,
        chunk_size=chunk_size,
        progress=progress,
        invalid=invalid,
    )
    return picks if random_tie_break else picks[0][0]


_HIGHEST = {"order": "highest"}
max_loss = member(_sampling, _max_loss, "max_loss", _HIGHEST)
mean_max_loss = member(_sampling, _mean_max_loss, "mean_max_loss", _HIGHEST)
min_confidence = member(_sampling, _min_confidence, "min_confidence", {"order": "lowest"})
avg_confidence = member(_sampling, _avg_confidence, "avg_confidence", _HIGHEST)
avg_score = member(_sampling, _avg_score, "avg_score", _HIGHEST)
_AT_RANDOM = {"random_tie_break": SHARED["random_tie_break"].replace("False", "True")}
max_score = member(_sampling, _max_score, "max_score", _HIGHEST | _AT_RANDOM, defaults=(1, True))
