"""What models say of the rows that they were not trained on:
each row of the training, answered out of fold.
"""

from __future__ import annotations

import io
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from shortlist.loop.ground import Ground, Training
    from shortlist.loop.store import Store
    from shortlist.loop.training import Trained

ARRAY, ROWS = "held", "held_rows"
"""In a model's estimate: the blobs of the answers,
and of the rows with the labels that they had.
"""


@dataclass(frozen=True, eq=False)
class Held:
    """Rows of the pool that a model was trained on, in its order,
    with what was said of them out of fold.

    Attributes
    ----------
    ids, labels : list of str
    codes : ndarray of int64
        The labels as numbers of classes.
    probabilities : ndarray of float64, shape (rows, classes)
    said : Trained
        What else came of the training.
    """

    ids: list[str]
    labels: list[str]
    codes: NDArray[np.int64]
    probabilities: NDArray[np.float64]
    said: Trained

    def kept(self, store: Store) -> dict[str, str]:
        """Keep it with a store, and return what its model's estimate is to say of it."""
        array = io.BytesIO()
        np.save(array, self.probabilities.astype(np.float32))
        rows = json.dumps([self.ids, self.labels])
        return {ARRAY: store.put_blob(array.getvalue()), ROWS: store.put_blob(rows.encode())}


def held_of(ground: Ground, training: Training, trained: Trained) -> Held | None:
    """Return what came out of fold; None where there were too few labels for that,
    or a command has trained.
    """
    if trained.out_of_fold is None:
        return None
    codes = np.array([ground.spec.classes.index(label) for label in training.labels], dtype=np.int64)
    said = probabilities_of(trained.out_of_fold, ground.spec.model.returns)
    return Held(ground.pool.id_of(training.rows), training.labels, codes, said, trained)


def probabilities_of(answers: NDArray[np.float32], returns: str) -> NDArray[np.float64]:
    """Return a model's answers as probabilities, whatever it returns."""
    found = answers.astype(np.float64)
    if returns == "logits":
        found = np.exp(found - found.max(axis=1, keepdims=True))
        found /= found.sum(axis=1, keepdims=True)
    return found
