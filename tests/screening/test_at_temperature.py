"""How far scores of calibrated probabilities are from those of logits at a temperature."""

import numpy as np
import pytest

import shortlist as sl
from shortlist.loop.training.calibration import SMALLEST, warmed
from shortlist.loop.training.few import OURS, ROUNDED
from shortlist.screening import at_temperature, moved
from shortlist.screening.bounds import Linear

rng = np.random.default_rng(0)


def softmax(logits):
    found = np.exp(logits - logits.max(axis=1, keepdims=True))
    return found / found.sum(axis=1, keepdims=True)


@pytest.mark.parametrize("measure", ["least_confident", "margin", "ratio", "entropy", "normalised_entropy", "gini"])
def test_scores_move_by_no_more_than_is_said(measure):
    said = 0
    for temperature in (0.1, 0.5, 1.0, 1.3, 2.0, 3.0):
        for classes in (2, 3, 10):
            logits = rng.normal(size=(500, classes)) * rng.choice([1, 5, 30], size=(500, 1))
            raised = 0.0 if temperature == 1 else classes * (classes * SMALLEST) ** (1 / temperature)
            most = moved(measure, classes, raised + ROUNDED)
            if most is None:
                continue
            said += 1
            answers = warmed(softmax(logits).astype(np.float32), temperature).astype(np.float32)
            exact = sl.score(softmax(logits / temperature), measure, normalize="as_is")
            assert np.abs(sl.score(answers, measure) - exact).max() <= most + OURS
    assert said >= 14


def test_models_without_logits_have_no_temperature():
    made = [Linear(np.ones((3, 2)), np.ones(3), link, np.dtype(np.float64)) for link in ("softmax", "one_versus_rest")]
    cold = at_temperature(made[0], 2.0)
    assert cold.weights.tolist() == (made[0].weights / 2).tolist()
    assert cold.intercepts.tolist() == [0.5, 0.5, 0.5]
    assert at_temperature(made[1], 2.0) is None
    assert at_temperature(made[1], 1.0) is made[1]
