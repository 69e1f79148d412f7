"""Uncertainty of a classifier, and the strategies that pick the rows it is least sure of.

For each measure there are a utility, ``classifier_margin(classifier, X)``, which gives one value
a row, and a strategy, ``margin_sampling(classifier, X, n_instances=1)``, which gives positions and
scores, the most informative first, ties by the lowest position. They ask the model block by block.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shortlist.strategies.answers import logits, probabilities
from shortlist.strategies.asking import Question, pick, score_matrix, scores
from shortlist.strategies.family import measure_words, member

if TYPE_CHECKING:
    from shortlist.rows.blocks import ChunkSize, Progress
    from shortlist.strategies.answers import Invalid
    from shortlist.strategies.choice import Array, Picks
    from shortlist.strategies.randomness import RandomState


def values(
    question: Question,
    /,
    classifier: Any,
    X: Any,
    *,
    chunk_size: ChunkSize = "auto",
    progress: Progress = None,
    invalid: Invalid = "raise",
    approximate: bool | float = False,
    **kwargs: Any,
) -> Array:
    """Return $what, one value for each row of a pool.

    A utility for `shortlist.mix` and `shortlist.make_query_strategy`. With p1 and p2 the two
    largest of the C probabilities p, it is ``$formula``, $range.

    Parameters
    ----------
    classifier : classifier, learner or committee
        Its ``$method`` is asked.
    X $X
    $blocks
    $invalid_values
    $approximate
    **kwargs
        Passed on to ``$method``.

    Returns
    -------
    ndarray of float32 or float64, shape (rows,)
        As wide as what the model gives; approximate ones are float64. Of a model that is not
        fitted all rows have the same value.

    Raises
    ------
    ArgumentError
        `invalid` is not what is accepted.
    $answer_error

    Examples
    --------
    $>>> import shortlist as sl
    $>>> from sklearn.linear_model import LogisticRegression
    $>>> model = LogisticRegression().fit([[0.0], [10.0]], ["cat", "dog"])
    $>>> sl.$name(model, [[1.0], [5.0], [9.0]]).round(3)
    array($values)
    """
    return scores(question, classifier, X, chunk_size, progress, invalid, kwargs, approximate=approximate)


def sampling(
    question: Question,
    /,
    classifier: Any,
    X: Any,
    n_instances: int = 1,
    random_tie_break: bool = False,
    *,
    random_state: RandomState = None,
    chunk_size: ChunkSize = "auto",
    progress: Progress = None,
    invalid: Invalid = "raise",
    screen: bool = True,
    **kwargs: Any,
) -> Picks:
    """Pick the rows a classifier is least sure of, by $what: $order first.

    With p1 and p2 the two largest of the C probabilities p, the score is ``$formula``, $range.
    $source.

    Parameters
    ----------
    classifier : classifier, learner or committee
        Its ``$method`` is asked.
    X $X
    $n_instances
    $random_tie_break
    $random_state
    $blocks
    $invalid
    $screen
    **kwargs
        Passed on to ``$method``.

    Returns
    -------
    $indices
    scores : ndarray of float32 or float64, shape (n_instances,)
        The measure of each, as wide as what the model gives.

    Raises
    ------
    $count_error
    $answer_error

    Examples
    --------
    $>>> import shortlist as sl
    $>>> from sklearn.linear_model import LogisticRegression
    $>>> model = LogisticRegression()
    $>>> learner = sl.ActiveLearner(model, X_training=[[0.0], [10.0]], y_training=["cat", "dog"])
    $>>> indices, scores = sl.$name(learner, [[1.0], [5.0], [9.0]])
    $>>> indices
    array([$picked])
    $>>> indices, rows = learner.query([[1.0], [5.0], [9.0]], n_instances=2)
    """
    return pick(
        question,
        classifier,
        X,
        n_instances,
        random_tie_break,
        random_state,
        chunk_size,
        progress,
        invalid,
        kwargs,
        screen,
    )


def _question(measure: str, what: str, shown: str, picked: str = "1", **how: Any) -> Question:
    asked: dict[str, Any] = {"ask": probabilities, "unfitted": 0.0, "method": "predict_proba"} | how
    words = {"what": what, "values": shown, "method": asked["method"], "picked": picked, **measure_words(measure)}
    return Question(measure, words=words, **asked)


UNCERTAINTY = _question("least_confident", "one minus the largest probability", "[0.095, 0.5  , 0.095]", unfitted=1.0)
_MARGIN = _question("margin", "the largest probability minus the second largest", "[0.81, 0.  , 0.81]")
_RATIO = _question("ratio", "the second largest probability divided by the largest", "[0.105, 1.   , 0.105]")
ENTROPY = _question("entropy", "the Shannon entropy of the probabilities, in nats", "[0.314, 0.693, 0.314]")
_NORMALISED_ENTROPY = _question(
    "normalised_entropy", "the entropy divided by the logarithm of the number of classes", "[0.453, 1.   , 0.453]"
)
_GINI = _question("gini", "one minus the sum of squared probabilities", "[0.172, 0.5  , 0.172]")
_ENERGY = _question(
    "energy",
    "minus the log-sum-exp of the logits z",
    "[-0.1  , -0.693, -2.354]",
    "0",
    ask=logits,
    method="decision_function",
)

QUESTIONS = {
    question.name: question for question in (UNCERTAINTY, _MARGIN, _RATIO, ENTROPY, _NORMALISED_ENTROPY, _GINI, _ENERGY)
}
"""What can be asked of a classifier, by measure."""

classifier_uncertainty = member(values, UNCERTAINTY, "classifier_uncertainty")
uncertainty_sampling = member(sampling, UNCERTAINTY, "uncertainty_sampling")
classifier_margin = member(values, _MARGIN, "classifier_margin")
margin_sampling = member(sampling, _MARGIN, "margin_sampling")
classifier_ratio = member(values, _RATIO, "classifier_ratio")
ratio_sampling = member(sampling, _RATIO, "ratio_sampling")
classifier_entropy = member(values, ENTROPY, "classifier_entropy")
entropy_sampling = member(sampling, ENTROPY, "entropy_sampling")
classifier_normalised_entropy = member(values, _NORMALISED_ENTROPY, "classifier_normalised_entropy")
normalised_entropy_sampling = member(sampling, _NORMALISED_ENTROPY, "normalised_entropy_sampling")
classifier_gini = member(values, _GINI, "classifier_gini")
gini_sampling = member(sampling, _GINI, "gini_sampling")
classifier_energy = member(values, _ENERGY, "classifier_energy")
energy_sampling = member(sampling, _ENERGY, "energy_sampling")


def proba_uncertainty(proba: Any) -> Array:
    """Return the least confidence of each row of a matrix of probabilities."""
    return score_matrix(proba, "least_confident")


def proba_margin(proba: Any) -> Array:
    """Return the margin of each row of a matrix of probabilities."""
    return score_matrix(proba, "margin")


def proba_entropy(proba: Any) -> Array:
    """Return the entropy of each row of a matrix of probabilities."""
    return score_matrix(proba, "entropy")
