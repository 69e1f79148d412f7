"""Several people's labels of rows, weighed by CROWDLAB, and what ActiveLab would ask next.

CROWDLAB (Goh, Tkachenko and Mueller 2022) weighs people and the model by how far they agree;
ActiveLab (Goh and Mueller 2023) says of each row, labelled or not, how much another label of it
would tell.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from shortlist.loop.cleanlab.needed import module

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from shortlist.loop.store.answers import Answers


@dataclass(frozen=True, eq=False)
class Crowd:
    """Labels that several people gave to rows, and what models say that were not trained on these.

    Attributes
    ----------
    labels : ndarray of float64, shape (rows, people)
        Numbers of classes; NaN where somebody said nothing.
    probabilities : ndarray of float64, shape (rows, classes)
        In the order of `labels`.
    """

    labels: NDArray[np.float64]
    probabilities: NDArray[np.float64]

    @property
    def several(self) -> bool:
        """Whether any row has labels of two people, without which nobody can be weighed."""
        return bool((np.count_nonzero(~np.isnan(self.labels), axis=1) > 1).any())

    def consensus(self) -> NDArray[np.int64]:
        """Return the class of each row by CROWDLAB: ``consensus_label`` of
        ``get_label_quality_multiannotator``.
        """
        with _quiet():
            found = module("multiannotator").get_label_quality_multiannotator(
                self.labels,
                self.probabilities,
                return_annotator_stats=False,
                return_detailed_quality=False,
                verbose=False,
            )
        return found["label_quality"]["consensus_label"].to_numpy().astype(np.int64)  # type: ignore[no-any-return]

    def scores(self) -> NDArray[np.float64]:
        """Return how little another label of each row would tell:
        the first of what ``get_active_learning_scores`` returns.
        """
        with _quiet():
            found = module("multiannotator").get_active_learning_scores(self.labels, self.probabilities)[0]
        return np.asarray(found, dtype=np.float64)

    def scores_of_new(self, probabilities: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the same of rows without a label, a block at a time:
        the second of what that function returns.
        """
        temperature, weights = self._weights
        inner = module("internal.multiannotator_utils")
        scaled = inner.temp_scale_pred_probs(probabilities, temperature)
        both = np.stack([scaled.max(axis=1), np.full(len(scaled), 1 / scaled.shape[1])])
        return np.asarray(np.average(both, weights=weights, axis=0), dtype=np.float64)

    @cached_property
    def _weights(self) -> tuple[float, list[float]]:
        """The temperature of the model, and the weights of the model and of people on average."""
        if (np.count_nonzero(~np.isnan(self.labels), axis=1) == 1).all():
            return 1.0, [1.0, 1.0]
        with _quiet():
            inner = module("internal.multiannotator_utils")
            temperature = inner.find_best_temp_scaler(self.labels, self.probabilities)
            found = module("multiannotator").get_label_quality_multiannotator(
                self.labels,
                inner.temp_scale_pred_probs(self.probabilities, temperature),
                return_annotator_stats=False,
                return_detailed_quality=False,
                return_weights=True,
                verbose=False,
            )
        return float(temperature), [float(found["model_weight"]), float(np.mean(found["annotator_weight"]))]


def votes_of(answers: Answers, classes: Mapping[str, int], held: set[str]) -> dict[str, dict[str, int]]:
    """Return what each person gave to rows, as numbers of classes.

    Left out are rows that are kept apart for the estimate, those that a reviewer has decided, and
    those that somebody called none of the classes.
    """
    table: dict[str, dict[str, int]] = {}
    for row, given in answers.by_row().items():
        if row in held or row in answers.reviews:
            continue
        numbers = {who: classes.get(label, -1) if label is not None else -1 for who, label in given.items()}
        if numbers and min(numbers.values()) >= 0:
            table[row] = numbers
    return table


def labels_of(votes: Mapping[str, Mapping[str, int]]) -> NDArray[np.float64]:
    """Return votes as Cleanlab takes them: a row for each row,
    a column for each person in the order of their names.
    """
    people = {who: place for place, who in enumerate(sorted({who for given in votes.values() for who in given}))}
    found = np.full((len(votes), len(people)), np.nan)
    for number, given in enumerate(votes.values()):
        for who, label in given.items():
            found[number, people[who]] = label
    return found


def _quiet() -> Any:
    caught = warnings.catch_warnings()
    warnings.simplefilter("ignore")
    return caught
