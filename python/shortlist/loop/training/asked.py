"""Fitted models, asked about rows: what they answer is checked,
and put in the order of the classes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from shortlist.disk import one_line
from shortlist.loop.errors import LoopError
from shortlist.loop.training.calibration import warmed
from shortlist.loop.training.checking import checked
from shortlist.loop.training.estimators import NAMED

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

    from shortlist.loop.training.estimators import Block


class Members:
    """The models of a committee, or one alone, at their temperature: the mean of what they say.

    Parameters
    ----------
    models : sequence of Asked
    classes : sequence of str
        In the order of the columns.
    logits : bool
        Whether they answer with logits.
    temperature : float
        What the logits are divided by.
    """

    def __init__(self, models: Sequence[Asked], classes: Sequence[str], logits: bool, temperature: float) -> None:
        self.models, self.classes, self.logits, self.temperature = models, classes, logits, temperature

    @classmethod
    def of(cls, kept: Mapping[str, Any]) -> Members:
        """Return those of a model's file."""
        pairs = zip(kept["models"], kept["estimators"], strict=True)
        models = [asker_of(model, name, kept["classes"]) for model, name in pairs]
        return cls(models, kept["classes"], kept["returns"] == "logits", kept["temperature"])

    @property
    def sees_rows(self) -> bool:
        """Whether one of them is given rows as the pool holds them, and not their features."""
        return any(model.name not in NAMED for model in self.models)

    def answers(
        self,
        block: Block,
        name_of: Callable[[int], str],
        each: Callable[[int, NDArray[np.float32]], object] | None = None,
    ) -> NDArray[np.float32]:
        """Return what they say of a block of rows; `each` is called with the number of a
        model and its own answers.
        """
        total = np.zeros((block.rows, len(self.classes)))
        for number, model in enumerate(self.models):
            said = checked(model(block), block.rows, self.classes, name_of, logits=self.logits)
            if not self.logits:
                said = warmed(said, self.temperature).astype(np.float32)
            total += said
            if each is not None:
                each(number, said)
        return (total / len(self.models)).astype(np.float32)


def asker_of(model: Any, name: str, classes: Sequence[str]) -> Asked:
    """Return what asks a fitted model, known by a name or of the user's own:
    rows to answers in the order of the classes.
    """
    if not hasattr(model, "predict_proba"):
        if not callable(model):
            raise LoopError(
                f"fit returned a {type(model).__name__}; accepted is a classifier with predict_proba, or a function of X"
            )
        return Asked(model, name, None, len(classes))
    known = [int(each) if name in NAMED else str(each) for each in model.classes_]
    places = known if name in NAMED else [_place(each, classes) for each in known]
    return Asked(model.predict_proba, name, places, len(classes), model)


class Asked:
    """A fitted model: called with a block of rows it answers, not checked yet.

    Parameters
    ----------
    ask : callable
        Answers for what the model is given of rows.
    name : str
        The name of the estimator.
    places : list of int or None
        The class of each column of the answers; None where they are in order.
    classes : int
        How many there are.
    model : estimator, optional
        What is kept of it.
    """

    def __init__(self, ask: Callable[[Any], Any], name: str, places: Any, classes: int, model: Any = None) -> None:
        self._ask, self.name, self._places, self._classes = ask, name, places, classes
        self.model = model

    def __call__(self, block: Block) -> NDArray[Any]:
        """Return what it answers."""
        try:
            answer = np.asarray(self._ask(block.input(self.name)))
        except Exception as error:  # whatever a model of the user's does
            raise LoopError(f"the model cannot answer for the rows of the pool ({one_line(error)})") from error
        if self._places is None or answer.ndim != 2 or answer.shape[1] != len(self._places):
            return answer
        found = np.zeros((len(answer), self._classes))
        found[:, self._places] = answer
        return found


def _place(label: Any, classes: Sequence[str]) -> int:
    if label not in classes:
        raise LoopError(f"the model has the class {label!r}, which is none of {', '.join(classes)}")
    return list(classes).index(label)
