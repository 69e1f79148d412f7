"""How far rows are from the border of a classifier's decision function, and the strategy that picks
the nearest: for classifiers without probabilities, such as support vector machines.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from shortlist.screening import DECISION_MARGIN
from shortlist.strategies.answers import logits
from shortlist.strategies.asking import Question
from shortlist.strategies.family import member
from shortlist.strategies.uncertainty import sampling, values

if TYPE_CHECKING:
    from shortlist.strategies.choice import Array


def decision_margin(decisions: Array) -> Array:
    """Return the largest value of each row minus the second largest; of a row of one value 0."""
    if decisions.shape[1] < 2:
        return np.zeros(len(decisions), decisions.dtype)
    if decisions.shape[1] == 2:
        return np.asarray(np.abs(decisions[:, 1] - decisions[:, 0]))
    top = np.partition(decisions, -2, axis=1)
    return np.asarray(top[:, -1] - top[:, -2])


decision_margin.order = "lowest"  # type: ignore[attr-defined]

DECISION = Question(
    decision_margin,
    logits,
    0.0,
    "decision_function",
    DECISION_MARGIN,
    words={
        "what": "the largest value of the decision function minus the second largest",
        "values": "[2.254, 0.   , 2.254]",
        "method": "decision_function",
        "picked": "1",
        "formula": "z1 - z2",
        "range": "0 or more, with z1 and z2 the two largest values of the decision function z: of two classes "
        "the distance from 0",
        "source": "Tong and Koller 2001",
        "order": "lowest",
    },
)

classifier_decision_margin = member(values, DECISION, "classifier_decision_margin")
decision_margin_sampling = member(sampling, DECISION, "decision_margin_sampling")
