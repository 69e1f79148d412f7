"""What the core is told of a model: enough to bound its scores."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Protocol

import numpy as np

from shortlist import _core

if TYPE_CHECKING:
    from numpy.typing import NDArray

Link = Literal["softmax", "logistic", "one_versus_rest"]
Outcome = Literal["mean", "softmax", "logistic"]
Tree = tuple[
    "NDArray[np.int64]", "NDArray[np.int64]", "NDArray[np.int64]", "NDArray[np.float64]", "NDArray[np.float64]"
]
"""Left and right children, features, thresholds and values of its nodes, one after the other."""


class Bounds(Protocol):
    """What is known of a model."""

    @property
    def features(self) -> int:
        """How many features it takes."""

    @property
    def sparse(self) -> bool:
        """Whether compressed rows can be read."""

    def model(self, dtype: np.dtype[Any]) -> _core.LinearModel | _core.TreeModel:
        """Return what the core computes with, for features of that type."""


@dataclass(frozen=True)
class Linear:
    """A linear model: ``logits = X @ weights.T + intercepts``.

    Parameters
    ----------
    weights : ndarray of float64, shape (classes, features)
        One row where `link` is ``"logistic"``.
    intercepts : ndarray of float64, shape (classes,)
    link : {"softmax", "logistic", "one_versus_rest"}
        How logits become probabilities: together; of the second of two classes; or each, divided by their sum.
    dtype : dtype
        What the model multiplies its features by, which says how it rounds.
    hidden : float, default=0.0
        The size of numbers that cancel inside the intercepts, such as means that were subtracted.
    scaled : bool, default=False
        Whether features are scaled first, and rounded to their own type there.
    """

    weights: NDArray[np.float64]
    intercepts: NDArray[np.float64]
    link: Link
    dtype: np.dtype[Any]
    hidden: float = 0.0
    scaled: bool = False

    sparse = True

    @property
    def features(self) -> int:
        """How many features it takes."""
        return int(self.weights.shape[1])

    def model(self, dtype: np.dtype[Any]) -> _core.LinearModel:
        """Return what the core computes with, for features of that type."""
        # The model multiplies in the wider of the two types, and rounds there.
        rounded = dtype if self.scaled else np.result_type(self.dtype, dtype)
        unit = float(np.finfo(rounded).eps) / 2
        return _core.LinearModel(self.weights, self.intercepts, link=self.link, hidden=self.hidden, own_unit=unit)


@dataclass(frozen=True)
class Trees:
    """Trees whose leaves are added up.

    Parameters
    ----------
    trees : list of Tree
    features : int
    base : ndarray of float64, shape (classes,)
        What all rows start from; one number where `outcome` is ``"logistic"``.
    outcome : {"mean", "softmax", "logistic"}
        Probabilities, to be divided by the number of trees; logits of all classes in turn; of the second of two.
    double : bool, default=False
        Whether features are compared in float64 where they come so.
    """

    trees: list[Tree]
    features: int
    base: NDArray[np.float64]
    outcome: Outcome
    double: bool = False

    sparse = False

    def model(self, dtype: np.dtype[Any]) -> _core.TreeModel:
        """Return what the core computes with, for features of that type."""
        single = not (self.double and dtype == np.float64)
        return _core.TreeModel(self.trees, self.features, self.base, outcome=self.outcome, single=single)
